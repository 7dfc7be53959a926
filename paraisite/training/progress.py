"""A progress bar with the time left and the latest errors."""

import threading

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class ProgressBar:
    """Shows member-epochs done, the time left and the mean of the members' best validation errors so far."""

    def __init__(self, title: str, *, console: Console | None = None) -> None:
        """Prepare the bar; it appears with the first epoch."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[error]}"),
            console=console or Console(stderr=True),
        )
        self._title = title
        self._task: TaskID | None = None
        self._best: dict[int, float] = {}
        self._lock = threading.Lock()

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        """Show the bar."""
        self._progress.start()
        self._task = self._progress.add_task(
            self._title, total=n_member * n_epoch, completed=n_epoch_done, error="compiling …"
        )

    def on_epoch(self, *, member: int, epoch: int, train_mape: float, validation_mape: float) -> None:
        """Move the bar by one member-epoch."""
        with self._lock:
            self._best[member] = min(validation_mape, self._best.get(member, float("inf")))
            mean = sum(self._best.values()) / len(self._best)
        if self._task is not None:
            self._progress.update(self._task, advance=1, error=f"best validation MAPE, mean {mean:.3f}")

    def on_end(self) -> None:
        """Leave the bar as it stands."""
        self._progress.stop()
