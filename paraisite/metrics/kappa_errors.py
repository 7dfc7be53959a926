"""The numbers that a run reports: errors of kappa in W/m/K, and the published convention's MAPE.

Rules for values that a formula cannot take:

- A member that predicts a value that is not finite (a diverged run) gets NaN for *all* its metrics. Means over members
  leave NaN out and report over how many members they were taken (``summarise_metrics``): never silently averaged.
- Predictions can lie slightly below zero (10**x - 1 > -1). Where a logarithm needs a positive number, kappa (or
  1 + kappa) is raised to ``LOG_FLOOR``; the other metrics take the value as it is.
"""

from typing import Final, Literal

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, r2_score, root_mean_squared_error

from paraisite import schema
from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.models.target_scaler import TargetScaler
from paraisite.schema import LOG_FLOOR

Epoch = Literal["best_epoch", "last_epoch", "test"]

COLUMN_OF_EPOCH: Final[dict[Epoch, str]] = {
    "best_epoch": schema.KAPPA_BEST_EPOCH,
    "last_epoch": schema.KAPPA_LAST_EPOCH,
}
_PUBLISHED_OF_EPOCH: Final[dict[Epoch, str]] = {
    "best_epoch": schema.MAPE_PUBLISHED_CONVENTION,
    "last_epoch": schema.MAPE_PUBLISHED_CONVENTION_LAST_EPOCH,
}


def compute_kappa_errors(kappa_true: Floats, kappa_predicted: Floats, *, epoch: Epoch) -> dict[str, float]:
    """Return MAPE, MAE, RMSE, R², log10-MAE and Spearman of one member, keyed by the schema's names.

    Args:
        kappa_true: True values, W/m/K, all > 0, [n].
        kappa_predicted: Predicted values, W/m/K, [n].
        epoch: Which weights predicted; it ends the names.

    Returns:
        Six numbers; all NaN if a prediction is not finite. Spearman is NaN for constant predictions, R² for one row.

    Raises:
        DataError: Shapes differ, there is no row, or a true value is not positive.
    """
    kappa_true, kappa_predicted = _check_values(kappa_true, kappa_predicted)
    names = [f"{quantity}_{epoch}" for quantity in ("mape", "mae", "rmse", "r2", "log10_mae", "spearman")]
    if not np.all(np.isfinite(kappa_predicted)):
        return dict.fromkeys(names, float("nan"))
    values = (
        mean_absolute_percentage_error(kappa_true, kappa_predicted),
        mean_absolute_error(kappa_true, kappa_predicted),
        root_mean_squared_error(kappa_true, kappa_predicted),
        r2_score(kappa_true, kappa_predicted) if len(kappa_true) > 1 else float("nan"),
        mean_absolute_error(_take_floored_log10(kappa_true), _take_floored_log10(kappa_predicted)),
        compute_spearman(kappa_true, kappa_predicted),
    )
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def compute_published_mape(
    kappa_true: Floats,
    kappa_predicted: Floats,
    *,
    own_scaler: tuple[float, float],
    start_scaler: tuple[float, float] | None,
) -> float:
    """Return the MAPE as the paper's third stage takes it: on values undone with the wrong scaler.

    Labels are standardised with the member's own scaler, then both labels and predictions are turned back with the
    scaler of the model it started from. A model that did not start from another recipe has only one scaler, and its
    published MAPE is the ordinary one.

    Args:
        kappa_true: True values, W/m/K, all > 0, [n].
        kappa_predicted: Predicted values, W/m/K, [n].
        own_scaler: Mean and deviation of log10(1 + kappa) of the member's training rows.
        start_scaler: The same of the member that it started from; None if it started from no recipe.

    Returns:
        The MAPE; NaN if a prediction is not finite.
    """
    kappa_true, kappa_predicted = _check_values(kappa_true, kappa_predicted)
    if not np.all(np.isfinite(kappa_predicted)):
        return float("nan")
    if start_scaler is not None:
        kappa_true = _rescale(kappa_true, own_scaler, start_scaler)
        kappa_predicted = _rescale(kappa_predicted, own_scaler, start_scaler)
    return float(mean_absolute_percentage_error(kappa_true, kappa_predicted))


def tabulate_metrics(
    predictions: pd.DataFrame, *, scaler: TargetScaler, start_scaler: TargetScaler | None
) -> pd.DataFrame:
    """Return every metric of every split, from the validation rows of a predictions table.

    Args:
        predictions: A ``RecipeResult``'s predictions; splits in the order of members.
        scaler: The members' own scalers.
        start_scaler: The scalers of the members that they started from; None if they started from no recipe.

    Returns:
        One row per split (index split_seed), the columns of ``schema.METRIC_NAMES``.

    Raises:
        DataError: The numbers of splits and of scalers differ.
    """
    validation = predictions[predictions[schema.PART] == schema.VALIDATION]
    groups = list(validation.groupby(schema.SPLIT_SEED, sort=False))
    for name, given in (("scaler", scaler), ("start_scaler", start_scaler)):
        if given is not None and len(given.mean) != len(groups):
            raise DataError(f"{name} has {len(given.mean)} members, the predictions table {len(groups)} splits")
    rows = []
    for member, (_, group) in enumerate(groups):
        start = None if start_scaler is None else _get_scaler_pair(start_scaler, member)
        rows.append(_measure_member(group, own=_get_scaler_pair(scaler, member), start=start))
    index = pd.Index([seed for seed, _ in groups], name=schema.SPLIT_SEED)
    return pd.DataFrame(rows, index=index, columns=list(schema.METRIC_NAMES))


def summarise_metrics(metrics: pd.DataFrame) -> pd.DataFrame:
    """Return mean, sample standard deviation and number of finite values of each metric over the splits.

    Args:
        metrics: A table as ``tabulate_metrics`` returns it.

    Returns:
        Index metric name; columns ``mean``, ``std`` (n - 1 in the denominator; NaN for one split), ``n_run``: the
        number of splits behind both, which is less than the number of rows if a member diverged.
    """
    finite = metrics.where(np.isfinite(metrics))
    return pd.DataFrame({"mean": finite.mean(), "std": finite.std(ddof=1), "n_run": finite.count()})


def _measure_member(
    rows: pd.DataFrame, *, own: tuple[float, float], start: tuple[float, float] | None
) -> dict[str, float]:
    kappa = rows[schema.KAPPA].to_numpy(dtype=np.float64)
    values: dict[str, float] = {}
    for epoch, column in COLUMN_OF_EPOCH.items():
        predicted = rows[column].to_numpy(dtype=np.float64)
        values.update(compute_kappa_errors(kappa, predicted, epoch=epoch))
        values[_PUBLISHED_OF_EPOCH[epoch]] = compute_published_mape(
            kappa, predicted, own_scaler=own, start_scaler=start
        )
    return values


def _check_values(kappa_true: Floats, kappa_predicted: Floats) -> tuple[Floats, Floats]:
    true = np.asarray(kappa_true, dtype=np.float64)
    predicted = np.asarray(kappa_predicted, dtype=np.float64)
    if true.shape != predicted.shape or true.ndim != 1 or not len(true):
        raise DataError(f"expected two equally long rows of kappa, found shapes {true.shape} and {predicted.shape}")
    if not np.all(true > 0):
        raise DataError(f"true kappa must be above 0 W/m/K, found {true.min():g}")
    return true, predicted


def _get_scaler_pair(scaler: TargetScaler, member: int) -> tuple[float, float]:
    return float(scaler.mean[member]), float(scaler.std[member])


def _take_floored_log10(values: Floats) -> Floats:
    return np.log10(np.maximum(values, LOG_FLOOR))


def _rescale(kappa: Floats, own: tuple[float, float], start: tuple[float, float]) -> Floats:
    standardised = (_take_floored_log10(1.0 + kappa) - own[0]) / own[1]
    return np.power(10.0, standardised * start[1] + start[0]) - 1.0


def compute_spearman(true: Floats, predicted: Floats) -> float:
    """Return the rank correlation; NaN where either side is constant."""
    if np.ptp(true) == 0 or np.ptp(predicted) == 0:  # ranks are undefined; SciPy would warn and return NaN
        return float("nan")
    return float(spearmanr(true, predicted).statistic)


def compute_coverage(known: Floats, lower: Floats, upper: Floats) -> float:
    """Return the share of values that lie in their intervals, the ends included; a missing interval holds nothing."""
    return float(((lower <= known) & (known <= upper)).mean())
