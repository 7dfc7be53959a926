"""A fast model's estimate and a slower, mostly better one of the same crystals, combined by inverse variance.

How wrong the slow one is, is one number, the mean error on held-out crystals; how wrong the fast one is, it says itself
for each crystal. Errors of both have a common part, that of the known values themselves, so that the combined deviation
is too small by a factor: the half widths of the intervals, measured on held-out crystals, make up for it. Weights that
were fitted, and deviations that grow with the disagreement, were no better on sixty crystals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sklearn.model_selection import GroupKFold

from paraisite.arrays import Bools, Floats
from paraisite.errors import DataError
from paraisite.models.estimate import MIN_STD_DEX, Estimate, compute_half_width, compute_interval
from paraisite.schema import COVERAGES

N_FOLD: Final = 10
SEED: Final = 2026

_STD_PER_MEAN_ERROR: Final = float(np.sqrt(np.pi / 2.0))
"""Of a normal distribution. The mean error says more than the root mean square where a few rows are far off."""


@dataclass(frozen=True)
class Combination:
    """How two estimates are combined.

    Attributes:
        slow_std_dex: Standard deviation of the slow one's log10(kappa), dex.
        half_widths: Half widths of the intervals for ``schema.COVERAGES``, in deviations of the combined estimate.
        n_row: Rows that both were measured on.
    """

    slow_std_dex: float
    half_widths: tuple[float, ...]
    n_row: int

    @classmethod
    def fit(cls, fast: Estimate, slow: Floats, known: Floats) -> "Combination":
        """Measure it on crystals that neither estimate was fitted on.

        Args:
            fast: The fast one's.
            slow: The slow one's log10(kappa), dex, [n_row].
            known: Known log10(kappa), dex, [n_row].

        Raises:
            DataError: The rows are too few for the widest interval.
        """
        if not len(known):
            raise DataError("no crystal to measure the combined estimate on")
        slow_std = max(_STD_PER_MEAN_ERROR * float(np.abs(slow - known).mean()), MIN_STD_DEX)
        combined = _combine(fast, slow, slow_std)
        widths = tuple(compute_half_width(combined, known, coverage=coverage) for coverage in COVERAGES)
        return cls(slow_std, widths, len(known))

    def combine(self, fast: Estimate, slow: Floats) -> Estimate:
        """Return the combined estimates; arguments as for ``fit``."""
        return _combine(fast, slow, self.slow_std_dex)

    def compute_intervals(self, combined: Estimate) -> tuple[Floats, Floats]:
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


def combine_held_out(
    fast: Estimate, slow: Floats, known: Floats, formulas: Sequence[str], measures: Bools
) -> HeldOutCombination:
    """Return what combinations that were measured on the other formulas give.

    Args:
        fast: As for ``Combination.fit``.
        slow: As there, [n_row].
        known: As there, [n_row].
        formulas: Reduced formula of each row.
        measures: Which rows may be measured on, [n_row]; the others are combined only.

    Raises:
        DataError: The rows are too few.
    """
    names = np.asarray(formulas)
    n_row, n_formula = len(names), len(set(formulas))
    if n_formula < 2:
        raise DataError(f"{n_formula} formulas, expected at least two to hold one out")
    mean, std = np.empty(n_row), np.empty(n_row)
    lower, upper = np.empty((2, len(COVERAGES), n_row))
    folds = GroupKFold(min(N_FOLD, n_formula), shuffle=True, random_state=SEED)
    for train, test in folds.split(known, groups=names):
        measured = train[measures[train]]
        combination = Combination.fit(fast.take(measured), slow[measured], known[measured])
        combined = combination.combine(fast.take(test), slow[test])
        mean[test], std[test] = combined.mean, combined.std
        lower[:, test], upper[:, test] = combination.compute_intervals(combined)
    return HeldOutCombination(Estimate(mean, std), lower, upper)


def _combine(fast: Estimate, slow: Floats, slow_std_dex: float) -> Estimate:
    of_fast, of_slow = np.maximum(fast.std, MIN_STD_DEX) ** -2.0, slow_std_dex**-2.0
    return Estimate((of_fast * fast.mean + of_slow * slow) / (of_fast + of_slow), (of_fast + of_slow) ** -0.5)
