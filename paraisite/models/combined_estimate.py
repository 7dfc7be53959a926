"""A model's estimate and a slower, mostly better one of the same crystals, combined by inverse variance.

How wrong the fast one is, it says itself for each crystal. How wrong the slow one is, its errors on the crystals nearby
say whose values are known: with the mean error of all in their place the combined values are off by 0.324 in mean |ln
ratio| on Phonix, 0.291 on Togo15 and 0.293 on HH143, with the errors nearby by 0.316, 0.276 and 0.255. Errors of both
have a common part, that of the known values themselves, so that the combined deviation is too small by a factor: the
half widths of the intervals, measured on held-out crystals, make up for it. Weights that were fitted, and deviations
that grow with the disagreement, were no better on sixty crystals, and neither was a process of the slow one's errors.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.model_selection import GroupKFold

from paraisite.arrays import Bools, Floats, Ints
from paraisite.errors import DataError
from paraisite.models.estimate import MIN_STD_DEX, Estimate, compute_half_width, compute_interval
from paraisite.models.local_error import LocalError
from paraisite.models.nearest_rows import NearestRows
from paraisite.schema import COVERAGES

N_FOLD: Final = 10
SEED: Final = 2026

_STD_PER_MEAN_ERROR: Final = float(np.sqrt(np.pi / 2.0))
"""Of a normal distribution. The mean error says more than the root mean square where a few rows are far off."""


@dataclass(frozen=True, eq=False)
class ComparedRows:
    """Crystals of known conductivity with two estimates that neither value was fitted on.

    Attributes:
        fast: The model's.
        slow: The slow one's log10(kappa), dex, [n_row].
        known: Known log10(kappa), dex, [n_row].
        places: Of the crystals in the model's own distances, [n_row, n_dimension].
        formulas: Reduced formulas, [n_row].
    """

    fast: Estimate
    slow: Floats
    known: Floats
    places: Floats
    formulas: Sequence[str]

    def take(self, rows: Ints | Bools) -> "ComparedRows":
        """Return some of the rows."""
        formulas = np.asarray(self.formulas)[rows].tolist()
        return ComparedRows(self.fast.take(rows), self.slow[rows], self.known[rows], self.places[rows], formulas)

    @property
    def slow_error(self) -> LocalError:
        """Absolute errors of the slow estimate, dex."""
        return LocalError(NearestRows(self.places), np.abs(self.slow - self.known))


def estimate_slow(slow: Floats, mean_error: Floats) -> Estimate:
    """Return the slow estimates with the deviations that their mean errors, dex, tell."""
    return Estimate(slow, np.maximum(_STD_PER_MEAN_ERROR * mean_error, MIN_STD_DEX))


def combine(fast: Estimate, slow: Estimate) -> Estimate:
    """Return the estimates that two of the same crystals give together, each weighted by its inverse variance."""
    of_fast, of_slow = (np.maximum(each.std, MIN_STD_DEX) ** -2.0 for each in (fast, slow))
    mean = (of_fast * fast.mean + of_slow * slow.mean) / (of_fast + of_slow)
    return Estimate(mean, (of_fast + of_slow) ** -0.5)


@dataclass(frozen=True)
class CombinedIntervals:
    """How far intervals of combined estimates reach.

    Attributes:
        half_widths: Half widths for ``schema.COVERAGES``, in deviations of the combined estimate.
        n_row: Rows that they were measured on.
    """

    half_widths: tuple[float, ...]
    n_row: int

    @classmethod
    def fit(cls, rows: ComparedRows) -> "CombinedIntervals":
        """Measure them, the slow estimate of each row with the errors of other formulas.

        Raises:
            DataError: The rows are too few for the widest interval.
        """
        if not len(rows.known):
            raise DataError("no crystal to measure the combined estimate on")
        combined = combine(rows.fast, estimate_slow(rows.slow, rows.slow_error.average_known(rows.formulas)))
        widths = tuple(compute_half_width(combined, rows.known, coverage=coverage) for coverage in COVERAGES)
        return cls(widths, len(rows.known))

    def compute(self, combined: Estimate) -> tuple[Floats, Floats]:
        """Return the ends of the intervals: kappa in W/m/K, each [n_coverage, n_row]."""
        ends = [compute_interval(combined, half_width=width) for width in self.half_widths]
        lower, upper = (np.stack(values) for values in zip(*ends, strict=True))
        return lower, upper


@dataclass(frozen=True, eq=False)
class HeldOutCombination:
    """Combined estimates of rows whose formulas had no part in how they are combined.

    Attributes:
        combined: The estimates.
        lower: Lower ends of the intervals, kappa in W/m/K, [n_coverage, n_row].
        upper: Upper ends, same shape.
    """

    combined: Estimate
    lower: Floats
    upper: Floats


def combine_held_out(rows: ComparedRows, measures: Bools, tested: ComparedRows | None = None) -> HeldOutCombination:
    """Return what combinations that were measured on the other formulas give.

    Args:
        rows: The crystals.
        measures: Which of them may be measured on, [n_row].
        tested: What is combined, if not these rows: estimates of the same crystals.

    Raises:
        DataError: The rows are too few.
    """
    tested = rows if tested is None else tested
    n_row, n_formula = len(tested.known), len(set(rows.formulas))
    if n_formula < 2:
        raise DataError(f"{n_formula} formulas, expected at least two to hold one out")
    mean, std = np.empty(n_row), np.empty(n_row)
    lower, upper = np.empty((2, len(COVERAGES), n_row))
    names, tested_names = np.asarray(rows.formulas), np.asarray(tested.formulas)
    folds = GroupKFold(min(N_FOLD, n_formula), shuffle=True, random_state=SEED)
    for train, held_out in folds.split(rows.known, groups=names):
        measured, test = rows.take(train[measures[train]]), np.isin(tested_names, names[held_out])
        intervals, some = CombinedIntervals.fit(measured), tested.take(test)
        combined = combine(some.fast, estimate_slow(some.slow, measured.slow_error.average_at(some.places)))
        mean[test], std[test] = combined.mean, combined.std
        lower[:, test], upper[:, test] = intervals.compute(combined)
    return HeldOutCombination(Estimate(mean, std), lower, upper)
