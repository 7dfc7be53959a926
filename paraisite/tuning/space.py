"""What a study chooses among, as data, and the settings that a choice stands for."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from optuna.trial import BaseTrial
from scipy.stats import qmc

from paraisite.config import KEPT, FineTuning

Value = str | int | float
Candidate = dict[str, Value]
"""One value for each dimension of the space."""

PERIOD: Final = "period_over_epochs"
"""Dimension that is no setting itself: the cosine's period as a multiple of the training's epochs."""


@dataclass(frozen=True)
class Categorical:
    """One of some values.

    Attributes:
        name: Setting of ``FineTuning``, or ``PERIOD``.
        values: What is tried.
    """

    name: str
    values: tuple[Value, ...]

    def suggest(self, trial: BaseTrial) -> Value:
        """Return what a trial asks for."""
        return self.values[self.values.index(trial.suggest_categorical(self.name, self.values))]

    def holds(self, value: Value) -> bool:
        """Return whether a value is one of these."""
        return value in self.values

    def at(self, position: float) -> Value:
        """Return the value at a position in [0, 1)."""
        return self.values[int(position * len(self.values))]


@dataclass(frozen=True)
class Range:
    """A number between two others.

    Attributes:
        name: Setting of ``FineTuning``.
        low: Smallest value.
        high: Largest value.
        log: Whether equal ratios are equally likely, instead of equal differences.
    """

    name: str
    low: float
    high: float
    log: bool = False

    def suggest(self, trial: BaseTrial) -> Value:
        """Return what a trial asks for."""
        return trial.suggest_float(self.name, self.low, self.high, log=self.log)

    def holds(self, value: Value) -> bool:
        """Return whether a value lies between the two."""
        return self.low <= float(value) <= self.high

    def at(self, position: float) -> Value:
        """Return the value at a position in [0, 1)."""
        if self.log:
            return float(np.clip(self.low * (self.high / self.low) ** position, self.low, self.high))
        return self.low + (self.high - self.low) * position


SPACE: Final[tuple[Categorical | Range, ...]] = (
    Categorical("head", (KEPT, "450-350-350", "256-128", "128-64", "64-32", "64")),
    Categorical("dropout", (0.0, 0.1, 0.25, 0.5)),
    Categorical("weight_decay", (0.0, 1e-3, 1e-2, 1e-1, 1.0)),
    Range("learning_rate", 1e-4, 5e-3, log=True),
    Range("final_learning_rate_fraction", 1e-3, 1.0, log=True),
    Categorical(PERIOD, (0.5, 1.0, 3.0)),
    Categorical("loss", ("percentage", "log_absolute", "log_huber", "mixture")),
    Range("percentage_share", 0.1, 0.9),
    Categorical("frozen", ("nothing", "embedding", "first_block", "two_blocks", "blocks", "backbone")),
    Categorical("n_start", (1, 3, 9)),
    Categorical("batch_size", (4, 8, 16, 32)),
)


def suggest_settings(trial: BaseTrial, *, epochs: int) -> FineTuning:
    """Return the settings that a trial asks for.

    Args:
        trial: Optuna's.
        epochs: Of every trial of the study.
    """
    return adapt_settings({dimension.name: dimension.suggest(trial) for dimension in SPACE}, epochs=epochs)


def adapt_settings(candidate: Mapping[str, Any], *, epochs: int) -> FineTuning:
    """Return the settings that a candidate stands for."""
    own = dict(candidate)
    period = max(1, round(own.pop(PERIOD) * epochs))
    return FineTuning(epochs=epochs, learning_rate_period_epochs=period, **own)


def find_candidate(settings: FineTuning) -> Candidate | None:
    """Return the candidate that stands for these settings; None where the space does not hold it."""
    values = asdict(settings) | {PERIOD: settings.learning_rate_period_epochs / settings.epochs}
    if not all(dimension.holds(values[dimension.name]) for dimension in SPACE):
        return None
    return {dimension.name: values[dimension.name] for dimension in SPACE}


def draw_candidates(n: int, *, seed: int) -> Iterator[Candidate]:
    """Yield the first candidates of a scrambled Sobol sequence: they fill the space, whatever any trial measures.

    Optuna's own quasi-random sampler draws categories independently, and in an order that depends on the processes.

    Args:
        n: How many; a longer list begins with the shorter one.
        seed: Of the scrambling.
    """
    points = qmc.Sobol(len(SPACE), scramble=True, rng=seed)
    # In powers of two, as SciPy warns of other lengths.
    for position in points.random_base2(max(0, n - 1).bit_length())[:n]:
        yield {dimension.name: dimension.at(float(x)) for dimension, x in zip(SPACE, position, strict=True)}
