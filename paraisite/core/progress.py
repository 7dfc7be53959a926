"""The one progress bar, with the time left; where no terminal is, a line now and then instead. And work not counted."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES: Final = 300.0


def ignore_progress(_present: int, _total: int | None) -> None:
    """Show nothing: the default where no progress is asked for."""


@contextmanager
def show_work(title: str, *, console: Console | None = None) -> Iterator[None]:
    """Show on a terminal what is done inside, and for how long, where nothing can be counted; elsewhere nothing.

    No bar may be drawn inside: each moves the other's line.

    Args:
        title: What is done.
        console: By default the standard error.
    """
    console = console or Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as line:
        line.add_task(title, total=None)
        yield


class CountProgress:
    """Shows how much of something is done, to be used with ``with``."""

    def __init__(
        self,
        title: str,
        *,
        unit: str,
        console: Console | None = None,
        seconds_between_lines: float = SECONDS_BETWEEN_LINES,
    ) -> None:
        """Prepare the bar.

        Args:
            title: What is worked on.
            unit: What is counted, in the plural.
            console: By default the standard error.
            seconds_between_lines: How often a line is logged where the console is no terminal.
        """
        console = console or Console(stderr=True)
        self._on_terminal = console.is_terminal
        self._bar = Progress(
            TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", markup=False), console=console,
        )  # fmt: skip
        self._title, self._unit = title, unit
        self._task = self._bar.add_task(title, total=None, note="")
        self._seconds_between_lines = seconds_between_lines
        self._n_before: int | None = None
        self._start = self._last_line = time.monotonic()

    def __enter__(self) -> Self:
        """Show the bar on a terminal."""
        if self._on_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()

    @property
    def per_second(self) -> float:
        """How much was done per second since the first call of ``update`` that sets the pace; 0 before the next."""
        done = 0.0 if self._n_before is None else self._bar.tasks[0].completed - self._n_before
        return done / max(time.monotonic() - self._start, 1e-9)

    def update(self, *, n_done: int, n_total: int | None = None, note: str = "", sets_pace: bool = True) -> None:
        """Show how much is done; the first call that sets the pace gives what was done before.

        Args:
            n_done: How much is done.
            n_total: Of how much; may be an estimate that changes, or not be known.
            note: What else to show.
            sets_pace: Whether the time since the last call counts: compilation tells nothing of the time left.
        """
        if not sets_pace:
            self._n_before = None
        elif self._n_before is None:
            self._n_before, self._start = n_done, time.monotonic()
        self._bar.update(self._task, total=n_total, completed=n_done, note=note)
        if not self._on_terminal and time.monotonic() - self._last_line >= self._seconds_between_lines:
            self._last_line = time.monotonic()
            logger.info("%s: %s", self._title, "; ".join(filter(None, (self._count(n_done, n_total), note))))

    def _count(self, n_done: int, n_total: int | None) -> str:
        """Return what is done, and the minutes left once a pace is known."""
        if n_total is None:
            return f"{n_done} {self._unit}"
        count = f"{n_done} of {n_total} {self._unit}"
        if self._n_before is None or n_done == self._n_before:
            return count
        return f"{count}, about {(n_total - n_done) / self.per_second / 60.0:.0f} min left"
