"""A progress bar with the time left and the latest errors; where no terminal is, a line a minute instead."""

import logging
import math
import threading
import time
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

logger = logging.getLogger(__name__)

_SECONDS_BETWEEN_LINES: Final = 60.0


class ProgressBar:
    """Shows member-epochs done, the time left and the mean of the members' best validation errors so far."""

    def __init__(
        self, title: str, *, console: Console | None = None, seconds_between_lines: float = _SECONDS_BETWEEN_LINES
    ) -> None:
        """Prepare the bar; it appears with the first epoch.

        Args:
            title: What is trained.
            console: By default the standard error.
            seconds_between_lines: How often a line is logged where the console is no terminal.
        """
        self._console = console or Console(stderr=True)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[error]}"),
            console=self._console,
        )
        self._title = title
        self._task: TaskID | None = None
        self._best: dict[int, float] = {}
        self._lock = threading.Lock()
        self._seconds_between_lines = seconds_between_lines
        self._n_done = self._n_total = 0
        self._n_timed: int | None = None
        self._start = self._last_line = 0.0

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        """Show the bar."""
        self._n_done, self._n_timed = n_epoch_done, None
        self._n_total = n_member * n_epoch
        self._last_line = time.monotonic()
        if self._console.is_terminal:
            self._progress.start()
            self._task = self._progress.add_task(
                self._title, total=self._n_total, completed=n_epoch_done, error="compiling …"
            )

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        """Move the bar by one member-epoch."""
        with self._lock:
            self._n_done += 1
            if self._n_timed is None:  # what passes before is spent on compiling
                self._n_timed, self._start = self._n_done, time.monotonic()
            if math.isfinite(validation_error):
                self._best[member] = min(validation_error, self._best.get(member, math.inf))
            mean = sum(self._best.values()) / len(self._best) if self._best else math.nan
            error = f"best validation error, mean {mean:.3f}"
            if self._task is not None:
                self._progress.update(self._task, advance=1, error=error)
            elif time.monotonic() - self._last_line >= self._seconds_between_lines:
                self._last_line = time.monotonic()
                done = f"{self._n_done} of {self._n_total} member-epochs"
                logger.info("%s: %s, %s; %s", self._title, done, self._left(self._n_timed), error)

    def on_end(self) -> None:
        """Leave the bar as it stands."""
        if self._task is not None:
            self._progress.stop()

    def _left(self, n_timed: int) -> str:
        """Return how much time is left, as far as the epochs since ``n_timed`` were done tell."""
        if self._n_done == n_timed:
            return "time left not known yet"
        per_epoch = (time.monotonic() - self._start) / (self._n_done - n_timed)
        return f"about {per_epoch * (self._n_total - self._n_done) / 60.0:.0f} min left"
