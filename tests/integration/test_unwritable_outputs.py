"""Verbs that take minutes say at once that there is no writing into the folder of their outputs."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from paraisite.active_learning.criteria import Criteria
from paraisite.active_learning.replay import ReplayOptions
from paraisite.data.sources.own_records import ImportOptions
from paraisite.training.recipes import ACCURATE, TOGO15
from paraisite.tuning.study_options import SearchOptions
from paraisite.workflows import (
    backbones,
    build_labels,
    check,
    compare,
    cross_validate,
    describe_data,
    evaluate,
    figure,
    fit,
    import_data,
    overlap,
    prepare,
    pretrain,
    replay,
    report,
    select,
    statistics,
    train,
    transfer,
    tune,
)

VERBS: dict[str, Callable[[], object]] = {
    "backbones": lambda: backbones.compare_backbones(TOGO15),
    "build-labels lab": build_labels.build_labels,
    "build-labels kappa": build_labels.build_kappa,
    "check formation_energy": check.check_formation_energies,
    "check kappa": check.check_kappa,
    "check refined": check.check_refined,
    "check textbook": check.check_textbook,
    "compare": compare.compare_models,
    "cross-validate": cross_validate.cross_validate,
    "data describe": lambda: describe_data.describe_dataset(TOGO15),
    "data import": lambda: import_data.import_dataset("mine", Path(), ImportOptions(source="mine"), replace=False),
    "evaluate": lambda: evaluate.evaluate_models("honest", TOGO15),
    "figure": lambda: figure.draw_figure("parity", [], dataset=TOGO15),
    "fit": lambda: fit.fit_processes(ACCURATE),
    "overlap": lambda: overlap.report_overlap(None, TOGO15),
    "prepare": lambda: prepare.prepare_dataset(TOGO15),
    "pretrain": lambda: pretrain.pretrain_network("formation_energy"),
    "replay": lambda: replay.replay_selection(ReplayOptions(), n_process=1, output=None),
    "report": report.write_report,
    "select": lambda: select.select_candidates(Path("screening"), "table.csv", Criteria(), output=None),
    "statistics": lambda: statistics.correlate_source("slack", n_process=1, chunk_size=1),
    "statistics --table": lambda: statistics.correlate_tables([Path("table.csv")], quantities=[]),
    "train": lambda: train.train_recipe("RWTG15", overrides={}),
    "transfer": lambda: transfer.measure_transfer(ACCURATE),
    "tune": lambda: tune.tune_recipe("RWTG15", SearchOptions(protocol="honest", n_trial=1, n_process=1)),
}


@pytest.mark.parametrize("verb", VERBS)
def test_no_input_is_read_where_the_outputs_cannot_be_written(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folders would; no input is here, so that a verb that looks for one first says so."""
    shutil.copy("params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("build", "external"):
        (tmp_path / name).touch()
    with pytest.raises(NotADirectoryError):
        VERBS[verb]()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build", "external", "params.yaml"]
