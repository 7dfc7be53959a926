"""Training some members for some epochs: what a worker does.

A unit is a set of members that one program call trains as a stack: one member on a CPU, all of them on a GPU.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split
from paraisite.models.architecture import flatten, unflatten
from paraisite.models.runtime import tf
from paraisite.models.target_scaler import Standardiser, TargetScaler
from paraisite.training.adam import OptimizerState
from paraisite.training.batches import (
    TrainingData,
    train_batches,
    train_shapes,
    validation_batches,
    validation_plans,
    validation_shape,
)
from paraisite.training.blocks import Blocks, from_blocks, to_blocks
from paraisite.training.checkpoint import TrainingState
from paraisite.training.freezing import list_frozen_parameters
from paraisite.training.loss import Objective
from paraisite.training.schedule import compute_learning_rates
from paraisite.training.step import EpochSettings, epoch_program


@dataclass(frozen=True, eq=False)
class TrainingTask:
    """All that a member's numbers depend on besides its starting weights.

    Attributes:
        data: Crystals and targets.
        splits: One per member.
        scaler: What each member's targets are standardised by.
        settings: Epochs, batch size, rates.
        objective: The error that is lowered.
    """

    data: TrainingData
    splits: Sequence[Split]
    scaler: TargetScaler | Standardiser
    settings: TrainingConfig
    objective: Objective = Objective.KAPPA_PERCENTAGE


class UnitTrainer:
    """Runs epochs of any unit of a task; the program is compiled at the first one."""

    def __init__(self, task: TrainingTask) -> None:
        """Choose the shapes and prepare the program."""
        self.task = task
        data, settings = task.data, task.settings
        train_rows = [split.train for split in task.splits]
        self.train_shapes = train_shapes(data.graphs.sizes, train_rows, batch_size=settings.batch_size)
        self.validation_shape = validation_shape(data.graphs)
        self._rates = compute_learning_rates(settings)
        rows = [split.validation for split in task.splits]
        self._validation_plans = validation_plans(data, rows, self.validation_shape)
        self._validation: dict[tuple[int, ...], Any] = {}
        self._program = epoch_program(
            EpochSettings(
                config=data.config,
                train_shapes=self.train_shapes,
                validation_shape=self.validation_shape,
                gradient_clip_norm=settings.gradient_clip_norm,
                objective=task.objective,
                max_log10_one_plus_kappa=settings.max_log10_one_plus_kappa,
                loss=settings.loss,
                percentage_share=settings.percentage_share,
                weight_decay=settings.weight_decay,
                dropout=settings.dropout,
                frozen=list_frozen_parameters(settings.frozen, data.config),
            )
        )

    def run(
        self, members: Sequence[int], state: TrainingState, *, until: int, at_least_seconds: float
    ) -> TrainingState:
        """Train a unit for a while.

        Args:
            members: Row of each member in the task.
            state: Where its training stands; it is not changed.
            until: Epoch to stop after at the latest.
            at_least_seconds: Do not return before, unless ``until`` is reached.

        Returns:
            The state after at least one more epoch.
        """
        start = time.perf_counter()
        device = OptimizerState(
            weights=self._to_device(state.weights),
            momentum=self._to_device(state.momentum),
            variance=self._to_device(state.variance),
            n_update=tf.constant(state.n_update),
        )
        best_weights, best_epoch, curves = state.best_weights, state.best_epoch, list(state.curves)
        lowest = _lowest(state.curves[:, 1])
        while len(curves) < until:
            device, measured = self._run_epoch(members, device, epoch=len(curves))
            better = measured[1] < lowest  # False for NaN
            lowest = np.where(better, measured[1], lowest)
            curves.append(measured)
            if better.any():
                best_epoch = np.where(better, len(curves), best_epoch)
                best_weights = np.where(better[:, None], self._to_host(device.weights), best_weights)
            if time.perf_counter() - start >= at_least_seconds:
                break
        return TrainingState(
            weights=self._to_host(device.weights),
            momentum=self._to_host(device.momentum),
            variance=self._to_host(device.variance),
            n_update=device.n_update.numpy(),
            best_weights=best_weights,
            best_epoch=best_epoch,
            curves=np.array(curves).reshape(-1, 4, len(members)),
        )

    def _to_device(self, flat: npt.NDArray[np.float32]) -> Blocks:
        blocks = to_blocks(unflatten(flat, self.task.data.config), self.task.data.config)
        return {name: tf.constant(block) for name, block in blocks.items()}

    def _to_host(self, blocks: Blocks) -> npt.NDArray[np.float32]:
        config = self.task.data.config
        return flatten(from_blocks({name: block.numpy() for name, block in blocks.items()}, config), config)

    def _run_epoch(
        self, members: Sequence[int], device: OptimizerState, *, epoch: int
    ) -> tuple[OptimizerState, npt.NDArray[np.float64]]:
        """Return the state after one epoch and what it measured: [4, n_member], rows as in ``TrainingState.curves``."""
        task, settings = self.task, self.task.settings
        splits = [task.splits[member] for member in members]
        batches = train_batches(
            task.data,
            [split.train for split in splits],
            shapes=self.train_shapes,
            rngs=[np.random.default_rng([settings.seed, split.seed, epoch]) for split in splits],
        )
        device, report = self._program(
            device,
            tf.nest.map_structure(tf.constant, batches),
            self._validation_batches(members),
            tf.constant(self._rates[epoch], tf.float32),
            tf.constant(task.scaler.mean[members], tf.float32),
            tf.constant(task.scaler.std[members], tf.float32),
            tf.constant(_dropout_key(splits, settings.seed, epoch)) if settings.dropout else None,
        )
        measured = (report.train_error, report.validation_error, report.gradient_norm, report.n_skipped)
        return device, np.array(measured, dtype=np.float64)

    def _validation_batches(self, members: Sequence[int]) -> Any:
        """Return the unit's packed validation rows, on the device; they are the same in every epoch."""
        key = tuple(members)
        if key not in self._validation:
            plans = [self._validation_plans[member] for member in members]
            batches = validation_batches(self.task.data, plans, self.validation_shape)
            self._validation[key] = tf.nest.map_structure(tf.constant, batches)
        return self._validation[key]


def _dropout_key(splits: Sequence[Split], seed: int, epoch: int) -> npt.NDArray[np.int32]:
    """Return what each member's dropout masks of an epoch are drawn from, [n_member]."""
    keys = [np.random.SeedSequence([seed, split.seed, epoch]).generate_state(1)[0] >> 1 for split in splits]
    return np.array(keys, np.int32)


def _lowest(errors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each member's lowest finite error of [n_epoch, n_member], or infinity."""
    lowest: npt.NDArray[np.float64] = np.min(np.where(np.isfinite(errors), errors, np.inf), axis=0, initial=np.inf)
    return lowest
