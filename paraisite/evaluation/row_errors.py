"""Errors of single test rows under any model and protocol, and what the rows share with the training set."""

from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.data.datasets.shared_materials import OTHER_ROW, RELATION, find_closest_relations
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.schema import MODEL, PREDICTED_KAPPA
from paraisite.training.recipe_result import RecipeResult

ERROR: Final = "absolute_percentage_error"
"""Column of |estimate - kappa| / kappa, a fraction."""

LAST_EPOCH: Final = "last epoch"
"""What the errors of recipes are measured at; the best epoch was chosen on the very rows that are measured."""


def measure_evaluation_errors(estimates: pd.DataFrame, dataset: Dataset) -> pd.DataFrame:
    """Return the errors of an evaluation: columns model, split_seed, row (of ``dataset``), absolute_percentage_error.

    Args:
        estimates: As ``scores.tabulate_estimates`` returns them.
        dataset: What was evaluated on.

    Raises:
        DataError: A material of the estimates is not in the data set.
    """
    return _tabulate_errors(estimates, dataset, PREDICTED_KAPPA)


def measure_recipe_errors(result: RecipeResult, dataset: Dataset) -> pd.DataFrame:
    """Return the errors of a recipe's validation rows after the last epoch, with the columns of an evaluation's.

    Splits of members that diverged are left out.

    Raises:
        DataError: A material of the result is not in the data set.
    """
    rows = result.predictions[result.predictions[schema.PART] == schema.VALIDATION]
    finite = np.isfinite(rows[schema.KAPPA_LAST_EPOCH]).groupby(rows[schema.SPLIT_SEED]).transform("all")
    kept = rows[finite].assign(**{MODEL: result.recipe.name})
    return _tabulate_errors(kept, dataset, schema.KAPPA_LAST_EPOCH)


def add_relation_to_training(errors: pd.DataFrame, pairs: pd.DataFrame, n_row: int) -> pd.DataFrame:
    """Return errors with the closest relation of each test row to the training rows of its split.

    Args:
        errors: Of one or several models; in each split every row that is not a test row is a training row.
        pairs: Of ``overlap.find_pairs_within`` of the data set.
        n_row: Rows of the data set.
    """
    parts = []
    for _, own in errors.groupby([MODEL, schema.SPLIT_SEED], sort=False):
        relations = find_closest_relations(pairs[~pairs[OTHER_ROW].isin(own[schema.ROW])], n_row)
        parts.append(own.assign(**{RELATION: relations[own[schema.ROW].to_numpy(np.int64)]}))
    return pd.concat(parts, ignore_index=True)


def _tabulate_errors(table: pd.DataFrame, dataset: Dataset, column: str) -> pd.DataFrame:
    row_of = pd.Series(np.arange(len(dataset)), index=dataset.table[schema.MATERIAL_ID])
    ids = table[schema.MATERIAL_ID]
    if unknown := sorted(set(ids) - set(row_of.index)):
        raise DataError(f"{unknown[0]} was tested, but is not in {dataset.name}: evaluate or train again")
    columns = {
        MODEL: table[MODEL].to_numpy(),
        schema.SPLIT_SEED: table[schema.SPLIT_SEED].to_numpy(),
        schema.ROW: row_of.loc[ids].to_numpy(),
        ERROR: np.abs(table[column] / table[schema.KAPPA] - 1.0).to_numpy(),
    }
    return pd.DataFrame(columns)
