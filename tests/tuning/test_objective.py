"""A trial's value: the errors of inner folds, judged at rungs, out of reach of the test rows."""

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from paraisite.config import FineTuning, load_config
from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation import network_cross_validation
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.recipe_training import StartingWeights
from paraisite.tuning import objective
from paraisite.tuning.objective import (
    CURVE,
    DIVERGED,
    OF_SPLITS,
    TuningTask,
    list_rungs,
    measure_inner_errors,
    run_trial,
)
from tests.synthetic_result import make_dataset
from tests.training.tiny import CONFIG, SETTINGS, tiny_data

ROOT = Path(__file__).parents[2]
N = 12
SPLITS = draw_random_nested_splits(N, seeds=[1, 2], train_fraction=0.75, n_fold=2)  # nine rows: folds of five and four
EPOCHS = 6
TUNED = FineTuning(
    epochs=EPOCHS,
    batch_size=4,
    learning_rate_period_epochs=EPOCHS,
    learning_rate=1e-2,
    loss="mixture",
    dropout=0.5,
    weight_decay=0.1,
    frozen="embedding",
    head="8-8",
    n_start=2,
)


def make_task(folder: Path, dataset: Dataset) -> TuningTask:
    config = load_config(ROOT / "params.yaml")
    evaluation = dataclasses.replace(config.evaluation, training=dataclasses.replace(TUNED, epochs=EPOCHS))
    config = dataclasses.replace(config, training=SETTINGS, evaluation=evaluation)
    start = StartingWeights(stack([draw_parameters(CONFIG, seed=seed) for seed in (1, 2, 3)]), None, "random")
    return TuningTask(start, dataset, tiny_data().graphs, SPLITS, config, folder)


@pytest.fixture
def task(tmp_path: Path) -> TuningTask:
    return make_task(tmp_path, make_dataset(n_row=N))


def fake_fit(monkeypatch: pytest.MonkeyPatch, errors: np.ndarray) -> list[dict[str, Any]]:
    """Let every training have these errors, [n_member, n_epoch]; return what is asked of it."""
    asked: list[dict[str, Any]] = []

    def fit_folds(_: Any, **given: Any) -> tuple[None, SimpleNamespace]:
        asked.append(given)
        return None, SimpleNamespace(validation_error=errors[:, : given["stop_after_epoch"]])

    monkeypatch.setattr(objective, "fit_folds", fit_folds)
    return asked


def test_a_trial_is_judged_a_few_times_and_at_its_end() -> None:
    assert list_rungs(60) == (10, 20, 40, 60)
    assert list_rungs(6) == (1, 2, 4, 6)
    assert list_rungs(1) == (1,)


def test_the_value_is_the_mean_over_splits_of_their_rows_errors(
    task: TuningTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = np.random.default_rng(0).uniform(0.1, 1.0, (4, EPOCHS))
    asked = fake_fit(monkeypatch, errors)
    study = optuna.create_study()
    study.optimize(lambda trial: run_trial(trial, task), n_trials=1)
    (trial,) = study.trials

    sizes = [len(fold) for split in SPLITS for fold in split.folds]
    by_split = [np.average(errors[k : k + 2], axis=0, weights=sizes[k : k + 2]) for k in (0, 2)]
    assert sorted(sizes[:2]) == [4, 5]
    assert trial.value == pytest.approx(np.mean(by_split, axis=0)[-1])
    assert trial.user_attrs[OF_SPLITS] == pytest.approx({"1": by_split[0][-1], "2": by_split[1][-1]})
    assert trial.user_attrs[CURVE] == pytest.approx(np.mean(by_split, axis=0))
    assert {step: pytest.approx(value) for step, value in trial.intermediate_values.items()} == {
        epoch: np.mean(by_split, axis=0)[epoch - 1] for epoch in list_rungs(EPOCHS)
    }
    assert [given["stop_after_epoch"] for given in asked] == [1, 2, 4, 6]
    assert len({given["checkpoint_folder"] for given in asked}) == 1  # so that each goes on from the one before


class PruneAll(optuna.pruners.BasePruner):
    def prune(self, study: Any, trial: Any) -> bool:
        return True


def test_a_pruned_trial_trains_no_further(task: TuningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = fake_fit(monkeypatch, np.ones((4, EPOCHS)))
    study = optuna.create_study(pruner=PruneAll())
    study.optimize(lambda trial: run_trial(trial, task), n_trials=1)
    assert study.trials[0].state == TrialState.PRUNED
    assert len(asked) == 1


def test_a_trial_that_diverges_is_no_result(task: TuningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    errors = np.ones((4, EPOCHS))
    errors[2, 3:] = np.nan
    fake_fit(monkeypatch, errors)
    study = optuna.create_study()
    study.optimize(lambda trial: run_trial(trial, task), n_trials=1)
    assert study.trials[0].state == TrialState.PRUNED
    assert study.trials[0].user_attrs[DIVERGED]


def test_a_planted_label_in_a_test_row_leaves_the_inner_error_of_its_split_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every new option of the training in use; stopped and resumed on the way, to the same bits."""
    monkeypatch.setattr(network_cross_validation, "build_model_config", lambda _: CONFIG)
    dataset = make_dataset(n_row=N)
    measure_inner_errors(make_task(tmp_path, dataset), TUNED, checkpoint_folder=tmp_path / "a", stop_after_epoch=2)
    before = measure_inner_errors(make_task(tmp_path, dataset), TUNED, checkpoint_folder=tmp_path / "a")
    assert before.shape == (2, EPOCHS)
    assert np.isfinite(before).all()

    row = int(np.setdiff1d(SPLITS[0].test, SPLITS[1].test)[0])
    table = dataset.table.copy()
    table.loc[row, "kappa_w_per_m_k"] *= 50.0
    after = measure_inner_errors(make_task(tmp_path, dataclasses.replace(dataset, table=table)), TUNED)
    np.testing.assert_array_equal(after[0], before[0])
    assert (after[1] != before[1]).all()


def test_rows_that_are_not_measured_do_not_count_in_the_mean(task: TuningTask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folds are weighted by the rows that their errors were measured on."""
    errors = np.array([[1.0], [3.0], [5.0], [7.0]])
    fake_fit(monkeypatch, errors)
    splits = [dataclasses.replace(split, unmeasured=split.folds[0][:3]) for split in SPLITS]
    found = measure_inner_errors(dataclasses.replace(task, splits=splits), TUNED, stop_after_epoch=1)
    n_first, n_second = len(SPLITS[0].folds[0]) - 3, len(SPLITS[0].folds[1])
    expected = (n_first * 1.0 + n_second * 3.0) / (n_first + n_second)
    np.testing.assert_allclose(found[0], [expected])
