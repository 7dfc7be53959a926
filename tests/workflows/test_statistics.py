"""The statistics as a user gets them: of a table, and of a source that was screened."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from scipy import stats

from paraisite.core.row_format import RowFormat, tables_as
from paraisite.errors import DataError, MissingInputError
from paraisite.workflows import statistics
from tests.analysis.planted_correlations import MODELS, planted_table
from tests.pipeline import params_text
from tests.screening.materials import write_json_lines


@pytest.fixture
def folder(tmp_path: Path, own_store: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_table_of_ones_own_agrees_with_scipy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(3)
    table = pd.DataFrame(
        {"mine": random.lognormal(size=25), "gap": random.normal(size=25), "z": random.normal(size=25)}
    )
    table.to_csv("mine.csv", index=False)
    statistics.correlate_tables([Path("mine.csv")], quantities=["mine"])
    found = pd.read_csv("build/statistics_mine/result/correlations.csv").set_index("descriptor")
    for name in ("gap", "z"):
        expected = stats.pearsonr(table["mine"], table[name])
        assert found.loc[name, "pearson_r"] == pytest.approx(expected.statistic, rel=1e-6)
        assert found.loc[name, "p"] == pytest.approx(expected.pvalue, rel=1e-6)
    assert (folder / "build/statistics_mine/figures/heat_map.svg").exists()
    assert (folder / "build/statistics_mine/figures/heat_map.csv").exists()
    assert "statistics_mine" in capsys.readouterr().out


def test_programs_get_correlations_as_numbers(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(3)
    table = pd.DataFrame({"mine": random.lognormal(size=25), "gap": random.normal(size=25)})
    table.to_csv(folder / "mine.csv", index=False)
    with tables_as(RowFormat.JSON):
        statistics.correlate_tables([folder / "mine.csv"], quantities=["mine"])
    (row,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert row["descriptor"] == "gap"
    assert row["highest"] == pytest.approx(stats.pearsonr(table["mine"], table["gap"]).statistic, rel=1e-6)


def test_a_source_is_correlated_with_its_structures_and_its_own_numbers(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_json_lines(folder / "rows.jsonl", 12)
    lines = source.read_text().splitlines()
    source.write_text("".join(f'{line[:-1]}, "band_gap": {row}.5}}\n' for row, line in enumerate(lines)))
    predicted = planted_table(12).drop(columns=["density", "weight", "radius", "constant", "noise"])
    predicted.to_parquet("predicted.parquet")
    monkeypatch.setattr(statistics, "screen_with_all_models", lambda *_, **__: Path("predicted.parquet"))
    statistics.correlate_source("rows.jsonl", n_process=1, chunk_size=8)
    table = pd.read_csv("build/statistics_rows.jsonl/result/correlations.csv")
    assert set(table["model"]) == set(MODELS)
    assert {"band_gap", "density", "spacegroup_number", "electronegativity_range"} <= set(table["descriptor"])
    assert (table["n"] == 12).all()
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.run_name == "statistics rows.jsonl"
    assert "RWTG15 median var_pTC_w2_per_m2_k2" in run.data.metrics
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"figures", "result"}


def test_a_file_that_is_absent_or_no_table_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(MissingInputError, match=r"absent.csv not found"):
        statistics.correlate_tables([Path("absent.csv")], quantities=[])
    Path("bad.parquet").write_text("no parquet")
    with pytest.raises(DataError, match="no readable CSV or parquet"):
        statistics.correlate_tables([Path("bad.parquet")], quantities=[])
