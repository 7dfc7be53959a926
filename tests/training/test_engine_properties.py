"""Training on properties: several at once, some of them unknown, with the engine that trains on kappa."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paraisite.config import TrainingConfig
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import Parameters
from paraisite.models.target_scaler import Standardiser
from paraisite.training.batches import TrainingData
from paraisite.training.engine import FitResult, fit
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.loss import Objective
from tests.models.numpy_megnet import numpy_forward
from tests.training.tiny import CONFIG, SETTINGS, tiny_data, tiny_splits

TWO = replace(CONFIG, n_output=2)
SPLIT = tiny_splits()[0]


def values() -> np.ndarray:
    """Return an energy of every crystal, eV/atom, and log10 of a modulus of every second one."""
    rng = np.random.default_rng(5)
    n_crystal = len(tiny_data().graphs)
    energy, log10_modulus = rng.normal(-4.0, 2.0, n_crystal), rng.normal(1.8, 0.3, n_crystal)
    log10_modulus[::2] = np.nan
    return np.stack([energy, log10_modulus], axis=1)


def standardiser() -> Standardiser:
    return Standardiser.fit([values()[SPLIT.train]])


def train(settings: TrainingConfig = SETTINGS, **options: Any) -> FitResult:
    return fit(
        stack([draw_parameters(TWO, seed=0)]),
        data=TrainingData(tiny_data().graphs, values(), TWO),
        splits=[SPLIT],
        settings=settings,
        **{"scaler": standardiser(), "objective": Objective.STANDARDISED_ABSOLUTE} | options,
    )


def numpy_outputs(parameters: Parameters, graphs: GraphCollection) -> np.ndarray:
    """Return each output in its unit, [n_crystal, 2], computed one output and one crystal at a time."""
    own = {name: value[0] for name, value in standardiser().fold_into(parameters, TWO).items()}
    last = f"head/{len(TWO.head_hidden)}"
    columns = []
    for k in range(2):
        column = {f"{last}/kernel": own[f"{last}/kernel"][:, k : k + 1], f"{last}/bias": own[f"{last}/bias"][k : k + 1]}
        columns.append(numpy_forward(CONFIG, own | column, graphs))
    return np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def result() -> FitResult:
    return train()


def test_two_outputs_are_trained_at_once(result: FitResult):
    assert result.last["head/2/kernel"].shape == (1, 256, 2)
    assert result.last["head/2/bias"].shape == (1, 2)
    for curve in (result.train_error, result.validation_error, result.gradient_norm):
        assert curve.shape == (1, SETTINGS.epochs)
        assert np.isfinite(curve).all()
    assert not result.diverged.any()
    moved = result.last["head/2/kernel"] - draw_parameters(TWO, seed=0)["head/2/kernel"]
    assert (np.abs(moved[0]).max(axis=0) > 1e-3).all()


def test_the_error_is_a_mean_over_the_known_values(result: FitResult):
    """Against NumPy, in units: |predicted - true|/std over the values that are known; 1e-3 relative."""
    rows, std = SPLIT.validation, standardiser().std[0]
    difference = (numpy_outputs(result.last, tiny_data().graphs.take(rows)) - values()[rows]) / std
    assert 0 < np.isnan(difference).sum() < len(rows)
    assert np.nanmean(np.abs(difference)) == pytest.approx(result.validation_error[0, -1], rel=1e-3)


def test_training_overfits_eight_crystals():
    found = train(replace(SETTINGS, epochs=200))
    assert found.train_error[0, 0] > 0.5
    assert found.train_error.min() < 0.05


def test_two_and_two_epochs_equal_four(result: FitResult, tmp_path: Path):
    """Bit-identical."""
    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    resumed = train(checkpoint_folder=tmp_path)
    for name in ("train_error", "validation_error", "gradient_norm", "best_epoch"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(result, name))
    for name, value in result.last.items():
        assert resumed.last[name].tobytes() == value.tobytes(), name


def test_a_checkpoint_of_another_objective_is_left_alone(tmp_path: Path):
    """Another training does not begin where this one ended, which does; that it would run is another test's matter."""
    done: list[int] = []

    class StopError(Exception):
        pass

    class Watcher:
        def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
            done.append(n_epoch_done)
            raise StopError

        def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
            pass

        def on_end(self) -> None:
            pass

    train(checkpoint_folder=tmp_path, stop_after_epoch=2)
    for objective in Objective:
        with pytest.raises(StopError):
            train(objective=objective, checkpoint_folder=tmp_path, callbacks=[Watcher()])
    assert dict(zip(Objective, done, strict=True)) == {
        Objective.KAPPA_PERCENTAGE: 0,
        Objective.STANDARDISED_ABSOLUTE: 2,
    }


def test_standardised_by_the_known_training_values():
    found = standardiser()
    for k in range(2):
        known = [value for value in values()[SPLIT.train, k] if not np.isnan(value)]
        assert found.mean[0, k] == pytest.approx(np.mean(known))
        assert found.std[0, k] == pytest.approx(np.std(known))
