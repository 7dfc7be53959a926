"""From estimates of log10(kappa) to one value of kappa, and to an interval around it.

The value that has the least expected |error|/kappa lies below the median: for a normal distribution of ln(kappa) with
standard deviation s, at exp(median - s²), because an estimate that is too high can be off by any factor and one that is
too low by 100 % at most. How far a model's own spread is to be trusted is measured out of fold.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.errors import DataError
from paraisite.evaluation.crossfit import CrossFit, Estimate, Floats

TILTS: Final = np.linspace(0.0, 2.0, 21)
"""Shares of s² that are tried: 0 takes the median, 1 the optimum where the spread is right."""

MIN_SPREAD_DEX: Final = 0.01
"""Below any model's error, so that a spread of zero divides nothing."""


def kappa_of(estimate: Estimate, *, tilt: float) -> Floats:
    """Return kappa in W/m/K, [n_row].

    Args:
        estimate: log10(kappa).
        tilt: How many times s² below the median, in ln(kappa).
    """
    return np.power(10.0, estimate.mean - tilt * math.log(10.0) * estimate.spread**2)


def mape(kappa_true: Floats, kappa: Floats) -> float:
    """Return the mean of |error|/kappa."""
    return float(np.mean(np.abs(kappa / kappa_true - 1.0)))


def best_tilt(out_of_fold: Estimate, log10_kappa: Floats) -> float:
    """Return the tilt of ``TILTS`` with the lowest MAPE out of fold; of equal ones the smallest."""
    kappa = np.power(10.0, log10_kappa)
    errors = [mape(kappa, kappa_of(out_of_fold, tilt=float(tilt))) for tilt in TILTS]
    return float(TILTS[int(np.argmin(errors))])


def mixed(estimates: Sequence[Estimate], weights: npt.ArrayLike | None = None) -> Estimate:
    """Return mean and standard deviation of the mixture of several models' normal distributions.

    Args:
        estimates: Of the same rows.
        weights: Share of each model, summing to one; None for equal shares.
    """
    share = np.full(len(estimates), 1.0 / len(estimates)) if weights is None else np.asarray(weights, np.float64)
    means, spreads = (np.stack([getattr(estimate, name) for estimate in estimates]) for name in ("mean", "spread"))
    mean = share @ means
    return Estimate(mean, np.sqrt(share @ (spreads**2 + (means - mean) ** 2)))


def mixed_cross_fits(models: Sequence[Sequence[CrossFit]]) -> list[CrossFit]:
    """Return the equal mixture of several models, split by split."""
    return [
        CrossFit(
            of_split[0].split,
            out_of_fold=mixed([model.out_of_fold for model in of_split]),
            test=mixed([model.test for model in of_split]),
        )
        for of_split in zip(*models, strict=True)
    ]


def half_width(out_of_fold: Estimate, log10_kappa: Floats, *, coverage: float) -> float:
    """Return how many spreads an interval reaches to each side, so that it holds a share of new rows.

    The conformal quantile of |error|/spread out of fold: with n rows the ceil((n + 1) coverage)-th smallest.

    Args:
        out_of_fold: Estimates of rows that the model has not learnt from.
        log10_kappa: Their true values.
        coverage: Wanted share, in (0, 1).

    Raises:
        DataError: There are too few rows for that share.

    Source: Vovk, Gammerman and Shafer, Algorithmic Learning in a Random World (2005); for estimates out of fold Barber
    et al., Ann. Stat. 49, 486 (2021), 10.1214/20-AOS1965.
    """
    score = np.sort(np.abs(out_of_fold.mean - log10_kappa) / np.maximum(out_of_fold.spread, MIN_SPREAD_DEX))
    rank = math.ceil((len(score) + 1) * coverage)
    if not 1 <= rank <= len(score):
        raise DataError(f"{len(score)} rows are too few for intervals that hold {coverage:.0%}")
    return float(score[rank - 1])


def interval_of(estimate: Estimate, *, half_width: float) -> tuple[Floats, Floats]:
    """Return the ends of the intervals, kappa in W/m/K, each [n_row]."""
    reach = half_width * np.maximum(estimate.spread, MIN_SPREAD_DEX)
    return np.power(10.0, estimate.mean - reach), np.power(10.0, estimate.mean + reach)
