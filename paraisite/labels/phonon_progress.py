"""How far the phonons of one crystal are: what is called after each step of their computation."""

from collections.abc import Callable
from typing import Final, Protocol

RELAXATION: Final = "relaxation"
SECOND_ORDER: Final = "second-order displacements"
THIRD_ORDER: Final = "third-order displacements"
SOLUTION: Final = "Boltzmann equation"


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
