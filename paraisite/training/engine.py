"""Training happens here: all members side by side, each as if it were alone.

On a CPU every member is a unit of its own, and a worker (a process per core) trains one at a time: its 7 MB of weights
and Adam state then stay in the cache, while a stack of nine would stream through memory at every step. On a GPU all
members are one unit, a stack. The same program runs in both cases, and a member's numbers depend on nothing but its
own split and seed.
"""

import hashlib
import heapq
import json
import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import Split
from paraisite.models.architecture import Parameters, flatten, unflatten
from paraisite.models.runtime import has_gpu
from paraisite.models.target_scaler import Standardiser, TargetScaler
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.checkpoint import TrainingState
from paraisite.training.loss import Objective
from paraisite.training.schedule import compute_learning_rates
from paraisite.training.unit import TrainingTask
from paraisite.training.worker_processes import TrainingWorkers, open_workers

logger = logging.getLogger(__name__)


_STATE_FORMAT: Final = 1
"""Raise it when the same settings lead to other numbers: old checkpoints are then left alone."""

_LATER_SETTINGS: Final = ("loss", "percentage_share", "dropout", "weight_decay", "frozen")
"""Settings that checkpoints of this format may not name: at its default such a one changes no number."""


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a training leaves.

    Attributes:
        last: Stacked parameters after the last epoch.
        best: Stacked parameters, each member at its epoch of lowest validation error.
        best_epoch: int64 [n_member], from 1; the last epoch for a member that never had a finite error.
        train_error: [n_member, n_epoch], the objective's error, each row's taken before its step.
        validation_error: [n_member, n_epoch], after each epoch.
        gradient_norm: [n_member, n_epoch], mean before clipping.
        n_skipped: [n_member, n_epoch], steps without update because the gradient was not finite.
        learning_rate: [n_epoch].
        seconds: Wall time of this call, compilation included.
    """

    last: Parameters
    best: Parameters
    best_epoch: npt.NDArray[np.int64]
    train_error: Floats
    validation_error: Floats
    gradient_norm: Floats
    n_skipped: Floats
    learning_rate: Floats
    seconds: float

    @property
    def diverged(self) -> npt.NDArray[np.bool_]:
        """Whether a member met a non-finite gradient or error, [n_member]."""
        return np.any((self.n_skipped > 0) | ~np.isfinite(self.validation_error), axis=1)


def fit(
    initial: Parameters,
    *,
    data: TrainingData,
    splits: Sequence[Split],
    scaler: TargetScaler | Standardiser,
    settings: TrainingConfig,
    objective: Objective = Objective.KAPPA_PERCENTAGE,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
    n_worker: int | None = None,
    stop_after_epoch: int | None = None,
) -> FitResult:
    """Train every member on its split.

    Args:
        initial: Stacked starting parameters, [n_member, …].
        data: Crystals and targets.
        splits: One per member.
        scaler: What each member's targets are standardised by: log10(1 + kappa) for kappa's percentage error.
        settings: Epochs, batch size, rates.
        objective: The error that is lowered, and whose lowest value on the validation rows marks the best epoch.
        checkpoint_folder: Where states are kept; a call with equal arguments resumes from there.
        callbacks: Watchers.
        n_worker: Units trained side by side; by default one per core, and one on a GPU. More than one are processes of
            their own, so a script that calls this needs ``if __name__ == "__main__":``.
        stop_after_epoch: Stop there, with a checkpoint; the result then holds fewer epochs.

    Returns:
        Weights and curves of all members.

    Raises:
        ParaisiteError: A worker's process was killed.
    """
    start = time.perf_counter()
    n_member, on_gpu = len(splits), has_gpu()
    members = [list(range(n_member))] if on_gpu else [[member] for member in range(n_member)]
    n_worker = n_worker or min(len(members), len(os.sched_getaffinity(0)))
    task = TrainingTask(data, tuple(splits), scaler, settings, objective)
    weights = flatten(initial, data.config)
    units = [_Unit(task, rows, weights[rows], checkpoint_folder) for rows in members]
    until = min(settings.epochs, stop_after_epoch or settings.epochs)
    for callback in callbacks:
        done = sum(unit.n_epoch_done * len(unit.members) for unit in units)
        callback.on_start(n_member=n_member, n_epoch=until, n_epoch_done=done)
    try:
        if any(unit.n_epoch_done < until for unit in units):
            with open_workers(task, n_worker) as workers:
                _run(units, workers, n_worker=n_worker, until=until, callbacks=callbacks)
    finally:
        for callback in callbacks:
            callback.on_end()
    return _result(units, data, settings, time.perf_counter() - start)


def _run(
    units: Sequence["_Unit"], workers: TrainingWorkers, *, n_worker: int, until: int, callbacks: Sequence[FitCallback]
) -> None:
    """Train all units to epoch ``until``; a worker that is free takes the unit that is furthest behind."""
    waiting = [(unit.n_epoch_done, number) for number, unit in enumerate(units) if unit.n_epoch_done < until]
    heapq.heapify(waiting)
    running: dict[Future[TrainingState], int] = {}
    while waiting or running:
        while waiting and len(running) < n_worker:
            _, number = heapq.heappop(waiting)
            unit = units[number]
            running[workers.submit(unit.members, unit.state, until=until)] = number
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            number = running.pop(future)
            units[number].take(future.result(), is_last=until, callbacks=callbacks)
            if units[number].n_epoch_done < until:
                heapq.heappush(waiting, (units[number].n_epoch_done, number))


class _Unit:
    """Members that are trained together, and where their training stands."""

    def __init__(
        self, task: TrainingTask, members: list[int], weights: npt.NDArray[np.float32], folder: Path | None
    ) -> None:
        self.members = members
        self._path = folder and folder / f"{_fingerprint(task, members, weights)[:32]}.safetensors"
        self._checkpoint_every = task.settings.checkpoint_every_epochs
        saved = self._path and TrainingState.load(self._path)
        if saved:
            seeds = ", ".join(str(task.splits[member].seed) for member in members)
            logger.info("split %s goes on after epoch %d", seeds, saved.n_epoch_done)
        self.state = saved or TrainingState.fresh(weights)
        self._n_epoch_saved = self.state.n_epoch_done

    @property
    def n_epoch_done(self) -> int:
        """Epochs that the members have behind them."""
        return self.state.n_epoch_done

    def take(self, state: TrainingState, *, is_last: int, callbacks: Sequence[FitCallback]) -> None:
        """Accept a worker's work: save it when it is time, tell the watchers."""
        news = range(self.n_epoch_done, state.n_epoch_done)
        self.state = state
        due = self.n_epoch_done - self._n_epoch_saved >= self._checkpoint_every
        if self._path is not None and (due or self.n_epoch_done == is_last):
            state.save(self._path)
            self._n_epoch_saved = self.n_epoch_done
        for epoch in news:
            train_error, validation_error = state.curves[epoch, :2]
            for position, member in enumerate(self.members):
                for callback in callbacks:
                    callback.on_epoch(
                        member=member,
                        epoch=epoch + 1,
                        train_error=float(train_error[position]),
                        validation_error=float(validation_error[position]),
                    )


def _fingerprint(task: TrainingTask, members: Sequence[int], weights: npt.NDArray[np.float32]) -> str:
    """Return a hash of everything that the numbers of these members depend on."""
    content = hashlib.sha256()
    settings = asdict(task.settings) | {"checkpoint_every_epochs": None}
    for field in fields(task.settings):
        if field.name in _LATER_SETTINGS and settings[field.name] == field.default:
            del settings[field.name]
    splits = [(split.seed, len(split.train), len(split.validation)) for split in (task.splits[k] for k in members)]
    described = [_STATE_FORMAT, settings, splits, asdict(task.data.config), task.objective.name]
    content.update(json.dumps(described, sort_keys=True).encode())
    graphs = task.data.graphs
    for array in (
        weights,
        task.scaler.mean[members],
        task.scaler.std[members],
        task.data.target,
        *(() if task.data.selected is None else (task.data.selected,)),
        graphs.n_atom,
        graphs.atomic_number,
        graphs.atom_multiplicity,
        graphs.n_bond,
        graphs.bond_distance_angstrom,
        graphs.bond_multiplicity,
        graphs.bond_centre,
        graphs.bond_neighbour,
        *(rows for member in members for rows in (task.splits[member].train, task.splits[member].validation)),
    ):
        content.update(np.ascontiguousarray(array).data)
    return content.hexdigest()


def _result(units: Sequence[_Unit], data: TrainingData, settings: TrainingConfig, seconds: float) -> FitResult:
    """Join the units, whose members stand in order."""
    states = [unit.state for unit in units]
    curves = np.concatenate([state.curves for state in states], axis=2)  # [n_epoch, 4, n_member]
    best_epoch = np.concatenate([state.best_epoch for state in states])
    best = np.concatenate([state.best_weights for state in states])
    last = np.concatenate([state.weights for state in states])
    never = best_epoch == 0
    best[never], best_epoch[never] = last[never], len(curves)
    train_error, validation_error, gradient_norm, n_skipped = curves.transpose(1, 2, 0)
    return FitResult(
        last=unflatten(last, data.config),
        best=unflatten(best, data.config),
        best_epoch=best_epoch,
        train_error=train_error,
        validation_error=validation_error,
        gradient_norm=gradient_norm,
        n_skipped=n_skipped,
        learning_rate=compute_learning_rates(settings)[: len(curves)],
        seconds=seconds,
    )
