"""Table and figure of predictions of textbook crystals."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.analysis.textbook_predictions import (
    ALONG,
    COMPARED,
    HOW,
    N_LEFT_OUT,
    NAME,
    RATIO,
    SAMPLE,
    STRUCTURE_TYPE,
    TRAINING_KAPPA,
)
from paraisite.data.sources.textbook import COMPUTED
from paraisite.reports.axes import new_figure, parity_axes
from paraisite.reports.tables import to_markdown

_LOW, _HIGH = schema.interval_columns(0.9)
_LABELLED: Final = 2.5
"""Crystals that are farther off than by this factor have their name in the figure."""
_LARGE: Final = 200.0
"""W/m/K, known: beyond it names are written on the left, where the figure does not end."""

_PARTS: Final = {
    "n": "crystals",
    "mean_abs_ln_ratio": "mean abs(ln ratio)",
    "median_abs_ln_ratio": "median",
    "bias_ln": "mean ln ratio",
    "within_factor_2": "within a factor of 2",
    **{schema.format_coverage_metric(share): f"{100 * share:.0f} % intervals hold" for share in schema.COVERAGES},
}

ON_TERMINAL: Final = {
    "crystals": "n",
    "mean abs(ln ratio)": "error",
    "within a factor of 2": "factor 2",
    "90 % intervals hold": "in 90 %",
}
"""Columns of the summary that fit a terminal, with their names there."""


def tabulate_summary(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the summary as text.

    Args:
        summary: As ``textbook_predictions.summarise_textbook`` returns it.
    """
    shown = pd.DataFrame(index=summary.index)
    for name, title in _PARTS.items():
        text = "{:.0f}" if name == "n" else "{:.0%}" if name.startswith(("within", "coverage")) else "{:.2f}"
        shown[title] = ["–" if np.isnan(value) else text.format(value) for value in summary[name]]
    return shown


def tabulate_textbook(predictions: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return summary, table and sources as markdown.

    Args:
        predictions: As ``textbook_predictions.predict_textbook_crystals`` returns them.
        summary: As ``textbook_predictions.summarise_textbook`` returns it.
    """
    numbers = {source: number for number, source in enumerate(dict.fromkeys(predictions[schema.SOURCE]), start=1)}
    rows = predictions.to_dict("records")
    shown = pd.DataFrame(
        {
            "structure type": [row[STRUCTURE_TYPE] for row in rows],
            "known, W/m/K": [_describe_known(row, numbers) for row in rows],
            "predicted": [_round(row[schema.PREDICTED_MEDIAN_KAPPA], 3) for row in rows],
            "90 % interval": [f"{_round(row[_LOW], 2)} to {_round(row[_HIGH], 2)}" for row in rows],
            "predicted/known": [_describe_ratio(row) for row in rows],
            "flagged": ["yes" if row[schema.OUT_OF_DOMAIN_FLAG] else "" for row in rows],
            "training rows left out": [_describe_left_out(row) for row in rows],
        },
        index=pd.Index([f"{row[NAME]}, {row[schema.FORMULA]}" for row in rows], name="crystal"),
    )
    sources = "\n".join(f"{number}. {source}" for source, number in numbers.items())
    table = to_markdown(shown, of_numbers=False)
    return f"{to_markdown(tabulate_summary(summary))}\n{table}\n{sources}\n"


def _describe_known(row: Mapping[Any, Any], numbers: Mapping[str, int]) -> str:
    along = f" ({row[ALONG]})" if row[ALONG] else ""
    how = f"{COMPUTED}: {row[SAMPLE]}" if row[HOW] == COMPUTED else row[SAMPLE]
    star = "*" if row[COMPARED] else ""
    return f"{_round(row[schema.KAPPA], 3)}{along}; {how} [{numbers[row[schema.SOURCE]]}]{star}"


def _describe_ratio(row: Mapping[Any, Any]) -> str:
    inside = row[_LOW] <= row[schema.KAPPA] <= row[_HIGH]
    return _round(row[RATIO], 2) + ("" if inside else ", outside")


def _describe_left_out(row: Mapping[Any, Any]) -> str:
    if not row[N_LEFT_OUT]:
        return ""
    value = row[TRAINING_KAPPA]
    return str(row[N_LEFT_OUT]) + ("" if np.isnan(value) else f" ({_round(value, 3)})")


def _round(value: float, digits: int) -> str:
    """Return a number with so many digits, and never as a power of ten."""
    return f"{float(f'{value:.{digits}g}'):.10g}"


def draw_textbook(predictions: pd.DataFrame) -> Figure:
    """Draw predicted against known conductivities with 90 % intervals, and the names of those that are far off.

    Args:
        predictions: As ``textbook_predictions.predict_textbook_crystals`` returns them.
    """
    figure, axes = new_figure(6.4, 6.0)
    known, value = (predictions[name].to_numpy(np.float64) for name in (schema.KAPPA, schema.PREDICTED_MEDIAN_KAPPA))
    parity_axes(axes, np.concatenate([known, value]))
    flagged = predictions[schema.OUT_OF_DOMAIN_FLAG].to_numpy(np.bool_)
    ends = np.abs(predictions[[_LOW, _HIGH]].to_numpy(np.float64).T - value)
    for some, colour, label in ((~flagged, "#0072b2", "not flagged"), (flagged, "#d55e00", "flagged")):
        axes.errorbar(
            known[some], value[some], yerr=ends[:, some], fmt="o", ms=4, lw=0.8, color=colour, label=label, alpha=0.8
        )
    for name, x, y in zip(predictions[NAME], known, value, strict=True):
        if abs(np.log(y / x)) > np.log(_LABELLED):
            # Above the diagonal there is room on the left, below it on the left of the largest values only.
            left = y > x or x > _LARGE
            place, side = ((-5, -3), "right") if left else ((5, -3), "left")
            axes.annotate(name, (x, y), xytext=place, textcoords="offset points", ha=side, fontsize=8)
    axes.set(xlabel=f"known {schema.KAPPA_LABEL}", ylabel="predicted without the rows of its formula (W/m/K)")
    axes.legend(frameon=False, fontsize=9)
    return figure
