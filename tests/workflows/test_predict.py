"""Refined predictions on the command line: the cost first, then both values."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from paraisite.artifacts import refiners
from paraisite.core.row_format import RowFormat
from paraisite.errors import ConfigError, MissingInputError
from paraisite.inference.refiner import Refiner, RefiningOptions
from paraisite.workflows import predict
from tests.graphs.crystals import rocksalt
from tests.inference.refiners import made_up_refiner

AGREED = RefiningOptions(is_confirmed=True)


@pytest.fixture
def refiner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refiner:
    made_up = made_up_refiner(tmp_path / "kept", monkeypatch)
    monkeypatch.setattr(predict, "find_predictor", lambda _model: made_up.predictor)
    monkeypatch.setattr(refiners, "build_refiner", lambda _predictor, **_: made_up)
    return made_up


@pytest.fixture
def crystal(tmp_path: Path) -> Path:
    path = tmp_path / "NaCl.cif"
    rocksalt().to(str(path))
    return path


@pytest.mark.usefixtures("refiner")
def test_the_cost_is_shown_and_both_values(crystal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert predict.predict_files([crystal], "tiny", row_format=RowFormat.JSON, refining=AGREED)
    printed = capsys.readouterr()
    row = json.loads(printed.out)
    assert row["value"] != row["refined_kappa_w_per_m_k"] > 0
    assert "1 × 64 + 3 × 27" in printed.err
    assert "about 3.0" in printed.err
    assert predict.predict_files([crystal], "tiny", refining=RefiningOptions())
    printed = capsys.readouterr()
    assert "refined" in printed.out
    assert "Cost" not in printed.err, "it was computed before"


@pytest.mark.usefixtures("refiner")
def test_nothing_is_computed_unless_somebody_agrees(crystal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match=r"takes minutes to hours.*--yes, or with --max-minutes N"):
        predict.predict_files([crystal], "tiny", row_format=RowFormat.JSON, refining=RefiningOptions())
    questions: list[str] = []
    asked = RefiningOptions(ask=lambda question: bool(questions.append(question)))
    assert predict.predict_files([crystal], "tiny", row_format=RowFormat.JSON, refining=asked)
    assert questions == ["Compute for about 3.0 minutes?"]
    assert json.loads(capsys.readouterr().out)["refined_reason"] == "not wanted"
    assert predict.predict_files([crystal], "tiny", refining=RefiningOptions(max_minutes=1.0))
    assert "not refined: about 3 minutes, more than the 1 that are allowed" in " ".join(capsys.readouterr().out.split())


def test_without_the_potential_nobody_is_asked_and_the_prediction_is_printed(
    refiner: Refiner, crystal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent() -> None:
        raise MissingInputError("the potential needs the extra")

    without = replace(refiner, load_calculator=absent)
    monkeypatch.setattr(refiners, "build_refiner", lambda _predictor, **_: without)
    with pytest.raises(MissingInputError, match="needs the extra"):
        predict.predict_files([crystal], "tiny", row_format=RowFormat.JSON, refining=AGREED)
    row = json.loads(capsys.readouterr().out)
    assert row["value"] > 0
    assert row["refined_kappa_w_per_m_k"] is None
    assert row["refined_reason"] == "the potential needs the extra"
