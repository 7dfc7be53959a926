"""The progress of a training: member-epochs done, the time left and the latest errors."""

import math
import threading
from typing import Final, Literal

from rich.console import Console

from paraisite.core.progress import CountProgress

_SECONDS_BETWEEN_LINES: Final = 60.0


class ProgressBar:
    """A callback that shows member-epochs done and a mean of the members' errors."""

    def __init__(
        self,
        title: str,
        *,
        error: Literal["best validation", "training"] = "best validation",
        console: Console | None = None,
        seconds_between_lines: float = _SECONDS_BETWEEN_LINES,
    ) -> None:
        """Prepare the bar; it appears when the training starts.

        Args:
            title: What is trained.
            error: Which one is shown, the members' best of validation so far or the latest of training, where rows of
                validation stand for nothing.
            console: By default the standard error.
            seconds_between_lines: How often a line is logged where the console is no terminal.
        """
        self._bar = CountProgress(
            title, unit="member-epochs", console=console, seconds_between_lines=seconds_between_lines
        )
        self._error = error
        self._shown: dict[int, float] = {}
        self._lock = threading.Lock()
        self._n_done = self._n_total = 0

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        """Show the bar."""
        self._n_done, self._n_total = n_epoch_done, n_member * n_epoch
        self._bar.__enter__()
        self._bar.update(n_done=self._n_done, n_total=self._n_total, note="compiling …", sets_pace=False)

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        """Move the bar by one member-epoch."""
        with self._lock:
            self._n_done += 1
            error = train_error if self._error == "training" else validation_error
            if math.isfinite(error):
                best = math.inf if self._error == "training" else self._shown.get(member, math.inf)
                self._shown[member] = min(error, best)
            mean = sum(self._shown.values()) / len(self._shown) if self._shown else math.nan
            note = f"{self._error} error, mean {mean:.3f}"
            self._bar.update(n_done=self._n_done, n_total=self._n_total, note=note)

    def on_end(self) -> None:
        """Leave the bar as it stands."""
        self._bar.__exit__(None, None, None)
