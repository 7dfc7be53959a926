"""One source, screened with every final model; the screening and the trainings themselves are replaced."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from paraisite.active_learning import refined_candidates
from paraisite.cli import app
from paraisite.data.structure_columns import append_structure_columns
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.inference.refiner import RefiningOptions
from paraisite.labels import known_failures, potential
from paraisite.reports import screened_candidates
from paraisite.screening.condition import SELECTED_FILE
from paraisite.screening.output import Summary
from paraisite.screening.score import table_schema
from paraisite.screening.side_by_side import TableProvenance
from paraisite.workflows import fit, screen, train
from tests.active_learning.screenings import NAMES, ShortBondScorer, crystals
from tests.active_learning.test_refined_candidates import HerePool
from tests.inference.refiners import made_up_refiner
from tests.pipeline import params_text
from tests.screening.materials import write_json_lines
from tests.screening.test_run import HereWorkers

FINAL = ["RWTG15", "LFETG15", "RWLABTG15", "FELABTG15", "GPACCURATE"]


@pytest.fixture
def predictors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Work in a folder with a source; return the digests of the predictors that are here, by name."""
    here = dict.fromkeys(FINAL, "first")
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    write_json_lines(tmp_path / "rows.jsonl", 4)
    monkeypatch.chdir(tmp_path)

    def find(name: str) -> Any:
        if name not in here:
            raise MissingInputError(f"{name} is nowhere")
        return SimpleNamespace(digest=f"{name} {here[name]}")

    def write_screening(_source: object, _scorer: object, *, output: Any, **_options: Any) -> Summary:
        columns = ("mTC_w_per_m_k", "var_pTC_w2_per_m2_k2", "log10_std_pTC_dex")
        table = pa.table(
            {"material_id": ["a"], "formula": ["Si"], **{name: [1.0] for name in columns}, "reason": [None]}
        )
        output.folder.mkdir(parents=True)
        pq.write_table(table.cast(table.schema.set(5, pa.field("reason", pa.string()))), output.folder / "part.parquet")
        return Summary(1, 1)

    monkeypatch.setattr(screen, "find_predictor", find)
    monkeypatch.setattr(screen, "PredictorScorer", lambda predictor: predictor)
    monkeypatch.setattr(screen, "screen", write_screening)
    monkeypatch.setattr(train, "train_predictor", lambda name: here.update({name: "trained"}))
    monkeypatch.setattr(fit, "fit_processes", lambda dataset: here.update({"GPACCURATE": f"fitted on {dataset}"}))
    return here


def test_the_best_candidates_are_refined_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In any folder: neither settings nor data of a project are there."""
    monkeypatch.chdir(tmp_path)
    refiner = made_up_refiner(tmp_path / "kept", monkeypatch)
    monkeypatch.setattr(screen, "find_predictor", lambda name: name)
    monkeypatch.setattr(screen, "PredictorScorer", lambda _predictor: ShortBondScorer())
    monkeypatch.setattr(screen, "LocalWorkers", lambda scorer, n_process: HereWorkers(scorer))
    monkeypatch.setattr(screened_candidates, "build_refiner", lambda _predictor, **_: refiner)
    monkeypatch.setattr(refined_candidates, "WorkerPool", HerePool)
    table = pa.table({"material_id": NAMES})
    pq.write_table(append_structure_columns(table, crystals()), tmp_path / "crystals.parquet")
    options: dict[str, Any] = {"output": tmp_path / "out", "n_process": 1, "chunk_size": 3, "scheduler": None}
    with pytest.raises(ConfigError, match="nobody is asked"):
        screen.screen_source("crystals.parquet", "gp", **options, n_refined=2)
    assert not (tmp_path / "out").exists(), "it is said before hours of screening"
    agreed = RefiningOptions(is_confirmed=True)
    with monkeypatch.context() as bare:
        bare.setattr(potential, "find_spec", lambda name: None if name == "phono3py" else name)
        with pytest.raises(MissingInputError, match=r"\[refine\].*no package phono3py"):
            screen.screen_source("crystals.parquet", "gp", **options, n_refined=2, refining=agreed)
    assert not (tmp_path / "out").exists(), "it is said before hours of screening"
    monkeypatch.setattr(potential, "find_spec", lambda name: name)
    screen.screen_source("crystals.parquet", "gp", **options, n_refined=2, refining=agreed)
    refined = pd.read_csv(tmp_path / "out" / screened_candidates.REFINED_FILE)
    assert refined["material_id"].tolist() == ["KF", "NaCl"], "those of the lowest upper end"
    assert (refined["refined_kappa_w_per_m_k"] > 0).all()
    assert len(pd.read_parquet(tmp_path / "out")) == len(NAMES), "the folder is a data set as before"
    assert "refined" in capsys.readouterr().out
    with monkeypatch.context() as with_failure:
        failing = {refiner.store.potential: frozenset({"KF"})}
        with_failure.setattr(known_failures, "KNOWN_FAILURES", failing)
        screen.screen_source("crystals.parquet", "gp", **options, n_refined=2, refining=agreed)
    shown = " ".join(capsys.readouterr().out.split())
    assert shown.count("not refined:") == 1, "a refusal hides no other candidate's value"
    assert "is known to fail for KF" in shown


def test_rows_that_meet_a_condition_are_written_as_text_and_a_bad_condition_costs_no_screening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "find_predictor", lambda name: name)
    monkeypatch.setattr(screen, "PredictorScorer", lambda _predictor: ShortBondScorer())
    monkeypatch.setattr(screen, "LocalWorkers", lambda scorer, n_process: HereWorkers(scorer))
    table = pa.table({"material_id": [f"=HYPERLINK({name})" for name in NAMES]})
    source, output = tmp_path / "crystals.parquet", tmp_path / "out"
    pq.write_table(append_structure_columns(table, crystals()), source)
    options: dict[str, Any] = {"output": output, "n_process": 1, "chunk_size": 3, "scheduler": None}
    for condition in ("upper_90 < 'low'", "upper_95 < 2", "upper_90 +"):
        with pytest.raises(ConfigError, match="upper_9"):
            screen.screen_source(str(source), "gp", **options, where=condition)
        assert not output.exists(), "it is said before hours of screening"
    screen.screen_source(str(source), "gp", **options, where="predicted_kappa > 1 and reason == 'none'")
    assert pd.read_csv(output / SELECTED_FILE).empty
    screen.screen_source(str(source), "gp", **options, where="predicted_kappa > 20")
    selected, rows = pd.read_csv(output / SELECTED_FILE), pd.read_parquet(output)
    expected = rows[rows["predicted_kappa_w_per_m_k"] > 20]
    assert len(rows) == len(NAMES) > len(expected)
    assert len(set(expected["row"] // options["chunk_size"])) > 1, "rows of several chunks"
    assert selected["material_id"].tolist() == [f"'{name}" for name in expected["material_id"]]
    assert selected["predicted_kappa_w_per_m_k"].tolist() == expected["predicted_kappa_w_per_m_k"].tolist()


def test_a_condition_is_answered_where_nothing_has_a_prediction_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(screen, "find_predictor", lambda name: name)
    monkeypatch.setattr(screen, "PredictorScorer", lambda _predictor: ShortBondScorer())
    monkeypatch.setattr(screen, "LocalWorkers", lambda scorer, n_process: HereWorkers(scorer))
    options: dict[str, Any] = {"n_process": 1, "chunk_size": 3, "scheduler": None, "where": "reason != ''"}
    for content, n_selected in (('{"id": "a"}\n\n{"id": "b"}\n', 2), ("\n", 0)):
        source, output = tmp_path / f"{n_selected}.jsonl", tmp_path / f"out{n_selected}"
        source.write_text(content)
        assert not screen.screen_source(str(source), "gp", output=output, **options)
        assert len(pd.read_csv(output / SELECTED_FILE)) == n_selected
        rows = pd.read_parquet(output)
        assert rows["material_id"].tolist() == ["a", "b"][:n_selected]
        assert list(rows) == table_schema(ShortBondScorer()).names
    assert "column reason says why" in caplog.text
    assert "0.jsonl holds no rows" in caplog.text


def test_a_folder_is_not_screened_into_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its plan and summary would be crystals that cannot be read, and no screening of it could be resumed."""
    monkeypatch.setattr(screen, "find_predictor", lambda name: name)
    monkeypatch.setattr(screen, "PredictorScorer", lambda _predictor: ShortBondScorer())
    crystals()[0].to(str(tmp_path / "one.cif"))
    with pytest.raises(ConfigError, match="is the source itself"):
        screen.screen_source(str(tmp_path), "gp", output=tmp_path, n_process=1, chunk_size=3, scheduler=None)
    assert [path.name for path in tmp_path.iterdir()] == ["one.cif"]


def test_a_screening_without_any_prediction_is_a_failure(
    predictors: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screen, "screen", lambda *_, **__: Summary(n_row=3, n_scored=0))
    found = CliRunner().invoke(app, ["screen", "rows.jsonl", "--model", "RWTG15"])
    assert found.exit_code == 1
    assert "0 of 3 structures have a prediction" in found.output
    monkeypatch.setattr(screen, "screen", lambda *_, **__: Summary(n_row=3, n_scored=1))
    assert CliRunner().invoke(app, ["screen", "rows.jsonl", "--model", "RWTG15"]).exit_code == 0


def screen_rows() -> TableProvenance:
    path = screen.screen_with_all_models("rows.jsonl", output=None, n_process=1, chunk_size=8)
    assert path == Path("build/screen/rows.jsonl-all.parquet")
    assert not list(Path("build/checkpoints/screen").iterdir())
    return TableProvenance.read(path)


def test_a_table_of_all_models_without_any_prediction_is_a_failure(
    predictors: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CliRunner().invoke(app, ["screen", "rows.jsonl", "--model", "all"]).exit_code == 0
    path = Path("build/screen/rows.jsonl-all.parquet")
    table = pq.read_table(path)
    place = table.column_names.index("reason")
    pq.write_table(table.set_column(place, "reason", pa.array(["no graph"])), path)
    monkeypatch.setattr(screen, "screen_with_all_models", lambda *_, **__: path)
    assert CliRunner().invoke(app, ["screen", "rows.jsonl", "--model", "all"]).exit_code == 1


def test_all_final_models_are_in_the_table(predictors: dict[str, str]) -> None:
    assert list(screen_rows().model_sha256) == FINAL
    table = pq.read_table("build/screen/rows.jsonl-all.parquet")
    assert {f"{name}:mTC_w_per_m_k" for name in FINAL} <= set(table.column_names)


def test_a_model_without_predictor_is_trained_first(
    predictors: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    del predictors["RWTG15"], predictors["GPACCURATE"]
    provenance = screen_rows().model_sha256
    assert (provenance["RWTG15"], provenance["GPACCURATE"]) == ("RWTG15 trained", "GPACCURATE fitted on accurate")
    assert "RWTG15 has no predictor here, so it is trained first" in caplog.text


def test_a_model_that_cannot_be_trained_is_left_out(
    predictors: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(name: str) -> None:
        raise MissingInputError(f"no start of {name}")

    monkeypatch.setattr(train, "train_predictor", fail)
    monkeypatch.setattr(fit, "fit_processes", fail)
    del predictors["LFETG15"]
    assert list(screen_rows().model_sha256) == [name for name in FINAL if name != "LFETG15"]
    assert "LFETG15 is left out: no start of LFETG15" in caplog.text
    predictors.clear()
    Path("build/screen/rows.jsonl-all.parquet").unlink()
    with pytest.raises(MissingInputError, match="no final model of the lineage"):
        screen_rows()


def test_another_file_is_never_written_over(predictors: dict[str, str], caplog: pytest.LogCaptureFixture) -> None:
    """Hours later a table of anything, the source itself even, was gone."""
    options: dict[str, Any] = {"n_process": 1, "chunk_size": 8}
    for name in ("rows.jsonl", "mine.parquet"):
        pd.DataFrame({"mine": [1]}).to_parquet("mine.parquet")
        before = Path(name).read_bytes()
        with pytest.raises(DataError, match=f"{name} holds no models side by side"):
            screen.screen_with_all_models("rows.jsonl", output=Path(name), **options)
        assert Path(name).read_bytes() == before
    screen.screen_with_all_models("rows.jsonl", output=Path("all.parquet"), **options)
    screen_rows()
    write_json_lines(Path("rows.jsonl"), 5)
    with pytest.raises(DataError, match=r"all.parquet is of another source"):
        screen.screen_with_all_models("rows.jsonl", output=Path("all.parquet"), **options)
    caplog.clear()
    screen_rows()
    assert "is of another source, or of this one before it changed: it is made anew" in caplog.text


def test_a_table_is_made_anew_only_where_source_or_a_model_has_changed(
    predictors: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    screen_rows()
    screened: list[str] = []
    write = screen.screen

    def count(source: object, scorer: Any, **options: Any) -> Summary:
        screened.append(scorer.digest)
        return write(source, scorer, **options)

    monkeypatch.setattr(screen, "screen", count)
    predictors["RWTG15"] = "second"
    assert screen_rows().model_sha256 == {name: f"{name} {predictors[name]}" for name in FINAL}
    assert screened == ["RWTG15 second"]
    table = pq.read_table("build/screen/rows.jsonl-all.parquet")
    assert {f"{name}:mTC_w_per_m_k" for name in FINAL} <= set(table.column_names)
    write_json_lines(Path("rows.jsonl"), 5)
    again = screen_rows()
    # In a fresh clone the table is there and the predictors are not.
    predictors.clear()
    monkeypatch.setattr(screen, "screen", None)
    assert screen_rows() == again
