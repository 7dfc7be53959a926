"""The real engine in the background, held between measurements.

So its workers compile once, and peers and ours get the machine in turn.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from paraisite.errors import ParaisiteError
from paraisite.models.runtime import has_gpu
from paraisite.training.callbacks import FitCallback
from paraisite.training.worker_processes import SECONDS_PER_TURN

_SAME_TURN_SECONDS: Final = 0.1
"""A worker reports all epochs of its turn at once."""


@dataclass
class _Turn:
    """Epochs of one unit that a worker reported together."""

    unit: int
    seconds: float
    n_member_epoch: int


class PacedFit(FitCallback):
    """A training that goes on only while it is measured; the engine waits in this callback."""

    def __init__(self, fit: Callable[[FitCallback], object], *, n_member: int) -> None:
        """Start the training; it compiles and then waits.

        Args:
            fit: Trains for very many epochs with this callback.
            n_member: Members that are trained.
        """
        self._on_gpu = has_gpu()
        self.n_worker = 1 if self._on_gpu else min(n_member, len(os.sched_getaffinity(0)))
        self._go, self._done = threading.Event(), threading.Event()
        self._failure: Exception | None = None
        self._turns: list[_Turn] = []
        self._last = 0.0
        self._n_turn = self.n_worker
        self._start = time.perf_counter()
        self._go.set()
        threading.Thread(target=self._run, args=(fit,), daemon=True).start()
        self._await()
        self.first_turn_seconds = max(turn.seconds for turn in self._turns[: self.n_worker])

    def measure(self, turns_per_worker: int) -> tuple[int, float]:
        """Let the workers work, and return how many member-epochs they ended in how many seconds."""
        self._turns, self._n_turn = [], turns_per_worker * self.n_worker
        self._done.clear()
        self._start = time.perf_counter()
        self._go.set()
        self._await()
        turns = self._turns[: self._n_turn]
        # Every worker works without a break from the start to the end of its own last turn.
        seconds = sum(turn.seconds for turn in turns[-self.n_worker :]) / self.n_worker
        return sum(turn.n_member_epoch for turn in turns), seconds

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        """Nothing to note."""

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        """Note the turn; hold the engine when enough turns are complete."""
        now, unit = time.perf_counter(), 0 if self._on_gpu else member
        is_new = not self._turns or self._turns[-1].unit != unit or now - self._last > _SAME_TURN_SECONDS
        if is_new and len(self._turns) >= self._n_turn:
            self._go.clear()
            self._done.set()
            self._go.wait()
        self._last = now
        seconds = now - self._start
        if seconds < 0.5 * SECONDS_PER_TURN:
            return  # ended while the engine was held: not this measurement's
        if is_new:
            self._turns.append(_Turn(unit, seconds, 0))
        self._turns[-1].n_member_epoch += 1

    def on_end(self) -> None:
        """Nothing to note."""

    def _run(self, fit: Callable[[FitCallback], object]) -> None:
        try:
            fit(self)
        except Exception as error:  # raised again where the measurement waits
            self._failure = error
        self._done.set()

    def _await(self) -> None:
        """Wait until the engine is held and the workers that were still at work have ended their turn.

        Raises:
            ParaisiteError: The training ended.
        """
        self._done.wait()
        if self._failure is not None or self._go.is_set():
            raise ParaisiteError("the training that was to be measured ended") from self._failure
        if self.n_worker > 1:
            time.sleep(SECONDS_PER_TURN)
