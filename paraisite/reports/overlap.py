"""Overlap of data sets: a table, and a figure of the shared rows beside the errors on them."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paraisite.data.datasets.shared_materials import (
    MEDIAN_DISTANCE,
    N_ROW,
    N_TOTAL,
    NOTHING,
    POLYMORPH,
    RELATION,
    STRUCTURE,
)
from paraisite.evaluation.leakage import (
    BESIDE,
    DIFFERENCE,
    DIFFERENCE_HIGH,
    DIFFERENCE_LOW,
    GROUP_COLUMNS,
    HOW,
    MAPE,
    MAPE_BESIDE,
    MAPE_OF_ALL,
    P_VALUE,
)
from paraisite.evaluation.overlap_tables import AGAINST, MEASURED, TESTED, TRAINED_ON
from paraisite.reports.axes import log_ticks, plain_frame
from paraisite.schema import MODEL

_ABOUT: Final = [TESTED, AGAINST, MEASURED]
_COLOURS: Final = {STRUCTURE: "#c0392b", POLYMORPH: "#e08a1e", NOTHING: "#1f6fb4"}
_STEPS: Final = (1.0, 3.0)
_NOT_A_NUMBER: Final = "–"

ON_TERMINAL: Final = ("against", "rows", "MAPE", "compared with")
"""Columns of ``overlap_table`` for which 80 columns of characters are enough."""


def overlap_table(table: pd.DataFrame) -> pd.DataFrame:
    """Return the counts, and the errors of the best model and the best recipe of each measurement, as text.

    Args:
        table: All lines, as ``overlap_tables.tabulate_overlap`` returns them.

    Returns:
        Index: what is tested. Groups without rows have no error.
    """
    shown = _of_the_best(table)
    lines = [row for row in shown.to_dict("records") if _is_shown(row)]
    columns = {
        "against": [_against(row) for row in lines],
        "rows": [_rows(row) for row in lines],
        "median difference (dex)": [_number(row[MEDIAN_DISTANCE]) for row in lines],
        "MAPE": [_mape(row) for row in lines],
        "compared with": [_beside(row) for row in lines],
        "difference (95 % interval)": [_difference(row) for row in lines],
    }
    return pd.DataFrame(columns, index=pd.Index([row[TESTED] for row in lines], name="test set"))


def _of_the_best(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines of counts, and of each measurement's best model that is no recipe and best that is one.

    The index is that of ``table``; columns that no line has are there as well.
    """
    every = table.reindex(
        columns=[*_ABOUT, RELATION, N_ROW, N_TOTAL, MEDIAN_DISTANCE, MODEL, TRAINED_ON, *GROUP_COLUMNS]
    )
    texts = [MODEL, TRAINED_ON, BESIDE, HOW]
    every[texts] = every[texts].astype(object).fillna("")
    errors = every[every[MEASURED] != ""].assign(is_recipe=lambda lines: lines[TRAINED_ON] != "")
    least = errors.groupby([*_ABOUT, "is_recipe"])[MAPE_OF_ALL].transform("min")
    return every[(every[MEASURED] == "") | (errors[MAPE_OF_ALL] == least).reindex(every.index, fill_value=False)]


def _is_shown(row: Mapping[Any, Any]) -> bool:
    """Return whether a line stands in the table: rows that share nothing are what others are compared with."""
    if row[BESIDE] not in ("", NOTHING):
        return bool(row[N_ROW])
    if row[RELATION] == NOTHING:
        return False
    return row[MEASURED] == "" or row[RELATION] == POLYMORPH or bool(row[N_ROW])


def _against(row: Mapping[Any, Any]) -> str:
    return f"{row[AGAINST]}, {row[MEASURED]}" if row[MEASURED] else str(row[AGAINST])


def _rows(row: Mapping[Any, Any]) -> str:
    return f"{row[RELATION]}: {row[N_ROW]:,} of {row[N_TOTAL]:,} ({row[N_ROW] / row[N_TOTAL]:.0%})"


def _number(value: float) -> str:
    return _NOT_A_NUMBER if np.isnan(value) else f"{value:.3f}"


def _mape(row: Mapping[Any, Any]) -> str:
    return _NOT_A_NUMBER if np.isnan(row[MAPE]) else f"{row[MAPE]:.3f} ({row[MODEL]})"


def _beside(row: Mapping[Any, Any]) -> str:
    return _NOT_A_NUMBER if np.isnan(row[MAPE_BESIDE]) else f"{row[MAPE_BESIDE]:.3f} ({row[BESIDE]})"


def _difference(row: Mapping[Any, Any]) -> str:
    """Return the difference with its interval and p-value; where there is none, the reason."""
    if np.isnan(row[DIFFERENCE]):
        return row[HOW] or _NOT_A_NUMBER
    p_value = "" if np.isnan(row[P_VALUE]) else f", p = {row[P_VALUE]:.2g}"
    interval = f"{row[DIFFERENCE_LOW]:+.2f} to {row[DIFFERENCE_HIGH]:+.2f}"
    return f"{row[DIFFERENCE]:+.3f} ({interval}), {row[HOW]}{p_value}"


def shares_and_errors(table: pd.DataFrame) -> Figure:
    """Draw the share of rows with each relation, and beside it the MAPE of the best model on each group.

    Args:
        table: As for ``overlap_table``.
    """
    shown = _of_the_best(table)
    bars = list(shown.groupby(_ABOUT, sort=False))[::-1]
    figure = Figure(figsize=(11.0, 1.6 + 0.36 * len(bars)), layout="constrained")
    shares, errors = figure.subplots(1, 2, sharey=True)
    for place, (_, bar) in enumerate(bars):
        best = bar[bar[MODEL] == bar.sort_values(MAPE_OF_ALL)[MODEL].iloc[0]]
        is_moved = ~best[BESIDE].isin(["", NOTHING])
        _draw_shares(shares, best[~is_moved], place)
        _draw_errors(errors, best[~is_moved], place)
        _draw_moved(errors, best[is_moved], place)
    labels = [f"{tested} against {against}{measured and f', {measured}'}" for (tested, against, measured), _ in bars]
    shares.set_yticks(range(len(bars)), labels)
    shares.set(xlim=(0, 100), xlabel="rows of the test set (%)")
    errors.set(xscale="log", xlabel="MAPE of the best model on these rows (%)")
    log_ticks(errors.xaxis, _STEPS)
    for axes in (shares, errors):
        plain_frame(axes)
    figure.legend(*shares.get_legend_handles_labels(), frameon=False, ncols=3, loc="outside lower center")
    return figure


def _draw_shares(axes: Axes, lines: pd.DataFrame, place: int) -> None:
    """Draw one bar; the legend takes its names from the first."""
    left = 0.0
    for relation, colour in _COLOURS.items():
        (line,) = lines[lines[RELATION] == relation].to_dict("records")
        share = 100 * line[N_ROW] / line[N_TOTAL]
        axes.barh(place, share, left=left, color=colour, height=0.6, label=relation if place == 0 else None)
        left += share


def _draw_errors(axes: Axes, lines: pd.DataFrame, place: int) -> None:
    """Draw a point for each group that has an error, and name the model."""
    measured = lines[lines[MAPE].notna()]
    for relation, mape in zip(measured[RELATION], 100 * measured[MAPE], strict=True):
        axes.plot(mape, place, "o", color=_COLOURS[relation], markersize=7)
    if len(measured):
        axes.annotate(
            measured[MODEL].iloc[0], (1.0, place), xycoords=axes.get_yaxis_transform(), va="center", fontsize=9
        )


def _draw_moved(axes: Axes, lines: pd.DataFrame, place: int) -> None:
    """Draw a hollow point where the same materials stand under the other protocol, and the way there."""
    for line in lines[lines[MAPE_BESIDE].notna()].to_dict("records"):
        colour, mapes = _COLOURS[line[RELATION]], (100 * line[MAPE], 100 * line[MAPE_BESIDE])
        axes.plot(mapes, (place, place), color=colour, linewidth=1.2, zorder=1)
        axes.plot(mapes[1], place, "o", markerfacecolor="white", markeredgecolor=colour, markersize=7)
    if len(lines):
        axes.set_title(f"hollow: {lines[BESIDE].iloc[0]}", fontsize=9, loc="left")
