"""How far the phonons of one crystal are: what is called after each step of their computation, and a bar of it."""

from collections.abc import Callable
from typing import Final, Protocol

from paraisite.core.progress import CountProgress

RELAXATION: Final = "relaxation"
SECOND_ORDER: Final = "second-order displacements"
THIRD_ORDER: Final = "third-order displacements"
SOLUTION: Final = "Boltzmann equation"

_SECONDS_BETWEEN_LINES: Final = 60.0


class OnPhononStep(Protocol):
    """Called for every step."""

    def __call__(self, stage: str, /, *, n_done: int, n_total: int | None) -> None:
        """Take note of a step.

        Args:
            stage: ``RELAXATION`` and so on.
            n_done: Steps of the stage that are done.
            n_total: All of them; None where nobody can tell, as of a relaxation.
        """


def ignore_step(_stage: str, /, *, n_done: int, n_total: int | None) -> None:
    """Do nothing: the default where no progress is asked for."""


def count_stage(on_step: OnPhononStep, stage: str, *, n_total: int | None) -> Callable[[], None]:
    """Return a function without arguments that is called for each step of one stage."""
    n_done = 0
    on_step(stage, n_done=0, n_total=n_total)

    def count() -> None:
        nonlocal n_done
        n_done += 1
        on_step(stage, n_done=n_done, n_total=n_total)

    return count


class PhononProgress(CountProgress):
    """Shows how many of a crystal's force calls are done, and what is under way; to be used with ``with``."""

    def __init__(self, name: str, *, n_force_call: int) -> None:
        """Prepare the bar.

        Args:
            name: The crystal's.
            n_force_call: Displacements of both orders, as they were estimated.
        """
        super().__init__(name, unit="force calls", seconds_between_lines=_SECONDS_BETWEEN_LINES)
        self._estimated = n_force_call
        self._n_second = 0

    def __call__(self, stage: str, /, *, n_done: int, n_total: int | None) -> None:
        """Show a step."""
        done, total = 0, self._estimated
        if stage == SECOND_ORDER:
            self._n_second = n_total or 0
            done = n_done
        elif stage == THIRD_ORDER:
            total = self._n_second + (n_total or 0)
            done = self._n_second + n_done
        elif stage == SOLUTION:
            done = total
        self.update(n_done=done, n_total=total, note=stage)
