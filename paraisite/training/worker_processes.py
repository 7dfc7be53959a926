"""Processes that train units side by side.

A process per core beats threads in one process: XLA runs one program at a time per pool of threads, and a pool of
several threads costs more in hand-overs between small operations than it gains (measured: 1.2 s of processor time per
epoch and member with one thread, 2.5 s with two).
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from paraisite.core.workers import WorkerPool
from paraisite.training.checkpoint import TrainingState

if TYPE_CHECKING:
    from paraisite.training.unit import TrainingTask, UnitTrainer

_LOST: Final = (
    "a training process was ended from outside (out of memory?); the same command resumes from the checkpoint"
)


class TrainingWorkers(Protocol):
    """Takes units to train; the future holds the unit's new state."""

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        """Train a unit for about ``SECONDS_PER_TURN``, to epoch ``until`` at most."""


SECONDS_PER_TURN = 2.0
"""How long a worker keeps a unit: its 9 MB of state then move in well under a hundredth of that time."""


@contextmanager
def open_workers(task: "TrainingTask", n_worker: int) -> Iterator[TrainingWorkers]:
    """Yield ``n_worker`` workers: processes of one thread each, or this process where one worker is enough.

    Raises:
        ParaisiteError: A worker's process died.
    """
    if n_worker == 1:
        yield _Inline(task)
        return
    with WorkerPool(n_worker, partial(_load_trainer, task), if_lost=_LOST) as pool:
        yield _Processes(pool)


class _Inline:
    def __init__(self, task: "TrainingTask") -> None:
        from paraisite.training.unit import UnitTrainer

        self._trainer = UnitTrainer(task)

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        future: Future[TrainingState] = Future()
        future.set_result(_train_unit(self._trainer, members, state, until))
        return future


class _Processes:
    def __init__(self, pool: "WorkerPool[UnitTrainer]") -> None:
        self._pool = pool

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        return self._pool.submit(_train_unit, members, state, until)


def _load_trainer(task: "TrainingTask") -> "UnitTrainer":
    from paraisite.models.runtime import use_threads_per_operation
    from paraisite.training.unit import UnitTrainer

    use_threads_per_operation(1)
    return UnitTrainer(task)


def _train_unit(trainer: "UnitTrainer", members: Sequence[int], state: TrainingState, until: int) -> TrainingState:
    return trainer.run(members, state, until=until, at_least_seconds=SECONDS_PER_TURN)
