"""Tables of finished recipes, for the terminal, as markdown and as CSV."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paraisite import schema
from paraisite.core.shown_text import escape_controls
from paraisite.metrics.kappa_errors import summarise_metrics
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

_NOTHING: Final = "–"
_LIKE_NUMBER: Final = re.compile(rf"\s*([-+±~<>≈*]*\s*[\d.]|{_NOTHING}|-|nan|$)")


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


def render(table: pd.DataFrame, *, title: str) -> Table:
    """Return a table of text for ``rich.console.Console().print``; columns of numbers are aligned right."""
    rendered = Table(title=escape(title), title_justify="left")
    rendered.add_column(str(table.index.name), no_wrap=True)
    for place, name in enumerate(table.columns):
        of_numbers = all(map(_starts_like_number, table.iloc[:, place]))
        rendered.add_column(str(name), justify="right" if of_numbers else "left", overflow="fold")
    for recipe, cells in zip(table.index, table.to_numpy(), strict=True):
        rendered.add_row(*(Text(escape_controls(str(cell))) for cell in (recipe, *cells)))
    return rendered


def _starts_like_number(cell: object) -> bool:
    """Return whether a cell shows a number, with what stands behind it, or that there is none."""
    return _LIKE_NUMBER.match(str(cell)) is not None


def to_markdown(table: pd.DataFrame, *, of_numbers: bool = True) -> str:
    """Return a table as GitHub's markdown.

    Args:
        table: Of text; the index is the first column.
        of_numbers: Whether the columns besides the first are aligned right.
    """
    lines = [
        _markdown_row([str(table.index.name), *map(str, table.columns)]),
        _markdown_row(["---", *["---:" if of_numbers else "---"] * len(table.columns)]),
    ]
    for name, cells in zip(table.index, table.to_numpy(), strict=True):
        lines.append(_markdown_row([str(name), *map(str, cells)]))
    return "\n".join(lines) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"


def _fraction(value: float) -> str:
    return _NOTHING if pd.isna(value) else f"{value:.2f}"


def _mean_and_deviation(row: Mapping[Any, Any], name: str) -> str:
    n_run, n_split = row[f"{name}_n_run"], row[N_SPLIT]
    if n_run == 0:
        return "all diverged"
    text = _fraction(row[name])
    if n_run > 1:
        text += f" ± {_fraction(row[f'{name}_std'])}"
    return text if n_run == n_split else f"{text} ({n_run} of {n_split} runs)"
