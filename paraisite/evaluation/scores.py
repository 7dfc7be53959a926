"""Errors on rows that chose nothing: per split, their mean with a bootstrap interval, and the intervals' coverage."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.datasets.table import Dataset
from paraisite.evaluation.crossfit import CrossFit, Floats
from paraisite.evaluation.metrics import evaluate
from paraisite.evaluation.point import best_tilt, half_width, interval_of, kappa_of

ESTIMATES_FILE: Final = "estimates.csv.gz"

COVERAGES: Final = (0.5, 0.8, 0.9)
MODEL: Final = "model"
SPLIT: Final = "split"
TILT: Final = "tilt"
MAPE_TEST: Final = "mape_test"
KAPPA_ESTIMATED: Final = "kappa_estimated_w_per_m_k"
KAPPA_MEDIAN: Final = "kappa_median_w_per_m_k"
LOG10_SPREAD: Final = "log10_spread_dex"

_N_RESAMPLE: Final = 2000
_LEVEL: Final = 0.95


def interval_columns(coverage: float) -> tuple[str, str]:
    """Return the names of the columns with an interval's ends, in W/m/K."""
    return f"kappa_low_{coverage:.0%}_w_per_m_k", f"kappa_high_{coverage:.0%}_w_per_m_k"


def estimates_table(model: str, found: Sequence[CrossFit], dataset: Dataset) -> pd.DataFrame:
    """Return one row per split and test material: its value, the estimate and its intervals.

    Tilt and widths are chosen on the out-of-fold estimates of each split's training rows.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    tables = []
    for each in found:
        split, known = each.split, np.log10(kappa[each.split.train])
        tilt = best_tilt(each.out_of_fold, known)
        rows = dataset.table.iloc[split.test]
        columns: dict[str, Any] = {
            MODEL: model,
            schema.SPLIT_SEED: split.seed,
            SPLIT: split.name,
            schema.ROW: split.test,
            schema.MATERIAL_ID: rows[schema.MATERIAL_ID].to_numpy(),
            schema.FORMULA: rows[schema.FORMULA].to_numpy(),
            schema.KAPPA: kappa[split.test],
            KAPPA_ESTIMATED: kappa_of(each.test, tilt=tilt),
            KAPPA_MEDIAN: kappa_of(each.test, tilt=0.0),
            LOG10_SPREAD: each.test.spread,
            TILT: tilt,
        }
        for coverage in COVERAGES:
            width = half_width(each.out_of_fold, known, coverage=coverage)
            columns |= dict(zip(interval_columns(coverage), interval_of(each.test, half_width=width), strict=True))
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def scores_table(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model and split: the metrics of the test rows, and the share that each interval holds.

    Args:
        estimates: Of one model or several, as ``estimates_table`` returns them.
    """
    rows = []
    for (model, seed, split), group in estimates.groupby([MODEL, schema.SPLIT_SEED, SPLIT], sort=False):
        kappa, estimated = (group[name].to_numpy(np.float64) for name in (schema.KAPPA, KAPPA_ESTIMATED))
        # Tilted estimates lie below the median on purpose; errors of the logarithm are those of the median.
        median = evaluate(kappa, group[KAPPA_MEDIAN].to_numpy(np.float64), epoch="test")
        held = {name: median[name] for name in ("log10_mae_test", "spearman_test")}
        for coverage in COVERAGES:
            low, high = (group[name].to_numpy(np.float64) for name in interval_columns(coverage))
            held[f"coverage_{coverage:.0%}"] = float(np.mean((low <= kappa) & (kappa <= high)))
            held[f"width_{coverage:.0%}_dex"] = float(np.mean(np.log10(high / low)))
        identity = {MODEL: model, schema.SPLIT_SEED: seed, SPLIT: split}
        rows.append(identity | evaluate(kappa, estimated, epoch="test") | held)
    return pd.DataFrame(rows)


def summary_table(estimates: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model (index): mean and standard deviation over the splits, and the MAPE's interval.

    The interval is a percentile bootstrap over materials: splits share them, so that nine splits are not nine
    independent measurements.
    """
    metrics = [name for name in scores.columns if name not in (MODEL, schema.SPLIT_SEED, SPLIT)]
    by_model = scores.groupby(MODEL, sort=False)[metrics]
    summary = by_model.mean().join(by_model.std(ddof=1).add_suffix("_std"))
    intervals: Mapping[Any, tuple[float, float]] = {
        model: _mape_interval(group) for model, group in estimates.groupby(MODEL, sort=False)
    }
    summary["mape_test_low"] = [intervals[model][0] for model in summary.index]
    summary["mape_test_high"] = [intervals[model][1] for model in summary.index]
    return summary


def _mape_interval(estimates: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the bootstrap interval of the mean over splits of the MAPE, resampling materials."""
    error = np.abs(estimates[KAPPA_ESTIMATED] / estimates[schema.KAPPA] - 1.0)
    by_split = estimates.assign(error=error).pivot_table(
        index=schema.SPLIT_SEED, columns=schema.ROW, values="error", aggfunc="mean"
    )
    errors = by_split.to_numpy(np.float64)  # [n_split, n_material], NaN where a split does not test a material
    tested, errors = np.isfinite(errors).astype(np.float64), np.nan_to_num(errors)
    rng, n = np.random.default_rng(0), errors.shape[1]
    weights: Floats = rng.multinomial(n, np.full(n, 1.0 / n), size=_N_RESAMPLE).astype(np.float64)
    counts = weights @ tested.T
    # A split none of whose materials was drawn says nothing.
    means = np.divide(weights @ errors.T, counts, out=np.full_like(counts, np.nan), where=counts > 0)
    values = np.nanmean(means, axis=1)
    low, high = np.quantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)
