"""How far values computed one way agree with known ones: ranks, ratios, errors, with bootstrap intervals."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap, rankdata
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.metrics.kappa_errors import compute_spearman

CONFIDENCE: Final = 0.95
N_RESAMPLE: Final = 2000
MIN_ROWS: Final = 10
"""With fewer, resamples of equal rows are common, and a rank correlation is mostly noise."""

_VALUES_AT_ONCE: Final = 1_000_000
"""Values that the bootstrap holds in memory at a time."""


@dataclass(frozen=True)
class Agreement:
    """Computed against known conductivities of the same crystals; intervals have the level ``CONFIDENCE``.

    Attributes:
        n: Crystals.
        spearman: Rank correlation; NaN where one side is constant.
        spearman_low: Lower end of its interval.
        spearman_high: Upper end of it.
        pearson_log10: Correlation of the logarithms.
        mean_log10_ratio: Mean of log10(computed/known), dex; above 0 if computed values are too large.
        std_log10_ratio: Sample standard deviation of it, dex.
        within_factor_2: Share of crystals with half to twice the known value.
        mean_abs_ln_ratio: Mean of |ln(computed/known)|; NaN in files that were written without it.
        mean_abs_ln_ratio_low: Lower end of its interval.
        mean_abs_ln_ratio_high: Upper end of it.
        mape: Mean of |computed - known|/known, a fraction.
        mape_low: Lower end of its interval.
        mape_high: Upper end of it.
    """

    n: int
    spearman: float
    spearman_low: float
    spearman_high: float
    pearson_log10: float
    mean_log10_ratio: float
    std_log10_ratio: float
    within_factor_2: float
    mape: float
    mape_low: float
    mape_high: float
    mean_abs_ln_ratio: float = float("nan")
    mean_abs_ln_ratio_low: float = float("nan")
    mean_abs_ln_ratio_high: float = float("nan")


def measure_agreement(known: npt.ArrayLike, computed: npt.ArrayLike, *, seed: int = 0) -> Agreement:
    """Compare computed with known conductivities, row by row.

    Args:
        known: Conductivities to reproduce, W/m/K, [n].
        computed: What was computed for the same crystals, W/m/K, [n].
        seed: Of the bootstrap, which draws pairs and takes the percentiles of the statistics.

    Raises:
        DataError: The lengths differ, there are fewer than ``MIN_ROWS`` rows, or a value is not positive and finite.
    """
    known, computed = _checked(known, computed)
    log_ratio = np.log10(computed / known)
    spearman_low, spearman_high = _interval(_rank_correlation, known, computed, seed=seed)
    mape_low, mape_high = _interval(_mape, known, computed, seed=seed)
    ln_low, ln_high = _interval(_mean_abs_ln_ratio, known, computed, seed=seed)
    return Agreement(
        n=len(known),
        spearman=compute_spearman(known, computed),
        spearman_low=spearman_low,
        spearman_high=spearman_high,
        pearson_log10=float(_correlation(np.log10(known), np.log10(computed))),
        mean_log10_ratio=float(log_ratio.mean()),
        std_log10_ratio=float(log_ratio.std(ddof=1)),
        within_factor_2=float(np.mean(np.abs(log_ratio) <= np.log10(2.0))),
        mape=float(_mape(known, computed)),
        mape_low=mape_low,
        mape_high=mape_high,
        mean_abs_ln_ratio=float(_mean_abs_ln_ratio(known, computed)),
        mean_abs_ln_ratio_low=ln_low,
        mean_abs_ln_ratio_high=ln_high,
    )


def measure_agreements(known: pd.Series, computed: pd.DataFrame, *, seed: int = 0) -> dict[str, Agreement]:
    """Compare several ways to compute with the same known values, on the rows that all of them have.

    Args:
        known: Conductivities to reproduce, W/m/K.
        computed: A column for each way, W/m/K, NaN where it gives none; same index as ``known``.
        seed: Of the bootstrap.

    Returns:
        For each column its agreement; ``n`` is the same for all.

    Raises:
        DataError: The indices differ, or too few rows have all values.
    """
    if not known.index.equals(computed.index):
        raise DataError(f"known values of {len(known)} rows, computed ones of {len(computed)}, expected the same rows")
    complete = pd.concat([known, computed], axis=1).notna().all(axis=1).to_numpy()
    return {
        str(name): measure_agreement(known[complete], values[complete], seed=seed) for name, values in computed.items()
    }


@dataclass(frozen=True)
class EnergyAgreement:
    """Energies from two sources of the same crystals.

    Attributes:
        n: Crystals.
        mae: Mean absolute difference, eV/atom.
        rmse: Root of the mean squared difference, eV/atom.
        mean_difference: Mean of computed - expected, eV/atom.
        pearson: Correlation; NaN where one side is constant.
        spearman: Rank correlation; NaN where one side is constant.
    """

    n: int
    mae: float
    rmse: float
    mean_difference: float
    pearson: float
    spearman: float


def measure_energy_agreement(expected: npt.ArrayLike, computed: npt.ArrayLike) -> EnergyAgreement:
    """Compare energies, row by row.

    Args:
        expected: eV/atom, [n].
        computed: eV/atom, [n].

    Raises:
        DataError: The lengths differ, there are fewer than ``MIN_ROWS`` rows, or a value is not finite.
    """
    expected, computed = np.asarray(expected, dtype=np.float64), np.asarray(computed, dtype=np.float64)
    if expected.ndim != 1 or expected.shape != computed.shape or len(expected) < MIN_ROWS:
        raise DataError(
            f"expected two equally long rows of at least {MIN_ROWS} energies, "
            f"found {expected.shape} and {computed.shape}"
        )
    if not (np.isfinite(expected).all() and np.isfinite(computed).all()):
        raise DataError("an energy is not finite")
    return EnergyAgreement(
        n=len(expected),
        mae=float(mean_absolute_error(expected, computed)),
        rmse=float(root_mean_squared_error(expected, computed)),
        mean_difference=float(np.mean(computed - expected)),
        pearson=float(_correlation(expected, computed)),
        spearman=compute_spearman(expected, computed),
    )


def _checked(known: npt.ArrayLike, computed: npt.ArrayLike) -> tuple[Floats, Floats]:
    known, computed = np.asarray(known, dtype=np.float64), np.asarray(computed, dtype=np.float64)
    if known.ndim != 1 or known.shape != computed.shape or len(known) < MIN_ROWS:
        raise DataError(
            f"expected two equally long rows of at least {MIN_ROWS} kappas, found {known.shape} and {computed.shape}"
        )
    for name, values in (("known", known), ("computed", computed)):
        if wrong := values[~(np.isfinite(values) & (values > 0))].tolist():
            raise DataError(f"{name} kappa must be above 0 W/m/K and finite, found {wrong[0]:g}")
    return known, computed


def _interval(statistic: Any, known: Floats, computed: Floats, *, seed: int) -> tuple[float, float]:
    """Return the percentile interval; NaN where the statistic, or that of a resample, is undefined."""
    if np.isnan(statistic(known, computed)):
        return float("nan"), float("nan")
    interval = bootstrap(
        (known, computed),
        statistic,
        paired=True,
        vectorized=True,
        n_resamples=N_RESAMPLE,
        batch=max(1, _VALUES_AT_ONCE // len(known)),
        confidence_level=CONFIDENCE,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)


def _mape(known: Floats, computed: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.mean(np.abs(computed - known) / known, axis=axis))


def _mean_abs_ln_ratio(known: Floats, computed: Floats, axis: int = -1) -> Floats:
    return np.asarray(np.mean(np.abs(np.log(computed / known)), axis=axis))


def _rank_correlation(known: Floats, computed: Floats, axis: int = -1) -> Floats:
    return _correlation(rankdata(known, axis=axis), rankdata(computed, axis=axis), axis)


def _correlation(first: Floats, second: Floats, axis: int = -1) -> Floats:
    """Return Pearson's correlation along an axis; NaN where one side is constant."""
    first = first - first.mean(axis=axis, keepdims=True)
    second = second - second.mean(axis=axis, keepdims=True)
    norm = np.sqrt((first**2).sum(axis=axis) * (second**2).sum(axis=axis))
    covariance = (first * second).sum(axis=axis)
    return np.divide(covariance, norm, out=np.full_like(norm, np.nan), where=norm > 0)
