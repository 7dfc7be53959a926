"""Candidates of a screening, from its folder to tables, structures and figures."""

import contextlib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from pymatgen.core.structure import Structure

from paraisite.active_learning.criteria import CIF, KNOWN_KAPPA, NEAREST_FORMULA, Criteria
from paraisite.active_learning.diversity import Diversity
from paraisite.active_learning.element_values import ElementValues
from paraisite.active_learning.filters import Filters
from paraisite.active_learning.replay import ReplayOptions
from paraisite.artifacts import candidate_lists, known_materials, screenings
from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.core.files import write_whole
from paraisite.data.datasets.accurate import join_labels, mark_labels
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.models.tabular import fit_line
from paraisite.schema import FORMULA, MATERIAL_ID
from paraisite.training.recipes import KAPPA_TIER, TOGO15
from paraisite.workflows import replay, screen, select
from tests.active_learning import screenings as screenings_of_tests
from tests.active_learning.screenings import NAMES, ShortBondScorer, crystals, screened_table
from tests.screening.test_run import HereWorkers

pytestmark = pytest.mark.usefixtures("own_store")
ALL_ROWS = Diversity(min_distance=0.0)


@pytest.fixture(autouse=True)
def _known_materials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Know Togo15's materials and the first labels only: reading all takes seconds."""
    known, labels = (load_data(name, load_config()) for name in (TOGO15, KAPPA_TIER))
    rows = join_labels(known, labels.take(np.arange(20)))
    monkeypatch.setattr(known_materials, "load_training_rows", lambda _config: rows)


def choose(folder: Path, criteria: Criteria) -> Path:
    target = folder / "chosen"
    screened = screened_table(folder, {"gap": [1.0, 5.0, 7.0, 1.4, 5.0, 9.0, 6.0]})
    select.select_candidates(screened.folder, str(folder / "crystals.parquet"), criteria, output=target)
    return target


def test_lists_come_with_structures_and_a_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prices = ElementValues({"price": {"K": 10.0, "F": 2.0}})
    target = choose(tmp_path, Criteria(Filters(elements=prices), ALL_ROWS, n_row=6, n_next=3, by="uncertainty"))
    rows = pd.read_csv(target / candidate_lists.CANDIDATES_FILE)
    assert list(rows[MATERIAL_ID]) == ["KF", "NaCl", "GaAs", "Si", "MgO"]
    assert Structure.from_file(target / "structures" / rows[CIF][1]).matches(crystals()[1])
    assert {file.suffix for file in (target / "figures").iterdir()} >= {".svg", ".png"}
    assert rows["price_highest"].tolist()[0] == 10.0, "the value of its dearest element"
    assert rows["price_highest"].isna().tolist() == [False, True, True, True, True]
    assert rows.set_index(FORMULA).loc["MgO", KNOWN_KAPPA] == pytest.approx(66.069)
    assert set(rows[NEAREST_FORMULA]) == {"BaO"}, "of mp-1342"
    assert list(pd.read_csv(target / candidate_lists.NEXT_FILE)[FORMULA]) == ["Si"], "Togo15 holds all others"
    assert "1 same formula and space group" in " ".join(capsys.readouterr().out.split())


def test_the_nearest_material_may_be_a_label_of_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its formula was looked for among accurate rows, and the column was empty."""
    training = known_materials.load_training_rows(load_config())
    label = training.table[mark_labels(training)].iloc[0]
    monkeypatch.setattr(screenings_of_tests, "NEAREST_ID", label[MATERIAL_ID])
    rows = pd.read_csv(choose(tmp_path, Criteria(diversity=ALL_ROWS)) / candidate_lists.CANDIDATES_FILE)
    assert set(rows[NEAREST_FORMULA]) == {label[FORMULA]}
    assert rows.set_index(FORMULA).loc["MgO", KNOWN_KAPPA] == pytest.approx(66.069), "of Togo15, as before"


@pytest.mark.parametrize("folder", ["screened", "build/screen/mine-gp"])
def test_a_screening_of_a_folder_says_what_was_screened(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "find_predictor", lambda name: name)
    monkeypatch.setattr(screen, "PredictorScorer", lambda _predictor: ShortBondScorer())
    monkeypatch.setattr(screen, "LocalWorkers", lambda scorer, n_process: HereWorkers(scorer))
    structures = tmp_path / "my-structures"
    structures.mkdir()
    for name, crystal in zip(NAMES, crystals(), strict=True):
        crystal.to(str(structures / f"{name}.cif"), fmt="cif")
    output = tmp_path / folder
    with contextlib.chdir(tmp_path):
        screen.screen_source("my-structures", "gp", output=output, n_process=1, chunk_size=3, scheduler=None)
    select.select_candidates(output, None, Criteria(diversity=ALL_ROWS), output=tmp_path / "chosen")
    assert "KF" in list(pd.read_csv(tmp_path / "chosen" / candidate_lists.CANDIDATES_FILE)[FORMULA])
    with pytest.raises(DataError, match="no screening of this source"):
        select.select_candidates(output, str(tmp_path / "chosen" / "structures"), Criteria(), output=tmp_path)


def test_what_else_lies_in_the_folder_is_not_logged_and_an_old_list_goes(tmp_path: Path) -> None:
    write_whole(tmp_path / "chosen" / "thesis.txt", b"mine")
    choose(tmp_path, Criteria(diversity=ALL_ROWS, n_next=2))
    assert (tmp_path / "chosen" / candidate_lists.NEXT_FILE).exists()
    choose(tmp_path, Criteria(diversity=ALL_ROWS))
    assert not (tmp_path / "chosen" / candidate_lists.NEXT_FILE).exists(), "of the selection before"
    client = MlflowClient()
    runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
    logged = [{each.path for each in client.list_artifacts(run.info.run_id)} for run in runs]
    assert all(candidate_lists.CANDIDATES_FILE in paths and "thesis.txt" not in paths for paths in logged)
    assert (tmp_path / "chosen" / "thesis.txt").read_text() == "mine"


def test_stability_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--stable needs a column 'energy_above_hull'"):
        choose(tmp_path, Criteria(stable_ev_per_atom=0.0))


def test_without_a_screening_the_message_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screenings, "SCREENINGS", tmp_path)
    with pytest.raises(MissingInputError, match="no complete screening below"):
        screenings.last_screening()


def test_a_replay_leaves_tables_and_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "fit_gaussian_process", fit_line)
    options = ReplayOptions(n_start=2, n_first=20, batch=10, n_label=40)
    replay.replay_selection(options, n_process=1, output=tmp_path)
    assert len(pd.read_csv(tmp_path / candidate_lists.REPLAY_FILE)) == 4 * 2 * 3
    assert (tmp_path / "figures" / "replay_regret_dex.svg").exists()
