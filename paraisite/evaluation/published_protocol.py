"""Predictions as the published protocol takes them: of trainings on all training rows, at their best or last epoch."""

from typing import Literal

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.errors import DataError
from paraisite.metrics.kappa_errors import COLUMN_OF_EPOCH
from paraisite.models.applicability import count_unseen_elements
from paraisite.schema import LOG10_STD, MODEL, PREDICTED_KAPPA, PREDICTED_MEDIAN_KAPPA, SEED, SPLIT, TILT
from paraisite.training.recipe_result import RecipeResult


def tabulate_training_estimates(
    result: RecipeResult, splits: tuple[NestedSplit, ...], *, epoch: Literal["best_epoch", "last_epoch"], seed: int
) -> pd.DataFrame:
    """Return one row per split and test material, as ``scores.tabulate_estimates`` does.

    Such a training holds out no calibration rows, so that there are neither intervals nor tilts: those columns are NaN,
    as is the out-of-domain score.

    Args:
        result: A final recipe's training.
        splits: Nested splits whose test rows are the training's validation rows.
        epoch: Which of the two that a training keeps.
        seed: The training's.

    Raises:
        DataError: The training had other splits.
    """
    validation = result.predictions[result.predictions[schema.PART] == schema.VALIDATION]
    by_seed = {int(str(key)): rows for key, rows in validation.groupby(schema.SPLIT_SEED, sort=False)}
    return pd.concat(
        [_tabulate_split(result, split, by_seed, epoch=epoch, seed=seed) for split in splits], ignore_index=True
    )


def _tabulate_split(
    result: RecipeResult,
    split: NestedSplit,
    by_seed: dict[int, pd.DataFrame],
    *,
    epoch: Literal["best_epoch", "last_epoch"],
    seed: int,
) -> pd.DataFrame:
    known = result.dataset.table.iloc[split.test]
    ids = known[schema.MATERIAL_ID].tolist()
    rows = by_seed.get(split.seed)
    if rows is None or set(rows[schema.MATERIAL_ID]) != set(ids):
        raise DataError(f"{result.recipe.name} was not trained on split {split.name}: train it again")
    estimated = rows.set_index(schema.MATERIAL_ID).loc[ids, COLUMN_OF_EPOCH[epoch]].to_numpy(np.float64)
    table = pd.DataFrame(
        {
            MODEL: result.recipe.name,
            SEED: seed,
            schema.SPLIT_SEED: split.seed,
            SPLIT: split.name,
            schema.ROW: split.test,
            schema.MATERIAL_ID: ids,
            schema.FORMULA: known[schema.FORMULA].to_numpy(),
            schema.KAPPA: known[schema.KAPPA].to_numpy(np.float64),
            PREDICTED_KAPPA: estimated,
            PREDICTED_MEDIAN_KAPPA: estimated,
            LOG10_STD: np.nan,
            TILT: np.nan,
            schema.OUT_OF_DOMAIN: np.nan,
            schema.N_UNSEEN_ELEMENT: count_unseen_elements(result.dataset.structures, split),
        }
    )
    ends = [end for coverage in schema.COVERAGES for end in schema.interval_columns(coverage)]
    return table.assign(**dict.fromkeys(ends, np.nan))
