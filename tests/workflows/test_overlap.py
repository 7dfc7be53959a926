"""The overlap report as a user gets it: two tables, a figure, a run; and clear words where something is missing."""

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from paraisite.errors import DataError
from paraisite.workflows import overlap
from tests.pipeline import params_text
from tests.synthetic_result import make_dataset

FACTOR_OF_MODEL = {"near": 1.1, "far": 2.0}


@pytest.fixture
def folder(tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with two imported data sets of rock salts, 25 formulas each."""
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    for name, n_row in (("first", 5), ("second", 40)):
        make_dataset(name, n_row=n_row).save(tmp_path / "external" / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")  # a terminal wide enough for the table
    return tmp_path


def write_estimates(folder: Path, protocol: str) -> None:
    """Write two models' predictions for ten test rows of each of three splits; of five rows three share a formula."""
    table = make_dataset("second", n_row=40).table
    parts = []
    for model, factor in FACTOR_OF_MODEL.items():
        for seed in (1, 2, 3):
            rows = table.iloc[np.arange(seed, seed + 30, 3)]
            kappa = rows["kappa_w_per_m_k"]
            columns = {"model": model, "split_seed": seed, "material_id": rows["material_id"], "kappa_w_per_m_k": kappa}
            parts.append(pd.DataFrame(columns | {"predicted_kappa_w_per_m_k": factor * kappa}))
    result = folder / "build" / f"evaluate_{protocol}_second" / "result"
    result.mkdir(parents=True)
    pd.concat(parts).to_csv(result / "estimates.csv.gz", index=False)


def test_a_report_leaves_tables_a_figure_and_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_estimates(folder, "honest")
    write_estimates(folder, "grouped")
    overlap.report_overlap("first", "second")

    result = folder / "build" / "overlap_first_second"
    table = pd.read_csv(result / "table.csv", keep_default_na=False)
    counts = table[table["measured"] == ""].set_index(["tested", "against", "relation"])["n_row"].astype(int)
    # The first five formulas, each of which the second data set holds twice, as scaled copies.
    assert counts["second", "first", "same structure"] == 10
    assert counts["second", "itself", "same structure"] == 30
    assert counts["first", "itself", "nothing shared"] == 5
    measured = table[(table["measured"] == "honest") & (table["model"] == "far") & (table["against"] == "first")]
    assert set(measured["n_total"].astype(int)) == {30}
    assert all(float(mape) == pytest.approx(1.0) for mape in measured["mape"] if mape)
    assert "the same materials, grouped" in set(table["beside"])

    rows = pd.read_csv(result / "rows.csv.gz")
    between = rows[(rows["dataset"] == "second") & (rows["other_dataset"] == "first")]
    assert sorted(between["material_id"]) == sorted(f"second-{row:04d}" for row in (*range(5), *range(25, 30)))
    text = (result / "table.md").read_text()
    assert "0.100 (near)" in text
    assert "(far)" not in text  # the best models alone; table.csv holds all
    assert "same structure: 10 of 40 (25%)" in text
    assert (result / "figures" / "shares_and_errors.svg").exists()
    printed = " ".join(capsys.readouterr().out.split())
    assert "structure:" in printed
    assert "…" not in printed, "nothing is cut off in a terminal of 80 columns"

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "overlap first second"
    assert run.data.metrics["second beside first - same structure"] == 10
    assert sorted(item.dataset.name for item in run.inputs.dataset_inputs) == ["first", "second"]
    assert {"table.md", "rows.csv.gz", "figures"} <= {item.path for item in client.list_artifacts(run.info.run_id)}


def test_without_an_evaluation_the_counts_are_told_and_how_to_get_errors(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    overlap.report_overlap("first", "second")
    assert "no errors on second were measured here" in caplog.text
    assert "python -m paraisite evaluate honest --dataset second" in caplog.text
    assert "10 of 40 (25%)" in (folder / "build" / "overlap_first_second" / "table.md").read_text()


def test_an_unknown_name_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(DataError, match="unknown data set 'third'; known ones are togo15"):
        overlap.report_overlap("third", "second")


def test_estimates_of_another_version_are_refused(folder: Path) -> None:
    write_estimates(folder, "honest")
    make_dataset("second", n_row=20).save(folder / "external" / "second")
    with pytest.raises(DataError, match="was tested, but is not in second"):
        overlap.report_overlap("first", "second")


def test_the_lineages_earlier_stages_are_those_before_the_tested_data() -> None:
    from paraisite.config import load_config

    config = load_config()
    assert overlap._training_sets(None, "togo15", config) == ("slack",)
    assert overlap._training_sets("aflow", "hh143", config) == ("aflow",)


def test_no_test_row_shares_a_formula_with_training_rows_where_splits_are_of_formulas(folder: Path) -> None:
    """Rows that were selected by their label are left out of the training where their formula is tested."""
    dataset = make_dataset("second", n_row=40)
    selected = np.arange(40) >= 31
    chosen = dataclasses.replace(dataset, table=dataset.table.assign(selected_by_label=selected))
    chosen.save(folder / "external" / "second")
    write_estimates(folder, "honest")
    overlap.report_overlap("first", "second")
    table = pd.read_csv(folder / "build" / "overlap_first_second" / "table.csv", keep_default_na=False)
    trained = table[(table["against"] == "its training rows") & (table["measured"] == "honest")]
    assert trained.groupby("relation")["n_row"].sum().to_dict() == {
        "nothing shared": 60,
        "polymorph": 0,
        "same structure": 0,
    }
