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


class ForceCallCount:
    """Counts the force calls of both orders together, as the steps tell of them."""

    def __init__(self, n_estimated: int) -> None:
        """Begin with what was estimated; the steps tell the true number."""
        self.n_done, self.n_total = 0, n_estimated
        self._n_second = 0

    def count(self, stage: str, *, n_done: int, n_total: int | None) -> None:
        """Take note of a step; arguments as for ``OnPhononStep``."""
        if stage == SECOND_ORDER:
            self.n_done, self._n_second = n_done, n_total or 0
        elif stage == THIRD_ORDER:
            self.n_done, self.n_total = self._n_second + n_done, self._n_second + (n_total or 0)


class PhononProgress(CountProgress):
    """Shows how many of a crystal's force calls are done, and what is under way; to be used with ``with``."""

    def __init__(self, name: str, *, n_force_call: int) -> None:
        """Prepare the bar.

        Args:
            name: The crystal's.
            n_force_call: Displacements of both orders, as they were estimated.
        """
        super().__init__(name, unit="force calls", seconds_between_lines=_SECONDS_BETWEEN_LINES)
        self._calls = ForceCallCount(n_force_call)

    def __call__(self, stage: str, /, *, n_done: int, n_total: int | None) -> None:
        """Show a step."""
        self._calls.count(stage, n_done=n_done, n_total=n_total)
        self.update(n_done=self._calls.n_done, n_total=self._calls.n_total, note=stage)
