"""What a training leaves to predict with."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from paraisite.artifacts.training_outputs import CALIBRATION, REFERENCE_SHA256, TrainingOutput
from paraisite.core.files import file_sha256
from paraisite.inference.build_predictor import MAX_ROUNDING
from paraisite.inference.predictor import Predictor
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.training.recipe_result import TrainedRecipe
from tests.inference.known_predictors import tiny_crystals, tiny_ensemble, tiny_graphs
from tests.synthetic_result import make_result


def trained(last: Ensemble) -> TrainedRecipe:
    """Return three members, trained in name only, on as many rows as there are tiny crystals."""
    return TrainedRecipe(make_result(seeds=(1, 2, 3), n_row=len(tiny_graphs()), n_epoch=4), tiny_ensemble(), last)


def test_a_training_leaves_a_predictor_of_its_last_epoch_with_its_card(tmp_path: Path):
    TrainingOutput.of(trained(tiny_ensemble()), tiny_graphs()).write(tmp_path)
    folder = tmp_path / "predictor"
    found = Predictor.load(folder)
    full, half = predict(tiny_ensemble(), tiny_graphs()), found.predict_graphs(tiny_graphs(), tiny_crystals())
    np.testing.assert_allclose(half.value, np.median(full, axis=0), rtol=MAX_ROUNDING)
    assert found.calibration is not None
    card = json.loads((folder / "card.json").read_text())
    assert card[CALIBRATION]["n_row"] == found.calibration.n_row
    assert card["sha256"] == file_sha256(folder / "ensemble.safetensors")
    assert card[REFERENCE_SHA256] == file_sha256(folder / "reference.safetensors")


def test_the_calibration_set_holds_the_training_rows_of_each_member():
    output = TrainingOutput.of(trained(tiny_ensemble()), tiny_graphs())
    assert output.predictor is not None
    assert output.predictor.calibration_set is not None
    for mask, split in zip(output.predictor.calibration_set.trained, output.trained.result.splits, strict=True):
        assert set(np.flatnonzero(mask)) == set(split.train)


def test_members_that_diverged_leave_no_predictor_and_say_so(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "predictor").mkdir()
    broken = np.full_like(tiny_ensemble().parameters["head/2/bias"], np.nan)
    last = dataclasses.replace(tiny_ensemble(), parameters=tiny_ensemble().parameters | {"head/2/bias": broken})
    TrainingOutput.of(trained(last), tiny_graphs()).write(tmp_path)
    assert "FEAFTG15 has no predictor" in caplog.text
    assert not (tmp_path / "predictor").exists()
