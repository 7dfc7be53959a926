"""What a trial is worth: the error of its settings on the inner folds of every split, which test rows cannot reach."""

import dataclasses
import hashlib
import json
import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from optuna import Trial, TrialPruned

from paraisite.arrays import Floats
from paraisite.config import Config, FineTuning
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.network_cross_validation import fit_folds
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.training.engine import FitResult
from paraisite.training.recipe_training import StartingWeights
from paraisite.tuning.space import suggest_settings

INNER_MAPE: Final = "inner_mape"
"""Name of a trial's value: mean over the splits of the MAPE of their training rows, each estimated out of its fold."""

OF_SPLITS: Final = "inner_mape_of_splits"
"""A trial's attribute: the same of each split, by the split's name."""

CURVE: Final = "inner_mape_of_epochs"
"""A trial's attribute: the same after each epoch that was trained."""

DIVERGED: Final = "diverged"
"""A trial's attribute: an error was not finite."""

_RUNGS: Final = (1 / 6, 1 / 3, 2 / 3)
"""Parts of the training after which a trial is judged."""


@dataclass(frozen=True, eq=False)
class TuningTask:
    """What all trials of a study have in common.

    Attributes:
        start: Starting members.
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Splits of these rows.
        config: Settings; a trial changes ``evaluation.training``.
        folder: Where the states of trainings are kept.
    """

    start: StartingWeights
    dataset: Dataset
    graphs: GraphCollection
    splits: Sequence[NestedSplit]
    config: Config
    folder: Path

    @property
    def epochs(self) -> int:
        """Passes over the training rows in every trial."""
        return self.config.evaluation.training.epochs


def list_rungs(epochs: int) -> tuple[int, ...]:
    """Return the epochs after which a trial is judged; the last one is the end of the training."""
    return tuple(sorted({max(1, round(part * epochs)) for part in _RUNGS} | {epochs}))


def run_trial(trial: Trial, task: TuningTask) -> float:
    """Train the members of all inner folds with the settings that a trial asks for.

    A trial that is pruned has trained no further than to the rung where it was judged. One that was killed goes on from
    its last checkpoint when another trial asks for the same settings.

    Args:
        trial: Optuna's; it receives the inner MAPE at every rung, and at the end that of every split.
        task: Data, splits and starting members.

    Returns:
        The inner MAPE after the last epoch.

    Raises:
        TrialPruned: It is not worth going on, or it has diverged.
    """
    settings = suggest_settings(trial, epochs=task.epochs)
    folder = task.folder / _key(settings)
    for epoch in list_rungs(task.epochs):
        of_splits = measure_inner_errors(task, settings, checkpoint_folder=folder, stop_after_epoch=epoch)
        curve = of_splits.mean(axis=0)
        trial.set_user_attr(CURVE, [float(value) for value in curve])
        trial.report(float(curve[-1]), epoch)
        if diverged := not math.isfinite(curve[-1]):
            trial.set_user_attr(DIVERGED, True)
        if diverged or (epoch < task.epochs and trial.should_prune()):
            shutil.rmtree(folder, ignore_errors=True)
            raise TrialPruned(f"after epoch {epoch}")
    last = of_splits[:, -1]
    trial.set_user_attr(OF_SPLITS, {split.name: float(value) for split, value in zip(task.splits, last, strict=True)})
    shutil.rmtree(folder, ignore_errors=True)
    return float(last.mean())


def measure_inner_errors(
    task: TuningTask,
    settings: FineTuning,
    *,
    checkpoint_folder: Path | None = None,
    stop_after_epoch: int | None = None,
) -> Floats:
    """Return the MAPE of every split's training rows after each epoch, each row by the member that has not seen it.

    Args:
        task: Data, splits and starting members.
        settings: Of the training.
        checkpoint_folder: Where the training's state is kept.
        stop_after_epoch: Stop there; a later call goes on.

    Returns:
        [n_split, n_epoch]; NaN where a member's error is not finite.
    """
    evaluation = dataclasses.replace(task.config.evaluation, training=settings)
    _, trained = fit_folds(
        task.start,
        dataset=task.dataset,
        graphs=task.graphs,
        splits=task.splits,
        config=dataclasses.replace(task.config, evaluation=evaluation),
        checkpoint_folder=checkpoint_folder,
        # Trials run side by side in processes of their own: within one, a program is compiled once for all its rungs.
        n_worker=1,
        stop_after_epoch=stop_after_epoch,
    )
    return _of_splits(trained, task.splits)


def _of_splits(trained: FitResult, splits: Sequence[NestedSplit]) -> Floats:
    """Return the mean over each split's training rows from the means over its folds."""
    of_splits, first = [], 0
    for split in splits:
        errors = trained.validation_error[first : first + len(split.folds)]  # [n_fold, n_epoch]
        of_splits.append(np.average(errors, axis=0, weights=[len(inner.validation) for inner in split.inner()]))
        first += len(split.folds)
    return np.stack(of_splits)


def _key(settings: FineTuning) -> str:
    """Return a name for the folder of a trial's checkpoints: another trial with the same settings goes on there."""
    content = json.dumps(dataclasses.asdict(settings), sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]
