"""Lanes: processes that train units side by side.

A process per core beats threads in one process: XLA runs one program at a time per pool of threads, and a pool of
several threads costs more in hand-overs between small operations than it gains (measured: 1.2 s of processor time per
epoch and member with one thread, 2.5 s with two).
"""

import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from paraisite.core.workers import end_with_parent
from paraisite.errors import ParaisiteError
from paraisite.training.checkpoint import TrainingState

if TYPE_CHECKING:
    from paraisite.training.unit import TrainingTask, UnitTrainer

LANE_LOST = "a training process was ended from outside (out of memory?); the same command resumes from the checkpoint"


class Lanes(Protocol):
    """Takes units to train; the future holds the unit's new state."""

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        """Train a unit for about ``SECONDS_PER_TURN``, to epoch ``until`` at most."""


SECONDS_PER_TURN = 2.0
"""How long a lane keeps a unit: its 9 MB of state then move in well under a hundredth of that time."""


@contextmanager
def open_lanes(task: "TrainingTask", n_lane: int) -> Iterator[Lanes]:
    """Yield ``n_lane`` lanes: processes of one thread each, or this process where one lane is enough.

    Raises:
        ParaisiteError: A process of a lane died.
    """
    if n_lane == 1:
        yield _Inline(task)
        return
    pool = ProcessPoolExecutor(
        n_lane, mp_context=multiprocessing.get_context("spawn"), initializer=_start_lane, initargs=(task,)
    )
    try:
        yield _Processes(pool)
    except BrokenProcessPool as error:
        raise ParaisiteError(LANE_LOST) from error
    finally:
        pool.shutdown(cancel_futures=True)


class _Inline:
    def __init__(self, task: "TrainingTask") -> None:
        from paraisite.training.unit import UnitTrainer

        self._trainer = UnitTrainer(task)

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        future: Future[TrainingState] = Future()
        future.set_result(self._trainer.run(members, state, until=until, at_least_seconds=SECONDS_PER_TURN))
        return future


class _Processes:
    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool

    def submit(self, members: Sequence[int], state: TrainingState, *, until: int) -> "Future[TrainingState]":
        return self._pool.submit(_run_in_lane, list(members), state, until)


_trainer: "UnitTrainer | None" = None  # of a lane's process


def _start_lane(task: "TrainingTask") -> None:
    """Prepare a lane's process."""
    from paraisite.models.runtime import use_threads_per_operation
    from paraisite.training.unit import UnitTrainer

    global _trainer
    end_with_parent()
    use_threads_per_operation(1)
    _trainer = UnitTrainer(task)


def _run_in_lane(members: list[int], state: TrainingState, until: int) -> TrainingState:
    if _trainer is None:
        raise RuntimeError("the lane was not started")
    return _trainer.run(members, state, until=until, at_least_seconds=SECONDS_PER_TURN)
