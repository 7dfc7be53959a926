"""What was trained in build/ is copied to weights/ with its card; what does not fit together is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from paraisite.artifacts.training_outputs import METRICS, REFERENCE_SHA256
from paraisite.core.files import file_sha256
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE
from paraisite.training.pretraining_result import ERRORS
from paraisite.training.recipes import SHIPPABLE
from paraisite.workflows.release import AGREEMENT, release_model

FELAB = Path("build/felab/weights")
LFE = Path("build/pretrain/formation_energy")


@pytest.fixture(autouse=True)
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_model(folder: Path, content: bytes, **card: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ENSEMBLE_FILE).write_bytes(content)
    text = json.dumps({"sha256": file_sha256(folder / ENSEMBLE_FILE), **card})
    (folder / CARD_FILE).write_text(text)


def write_felab(content: bytes, mape: float) -> None:
    write_model(FELAB, content, **{METRICS: {"mape_last_epoch": {"mean": mape, "std": 0.1}}})


def write_lfe() -> None:
    errors = {"property": "formation energy", "predictor": "network", "mae": 0.05, "rmse": 0.1, "r2": 0.9}
    write_model(LFE, b"energies", **{ERRORS: [errors | {"spearman": 0.95}]})


def test_members_that_others_start_from_can_be_released():
    of_tier_kappa = {"LFEKAPPA", "FELABKAPPA", "FEAFKAPPA"}
    assert set(SHIPPABLE) == {"LFE", "RWAF", "FEAF", "RWLAB", "FELAB"} | of_tier_kappa


def test_a_trained_model_replaces_the_released_one_and_the_metrics_of_both_are_printed(
    capsys: pytest.CaptureFixture[str],
):
    write_felab(b"first", 0.5)
    release_model("FELAB")
    assert "before" not in capsys.readouterr().out
    write_felab(b"second", 0.375)
    release_model("FELAB")
    assert Path("weights/felab", ENSEMBLE_FILE).read_bytes() == b"second"
    assert Path("weights/felab", CARD_FILE).read_text().startswith('{\n  "sha256"')
    row = next(line for line in capsys.readouterr().out.splitlines() if "mape_last_epoch" in line)
    assert row.split() == ["mape_last_epoch", "0.375", "0.5"]


def test_the_network_for_formation_energies_takes_its_comparison_along(caplog: pytest.LogCaptureFixture):
    write_lfe()
    release_model("LFE")
    assert "was not compared with MEGNet's" in caplog.text
    assert json.loads(Path("weights/lfe", CARD_FILE).read_text())[AGREEMENT] == {}

    agreement = {"all of AFLOW's structures": {"n": 30, "mae": 0.2}}
    found = Path("build/check_formation_energy/metrics.json")
    found.parent.mkdir()
    found.write_text(json.dumps({"network_sha256": file_sha256(LFE / ENSEMBLE_FILE), "agreement": agreement}))
    release_model("LFE")
    assert json.loads(Path("weights/lfe", CARD_FILE).read_text())[AGREEMENT] == agreement


def test_the_comparison_of_another_network_is_left_out(caplog: pytest.LogCaptureFixture):
    write_lfe()
    found = Path("build/check_formation_energy/metrics.json")
    found.parent.mkdir()
    found.write_text(json.dumps({"network_sha256": "of another one", "agreement": {"all": {"n": 30}}}))
    release_model("LFE")
    assert "was not compared with MEGNet's" in caplog.text
    assert json.loads(Path("weights/lfe", CARD_FILE).read_text())[AGREEMENT] == {}


def test_an_error_names_the_command_that_trains_what_is_absent():
    with pytest.raises(MissingInputError, match="no trained FELAB: run `python -m paraisite train FELAB` first"):
        release_model("FELAB")
    with pytest.raises(MissingInputError, match="run `python -m paraisite pretrain formation_energy` first"):
        release_model("LFE")


def test_weights_that_do_not_match_their_card_are_not_released():
    write_felab(b"first", 0.5)
    (FELAB / ENSEMBLE_FILE).write_bytes(b"others")
    with pytest.raises(DataError, match=r"does not match card\.json beside it: train FELAB again"):
        release_model("FELAB")
    assert not Path("weights").exists()


def test_a_damaged_card_is_named():
    write_felab(b"first", 0.5)
    (FELAB / CARD_FILE).write_text('{"sha256": ')
    with pytest.raises(DataError, match=r"build/felab/weights/card\.json is no card of a model"):
        release_model("FELAB")


def test_a_damaged_card_of_the_replaced_model_is_no_obstacle(caplog: pytest.LogCaptureFixture):
    write_felab(b"first", 0.5)
    release_model("FELAB")
    Path("weights/felab", CARD_FILE).write_text('{"sha256": "of nothing that has figures"}')
    write_felab(b"second", 0.375)
    release_model("FELAB")
    assert "no metrics to compare with" in caplog.text
    assert Path("weights/felab", ENSEMBLE_FILE).read_bytes() == b"second"


def test_a_diverged_model_is_not_released():
    write_felab(b"first", float("nan"))
    with pytest.raises(DataError, match="FELAB has metrics that are not finite"):
        release_model("FELAB")
    assert not Path("weights").exists()


def test_a_predictor_is_released_with_its_calibration_set():
    folder = Path("build/felabtg15/predictor")
    folder.mkdir(parents=True)
    (folder / CALIBRATION_SET_FILE).write_bytes(b"calibration set")
    described = {METRICS: {}, REFERENCE_SHA256: file_sha256(folder / CALIBRATION_SET_FILE)}
    write_model(folder, b"members", **described)
    release_model("FELABTG15")
    assert Path("weights/felabtg15", CALIBRATION_SET_FILE).read_bytes() == b"calibration set"
    (folder / CALIBRATION_SET_FILE).write_bytes(b"something else")
    with pytest.raises(DataError, match=r"reference\.safetensors does not match card\.json beside it"):
        release_model("FELABTG15")
