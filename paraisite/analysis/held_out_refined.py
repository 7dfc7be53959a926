"""Refined values under the protocols of the default model's cross-validation.

The predictions are those of the cross-validation's own fits, each with kernel and intervals of its training rows. What
corrects the potential, how far it is off nearby and how far intervals reach are measured without the tested formula,
whatever the protocol; distances between crystals are those of the model that is fitted on all rows.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.analysis.held_out_accurate import DATA_SET, PROTOCOL
from paraisite.analysis.held_out_errors import summarise_predictions
from paraisite.arrays import Bools
from paraisite.inference.refinement import estimate_from_interval
from paraisite.models.combined_estimate import ComparedRows, combine_held_out
from paraisite.models.estimate import compute_median_kappa

PREDICTED: Final = "predicted"
REFINED: Final = "refined"

_MEASURES: Final = ("n", schema.LN_RATIO, "mape", "spearman", "within_factor_2")


def refine_held_out(
    predictions: pd.DataFrame, names: Sequence[str], compared: ComparedRows, measures: Bools
) -> pd.DataFrame:
    """Return the predictions of labelled crystals with refined values and intervals.

    Args:
        predictions: As ``held_out_accurate.predict_fold`` returns them.
        names: Ids of the labelled crystals, as ``predictions`` have them, [n_row].
        compared: Their values.
        measures: Which of them the combination may be measured on, [n_row].
    """
    place = {name: row for row, name in enumerate(names)}
    labelled = predictions[predictions[schema.MATERIAL_ID].isin(place)].reset_index(drop=True)
    of_fold = compared.take(np.array([place[name] for name in labelled[schema.MATERIAL_ID]], np.int64))
    ends = (labelled[name].to_numpy(np.float64) for name in schema.interval_columns(0.8))
    found = combine_held_out(compared, measures, dataclasses.replace(of_fold, fast=estimate_from_interval(*ends)))
    refined = schema.name_interval_ends(found.lower, found.upper, schema.refined_interval_columns)
    return labelled.assign(**{schema.REFINED_KAPPA: compute_median_kappa(found.combined)}, **refined)


def summarise_refined(rows: pd.DataFrame) -> pd.DataFrame:
    """Return errors of predictions and refined values of the same crystals by protocol and data set.

    Args:
        rows: As ``refine_held_out`` returns them.

    Returns:
        Columns protocol, data_set, value, n, mean_abs_ln_ratio, mape, spearman, within_factor_2, and the shares in the
        intervals.
    """
    as_predicted = rows.drop(columns=[schema.PREDICTED_MEDIAN_KAPPA, schema.PREDICTED_KAPPA, *_ends()], errors="ignore")
    as_predicted = as_predicted.rename(columns=_refined_ends() | {schema.REFINED_KAPPA: schema.PREDICTED_MEDIAN_KAPPA})
    columns = [*_MEASURES, *(schema.format_coverage_metric(coverage) for coverage in schema.COVERAGES)]
    parts = {
        value: summarise_predictions(part)[columns] for value, part in {PREDICTED: rows, REFINED: as_predicted}.items()
    }
    table = pd.concat(parts, names=["value"]).reorder_levels([PROTOCOL, DATA_SET, "value"])
    return table.sort_index(level=[PROTOCOL, DATA_SET], sort_remaining=False).reset_index()


def _ends() -> list[str]:
    return [name for coverage in schema.COVERAGES for name in schema.interval_columns(coverage)]


def _refined_ends() -> dict[str, str]:
    refined = [name for coverage in schema.COVERAGES for name in schema.refined_interval_columns(coverage)]
    return dict(zip(refined, _ends(), strict=True))
