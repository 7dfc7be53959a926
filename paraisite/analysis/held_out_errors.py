"""Errors of predictions of held-out rows: by protocol and data set, and by kind of crystal."""

from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import binom
from sklearn.metrics import roc_auc_score

from paraisite import schema
from paraisite.analysis.held_out_accurate import (
    CONSTANT,
    DATA_SET,
    FOLD,
    LOW_KAPPA,
    N_SAME_FORMULA,
    N_SAME_FORMULA_CORRECTING,
    N_SAME_FORMULA_ELSEWHERE,
    PROTOCOL,
)
from paraisite.arrays import Bools, Floats
from paraisite.metrics.kappa_errors import compute_coverage, compute_spearman
from paraisite.schema import SELECTED_BY_LABEL

LARGE_ERROR: Final = (2.0, 3.0)
"""Factors: how well the applicability score finds predictions that are farther off."""

SHARED_FORMULA: Final = "rows_sharing_a_formula_with_training_rows"
SHARED_FORMULA_ELSEWHERE: Final = "of_them_with_rows_of_other_data_sets"
SHARED_FORMULA_CORRECTING: Final = "rows_sharing_a_formula_with_rows_that_correct_labels"

FOLD_STD: Final = "fold_std"
"""Deviation of the folds' mean |ln ratio|."""

MAPE_FOLD_STD: Final = "mape_fold_std"
"""Deviation of the folds' MAPEs."""

LOWERED_MAPE: Final = "mape_lowered"
"""MAPE of the estimate that is lowered to have the least MAPE; ``mape`` is the median's."""

KAPPA_RANGE: Final = "kappa_range_w_per_m_k"
"""Column of the range that a row's known conductivity lies in."""

KINDS: Final = (schema.CHEMISTRY, schema.CRYSTAL_SYSTEM, KAPPA_RANGE, schema.PROTOTYPE)
"""Columns that say what kind of crystal a row is."""

_RANGE_ENDS: Final = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_RANGES: Final = (
    f"below {_RANGE_ENDS[0]:g}",
    *(f"{low:g} to {high:g}" for low, high in pairwise(_RANGE_ENDS)),
    f"above {_RANGE_ENDS[-1]:g}",
)

DIVISION: Final = "division"
KIND: Final = "kind"
EXAMPLE: Final = "example"
"""Formula of one of the rows."""
CHANCE: Final = "chance_of_so_few_in_90"
"""Chance that so few rows or fewer lie in their 90 % intervals if each did with a probability of 90 %."""

MIN_ROWS: Final = 10
"""Kinds with fewer rows are not listed."""

_PROMISED: Final = 0.9
_OF_KIND: Final = (
    "n",
    "mean_abs_ln_ratio",
    "bias_ln",
    "within_factor_2",
    *(schema.format_coverage_metric(coverage) for coverage in schema.COVERAGES),
)
_KIND_COLUMNS: Final = [PROTOCOL, SELECTED_BY_LABEL, DIVISION, KIND, EXAMPLE, *_OF_KIND, CHANCE]
_WORST_FIRST: Final = [schema.format_coverage_metric(_PROMISED), KIND]


def summarise_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per protocol and data set: errors, shares in the intervals, what the applicability score finds.

    Args:
        predictions: As ``held_out_accurate.predict_fold`` returns them.

    Returns:
        Index protocol, data_set. ``fold_std`` is the deviation of the folds' mean |ln ratio|; how many of the rows
        share their formula with rows that their fold's model was fitted on, with such of other data sets, and with
        crystals that the fold's labels were corrected by.
    """
    lines = {names: _measure(rows) for names, rows in predictions.groupby([PROTOCOL, DATA_SET], sort=False)}
    table = pd.DataFrame.from_dict(lines, orient="index")
    return table.rename_axis([PROTOCOL, DATA_SET])


def summarise_kinds(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return errors and shares in the intervals by kind of crystal, for kinds with enough rows.

    All data sets together, under the protocols that test each row once; rows that were selected by their label apart.

    Args:
        predictions: As ``held_out_accurate.predict_fold`` returns them.

    Returns:
        Columns protocol, selected_by_label, division (by chemistry, crystal system, known conductivity or structure
        type), kind, example, n, mean_abs_ln_ratio, bias_ln, within_factor_2, the shares in the intervals, and the
        chance that so few or fewer are in 90 % intervals which hold; kinds with the least share first, ranges of the
        conductivity in their order.
    """
    parts = []
    rows = predictions.assign(
        **{
            SELECTED_BY_LABEL: predictions[DATA_SET] == LOW_KAPPA,
            KAPPA_RANGE: _name_ranges(predictions[schema.KAPPA]),
        }
    )
    for (protocol, selected), some in rows.groupby([PROTOCOL, SELECTED_BY_LABEL], sort=False):
        if some[schema.MATERIAL_ID].duplicated().any():
            continue
        for division in KINDS:
            lines = [
                {
                    PROTOCOL: protocol,
                    SELECTED_BY_LABEL: selected,
                    DIVISION: division,
                    KIND: kind,
                    **_measure_kind(of_kind),
                }
                for kind, of_kind in some.groupby(division, observed=True)
                if len(of_kind) >= MIN_ROWS
            ]
            table = pd.DataFrame(lines, columns=_KIND_COLUMNS)
            parts.append(table if division == KAPPA_RANGE else table.sort_values(_WORST_FIRST))
    return pd.concat(parts, ignore_index=True)


def _name_ranges(kappa: pd.Series) -> pd.Series:
    """Return the range of each conductivity, W/m/K, as a category, from the lowest to the highest."""
    return pd.cut(kappa, [0.0, *_RANGE_ENDS, np.inf], labels=list(_RANGES))


def _measure(rows: pd.DataFrame) -> dict[str, float]:
    known, predicted = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, schema.PREDICTED_MEDIAN_KAPPA))
    ln_ratio = np.log(predicted / known)
    relative = np.abs(np.exp(ln_ratio) - 1.0)
    of_folds = pd.DataFrame({schema.LN_RATIO: np.abs(ln_ratio), "mape": relative}).groupby(rows[FOLD].to_numpy()).mean()
    shared = {
        SHARED_FORMULA: N_SAME_FORMULA,
        SHARED_FORMULA_ELSEWHERE: N_SAME_FORMULA_ELSEWHERE,
        SHARED_FORMULA_CORRECTING: N_SAME_FORMULA_CORRECTING,
    }
    line: dict[str, float] = {
        "n": len(rows),
        **{name: int(np.sum(rows[column].to_numpy(np.int64) > 0)) for name, column in shared.items()},
        "mean_abs_ln_ratio": float(np.abs(ln_ratio).mean()),
        FOLD_STD: float(of_folds[schema.LN_RATIO].std(ddof=1)),
        "constant": float(np.abs(np.log(rows[CONSTANT].to_numpy(np.float64) / known)).mean()),
        "log10_mae": float(np.abs(ln_ratio).mean() / np.log(10.0)),
        "bias_ln": float(ln_ratio.mean()),
        "spearman": compute_spearman(known, predicted),
        "within_factor_2": float((np.abs(ln_ratio) < np.log(2.0)).mean()),
        "mape": float(relative.mean()),
        MAPE_FOLD_STD: float(of_folds["mape"].std(ddof=1)),
        LOWERED_MAPE: _measure_lowered_mape(rows),
        "symmetric_relative_error": float((2.0 * np.abs(predicted - known) / (predicted + known)).mean()),
    }
    for coverage in schema.COVERAGES:
        low, high = (rows[name].to_numpy(np.float64) for name in schema.interval_columns(coverage))
        line[schema.format_coverage_metric(coverage)] = compute_coverage(known, low, high)
    score, flagged = rows[schema.OUT_OF_DOMAIN].to_numpy(np.float64), rows[schema.OUT_OF_DOMAIN_FLAG].to_numpy(np.bool_)
    for factor in LARGE_ERROR:
        line[f"auroc_factor_{factor:g}"] = _rank(np.abs(ln_ratio) > np.log(factor), score)
    line["flagged"] = float(flagged.mean())
    for name, some in (("flagged", flagged), ("unflagged", ~flagged)):
        line[f"mean_abs_ln_ratio_{name}"] = float(np.abs(ln_ratio[some]).mean()) if some.any() else float("nan")
    return line


def _measure_lowered_mape(rows: pd.DataFrame) -> float:
    """Return the MAPE of the lowered estimate; NaN in tables of earlier versions, which have none."""
    if schema.PREDICTED_KAPPA not in rows:
        return float("nan")
    return float(np.abs(rows[schema.PREDICTED_KAPPA] / rows[schema.KAPPA] - 1.0).mean())


def _measure_kind(rows: pd.DataFrame) -> dict[str, float | str]:
    line = _measure(rows)
    n_inside = round(line["n"] * line[schema.format_coverage_metric(_PROMISED)])
    chance = float(binom.cdf(n_inside, line["n"], _PROMISED))
    return {EXAMPLE: str(rows[schema.FORMULA].min()), CHANCE: chance, **{name: line[name] for name in _OF_KIND}}


def _rank(is_large: Bools, score: Floats) -> float:
    """Return the chance that a row with a large error has the higher score; NaN where there is none or nothing else."""
    return float(roc_auc_score(is_large, score)) if is_large.any() and not is_large.all() else float("nan")
