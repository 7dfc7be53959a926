"""Figures of the default model's held-out errors: what its intervals hold, and how far it is off for each element."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from pymatgen.core.composition import Composition

from paraisite import schema
from paraisite.analysis.held_out_accurate import DATA_SET, LOW_KAPPA, PROTOCOL
from paraisite.errors import DataError
from paraisite.metrics.kappa_errors import compute_coverage
from paraisite.reports.axes import new_figure
from paraisite.reports.element_map import draw_elements

_STYLES: Final = {
    "formula": ("#0072b2", "o", "new formulas"),
    "space-group": ("#e69f00", "s", "new space groups"),
    "structure-type": ("#d55e00", "^", "new structure types"),
    "togo15-honest": ("#7d8894", "D", "published fifths of Togo15"),
}
"""Colour, marker and words of each protocol; colours of Okabe and Ito."""

_FEWEST_ROWS: Final = 5
"""Fewer rows of an element say nothing about it."""


def draw_interval_coverage(predictions: pd.DataFrame) -> Figure:
    """Draw the share of held-out values that intervals hold against the share that they are made for.

    Args:
        predictions: As ``cross-validate`` writes them.
    """
    figure, axes = new_figure(5.2, 4.6)
    axes.plot([40, 100], [40, 100], color="0.5", linewidth=0.8, label="as stated")
    stated = 100.0 * np.array(schema.COVERAGES)
    for protocol, rows in _leave_out_selected(predictions).groupby(PROTOCOL, sort=False):
        colour, marker, words = _STYLES[str(protocol)]
        known = rows[schema.KAPPA].to_numpy(np.float64)
        held = [
            100.0 * compute_coverage(known, rows[low].to_numpy(), rows[high].to_numpy())
            for low, high in map(schema.interval_columns, schema.COVERAGES)
        ]
        axes.plot(stated, held, marker=marker, color=colour, label=f"{words} ({len(rows):,})", clip_on=False)
    axes.set(
        xlim=(40, 100), ylim=(40, 100), xlabel="stated share of intervals (%)", ylabel="held-out values inside (%)"
    )
    axes.set_aspect("equal")
    axes.legend(frameon=False, fontsize=9, loc="lower right", handlelength=1.0, handletextpad=0.5, borderaxespad=0.2)
    return figure


def draw_element_errors(predictions: pd.DataFrame, *, with_values: bool = True) -> Figure:
    """Draw the periodic table, coloured by the mean error of held-out formulas that contain each element.

    Args:
        predictions: As ``cross-validate`` writes them.
        with_values: As for ``element_map.draw_elements``.

    Raises:
        DataError: No element is in enough rows.
    """
    means = compute_element_errors(predictions)
    if means.empty:
        raise DataError(f"no element is in {_FEWEST_ROWS} held-out rows")
    return draw_elements(
        {str(symbol): float(value) for symbol, value in means.items()},
        norm=LogNorm(float(means.min()), float(means.max())),
        form="{:.2f}",
        title="mean |ln(predicted/known)|, held-out formulas",
        with_values=with_values,
    )


def compute_element_errors(predictions: pd.DataFrame) -> pd.Series:
    """Return the mean |ln(predicted/known)| of held-out formulas by the element that they contain.

    Args:
        predictions: As ``cross-validate`` writes them.

    Returns:
        By symbol; elements in too few rows are left out.
    """
    rows = _leave_out_selected(predictions)
    rows = rows[rows[PROTOCOL] == "formula"]
    known, predicted = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, schema.PREDICTED_MEDIAN_KAPPA))
    error = np.abs(np.log(predicted / known))
    elements = [[element.symbol for element in Composition(formula).elements] for formula in rows[schema.FORMULA]]
    of_elements = pd.DataFrame({"element": elements, "error": error}).explode("element").groupby("element")["error"]
    return of_elements.mean()[of_elements.size() >= _FEWEST_ROWS]


def _leave_out_selected(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were not selected by their label."""
    return predictions[predictions[DATA_SET] != LOW_KAPPA]
