"""Tables of finished recipes: all their metrics, and the main errors as text."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from paraisite import schema
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.reports.tables import NOTHING
from paraisite.training.recipe_result import RecipeResult

RECIPE: Final = "recipe"
PUBLISHED: Final = "published_mape"
N_SPLIT: Final = "n_split"
STARTED_FROM: Final = "started_from"
DIVERGED: Final = "diverged_runs"
CLOSING_METRICS: Final = {
    schema.MAPE_PUBLISHED_CONVENTION: "this work, published convention",
    schema.MAPE_BEST_EPOCH: "this work, best epoch",
    schema.MAPE_LAST_EPOCH: "this work, last epoch",
}
CLOSING_TITLE: Final = "MAPE on the validation rows, mean ± std over the splits"
"""Title of ``closing_table``."""


def compare(results: Sequence[RecipeResult]) -> pd.DataFrame:
    """Return one row per recipe with every metric's mean, deviation and number of runs behind them.

    Returns:
        Index recipe; columns published_mape, started_from, n_split, diverged_runs, then for each metric of the schema
        its name (the mean), ``…_std`` (sample deviation) and ``…_n_run`` (splits with a finite value).
    """
    rows = []
    for result in results:
        row: dict[str, object] = {
            RECIPE: result.recipe.name,
            PUBLISHED: result.recipe.published_mape,
            STARTED_FROM: result.started_from,
            N_SPLIT: len(result.splits),
            DIVERGED: int(result.diverged.sum()),
        }
        for name, values in summarise_metrics(result.metrics).to_dict("index").items():
            row |= {
                str(name): values["mean"],
                f"{name}_std": values["std"],
                f"{name}_n_run": int(values["n_run"]),
            }
        rows.append(row)
    return pd.DataFrame(rows).set_index(RECIPE).astype({PUBLISHED: float})


def mean_validation_curve(result: RecipeResult) -> pd.Series:
    """Return the validation MAPE of each epoch, mean over the splits."""
    return result.curves.groupby(schema.EPOCH)[schema.VALIDATION_MAPE].mean()


def closing_table(results: Sequence[RecipeResult]) -> pd.DataFrame:
    """Return the main errors as text: MAPE as fractions, mean ± deviation over the splits.

    Returns:
        Index recipe; columns "published" and those of ``CLOSING_METRICS``. Where not all runs are finite,
        their number follows.
    """
    table = compare(results)
    columns = {"published": [_fraction(value) for value in table[PUBLISHED]]}
    for name, heading in CLOSING_METRICS.items():
        columns[heading] = [_mean_and_deviation(row, name) for row in table.to_dict("records")]
    return pd.DataFrame(columns, index=table.index)


def _fraction(value: float) -> str:
    return NOTHING if pd.isna(value) else f"{value:.2f}"


def _mean_and_deviation(row: Mapping[Any, Any], name: str) -> str:
    n_run, n_split = row[f"{name}_n_run"], row[N_SPLIT]
    if n_run == 0:
        return "all diverged"
    text = _fraction(row[name])
    if n_run > 1:
        text += f" ± {_fraction(row[f'{name}_std'])}"
    return text if n_run == n_split else f"{text} ({n_run} of {n_split} runs)"
