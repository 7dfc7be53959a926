"""From estimates of log10(kappa) to one value of kappa, and to an interval around it.

The value that has the least expected |error|/kappa lies below the median: for a normal distribution of ln(kappa) with
standard deviation s, at exp(median - s²), because an estimate that is too high can be off by any factor and one that is
too low by 100 % at most. How far a model's own standard deviation is to be trusted is measured out of fold. The
distribution beyond the interval that holds nine of ten rows rests on no measurement, but would rule the optimum of a
wide one: it is cut off there, so that no estimate leaves its interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from paraisite.arrays import Bools, Floats, Ints
from paraisite.errors import DataError

TILTS: Final = np.linspace(0.0, 2.0, 21)
"""Factors on s² that are tried: 0 takes the median, 1 the optimum where the standard deviation is right."""

CUT_OFF_COVERAGE: Final = 0.9
"""Share of rows in the interval that the distribution is cut off at."""

MIN_STD_DEX: Final = 0.01
"""Below any model's error, so that a standard deviation of zero divides nothing."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates of log10(kappa) of some rows.

    Attributes:
        mean: Centre of each estimate, dex, [n_row].
        std: Standard deviation that the model gives each, dex, [n_row].
    """

    mean: Floats
    std: Floats

    def take(self, rows: Ints | Bools) -> "Estimate":
        """Return the estimates of some rows."""
        return Estimate(self.mean[rows], self.std[rows])


def compute_median_kappa(estimate: Estimate) -> Floats:
    """Return the median of kappa in W/m/K, [n_row]."""
    return np.power(10.0, estimate.mean)


def compute_kappa(estimate: Estimate, *, tilt: float, half_width: float) -> Floats:
    """Return the kappa with the least expected |error|/kappa, W/m/K, [n_row].

    That is the median of the distribution weighted by 1/kappa. For ln(kappa) normal with variance ``tilt`` s² and cut
    off, the weighted one is normal with the same variance, ``tilt`` s² lower, and cut off at the same places.

    Args:
        estimate: log10(kappa).
        tilt: Factor on the variance s²; 0 takes the median.
        half_width: How many standard deviations from the mean the distribution is cut off.
    """
    if tilt == 0:
        return compute_median_kappa(estimate)
    from scipy.stats import truncnorm  # half a second to import, and the default model has no tilt

    std = math.log(10.0) * np.maximum(estimate.std, MIN_STD_DEX)
    deviation, lower = math.sqrt(tilt) * std, tilt * std**2
    ends = ((lower + side * half_width * std) / deviation for side in (-1.0, 1.0))
    shift = truncnorm.ppf(0.5, *ends, loc=-lower, scale=deviation)
    return np.power(10.0, estimate.mean + shift / math.log(10.0))


def choose_tilt(out_of_fold: Estimate, log10_kappa: Floats, *, half_width: float) -> float:
    """Return the tilt of ``TILTS`` with the lowest MAPE out of fold; of equal ones the smallest."""
    from sklearn.metrics import (
        mean_absolute_percentage_error,  # as long to import, and only needed where models are fitted
    )

    kappa = np.power(10.0, log10_kappa)
    errors = [
        mean_absolute_percentage_error(kappa, compute_kappa(out_of_fold, tilt=float(tilt), half_width=half_width))
        for tilt in TILTS
    ]
    return float(TILTS[int(np.argmin(errors))])


def mix_estimates(estimates: Sequence[Estimate]) -> Estimate:
    """Return mean and standard deviation of the mixture, in equal shares, of several models' normal distributions."""
    means, stds = (np.stack([getattr(estimate, name) for estimate in estimates]) for name in ("mean", "std"))
    mean = means.mean(axis=0)
    return Estimate(mean, np.sqrt(np.mean(stds**2 + (means - mean) ** 2, axis=0)))


def compute_half_width(out_of_fold: Estimate, log10_kappa: Floats, *, coverage: float) -> float:
    """Return how many standard deviations an interval reaches to each side, so that it holds a share of new rows.

    The conformal quantile of |error|/std out of fold: with n rows the ceil((n + 1) coverage)-th smallest.

    Args:
        out_of_fold: Estimates of rows that the model was not trained on.
        log10_kappa: Their true values.
        coverage: Wanted share, in (0, 1).

    Raises:
        DataError: There are too few rows for that share.

    Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); for estimates out of fold Barber
    et al., Ann. Stat. 49, 486 (2021), 10.1214/20-AOS1965.
    """
    score = np.sort(np.abs(out_of_fold.mean - log10_kappa) / np.maximum(out_of_fold.std, MIN_STD_DEX))
    rank = math.ceil((len(score) + 1) * coverage)
    if not 1 <= rank <= len(score):
        raise DataError(f"{len(score)} rows are too few for intervals that hold {coverage:.0%}")
    return float(score[rank - 1])


def compute_interval(estimate: Estimate, *, half_width: float) -> tuple[Floats, Floats]:
    """Return the ends of the intervals, kappa in W/m/K, each [n_row]."""
    reach = half_width * np.maximum(estimate.std, MIN_STD_DEX)
    return np.power(10.0, estimate.mean - reach), np.power(10.0, estimate.mean + reach)
