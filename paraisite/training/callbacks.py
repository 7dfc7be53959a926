"""What may watch a training: called after each epoch of each member, from the worker's thread."""

from typing import Protocol


class FitCallback(Protocol):
    """Watches a training."""

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        """Called once; ``n_epoch_done`` counts member-epochs that a checkpoint already holds."""

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        """Called after each epoch (from 1) of each member; the errors are those of the training's objective."""

    def on_end(self) -> None:
        """Called once, also when the training fails."""
