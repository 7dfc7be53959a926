"""A map of the elements in data sets: the periodic table, coloured by numbers of materials."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from paraisite import schema
from paraisite.errors import DataError
from paraisite.reports.axes import new_figure, plain_numbers

_ABSENT_COLOUR: Final = "#f1f3f5"
_FAINT_INK: Final = "#9aa5b1"
_ELEMENT_COLOURS: Final = "YlGnBu"
_RADON: Final = 86
_OGANESSON: Final = 118
"""Last elements of the sixth and seventh period; the seventh is drawn only where an element of it occurs."""
_SERIES: Final = {"57–71": 57, "89–103": 89}
"""Atomic numbers of the f elements, and the first of them."""

_SCALE_STEPS: Final = (1.0, 2.0, 5.0)
_SCALE_STEPS_IN_LARGE_TEXT: Final = (1.0, 3.0)


def count_elements(tables: Sequence[pd.DataFrame]) -> dict[str, int]:
    """Return in how many accepted materials each element occurs; one that is in several tables counts once.

    Args:
        tables: With material_id, formula and reason.
    """
    accepted = pd.concat(
        [table.loc[table[schema.REASON] == "", [schema.MATERIAL_ID, schema.FORMULA]] for table in tables]
    )
    formulas = accepted.drop_duplicates(schema.MATERIAL_ID)[schema.FORMULA]
    return dict(Counter(element.symbol for formula in formulas for element in Composition(formula).elements))


def element_map(tables: Sequence[pd.DataFrame], *, with_values: bool = True) -> Figure:
    """Draw the periodic table, coloured by the number of accepted materials that contain each element.

    Args:
        tables: As for ``count_elements``.
        with_values: As for ``draw_elements``.

    Raises:
        DataError: No material is accepted.
    """
    counts = count_elements(tables)
    if not counts:
        raise DataError("no accepted material: there are no elements to draw")
    n_material = len(set().union(*(table.loc[table[schema.REASON] == "", schema.MATERIAL_ID] for table in tables)))
    return draw_elements(
        dict(counts),
        norm=LogNorm(min(counts.values()), 1 + max(counts.values())),
        form="{:,.0f}",
        title=f"accepted materials with the element, of {n_material:,}",
        with_values=with_values,
    )


def draw_elements(
    values: Mapping[str, float], *, norm: LogNorm, form: str, title: str, with_values: bool = True
) -> Figure:
    """Draw the periodic table, coloured by a value of each element.

    Args:
        values: By symbol; elements without one are grey.
        norm: Of the colours.
        form: How a value is written.
        title: Of the colours' scale.
        with_values: With the value below each symbol; else text is larger, to be legible in a column of a journal.
    """
    heaviest = max(Element(symbol).Z for symbol in values)
    n_period, last = (6, _RADON) if heaviest <= _RADON else (7, _OGANESSON)
    places = {element: _place(element, n_period) for element in map(Element.from_Z, range(1, last + 1))}
    height = 1 + max(row for row, _ in places.values())
    figure, axes = new_figure(11.0, 11.0 * height / 18.0 + 0.5)
    colormap = mpl.colormaps[_ELEMENT_COLOURS]
    small, medium = (9, 12) if with_values else (16.5, 18)
    steps = _SCALE_STEPS if with_values else _SCALE_STEPS_IN_LARGE_TEXT
    for element, (row, column) in places.items():
        value = values.get(element.symbol)
        colour = _ABSENT_COLOUR if value is None else colormap(norm(value))
        ink = _FAINT_INK if value is None else "white" if norm(value) > 0.55 else "black"
        number = form.format(value) if value is not None and with_values else ""
        _cell(axes, row, column, element.symbol, colour=colour, ink=ink, number=number, size=13 if with_values else 20)
    for n_asterisk, (series, first) in enumerate(_SERIES.items(), 1):
        if (element := Element.from_Z(first)) in places:
            _point_to_series(
                axes, places[element], element.row - 1, series if with_values else n_asterisk * "*", size=small
            )
    axes.set(xlim=(0, 18), ylim=(height, 0), aspect="equal")
    axes.axis("off")
    scale = axes.inset_axes((3.2, 1.35, 8.6, 0.35), transform=axes.transData)
    bar = figure.colorbar(mpl.cm.ScalarMappable(norm, colormap), cax=scale, orientation="horizontal")
    bar.set_ticks(_list_steps(*scale.get_xlim(), steps))
    bar.ax.xaxis.set_minor_locator(NullLocator())
    plain_numbers(bar.ax.xaxis)
    scale.set_title(title, fontsize=medium)
    scale.tick_params(labelsize=10 if with_values else small)
    return figure


def _point_to_series(axes: Axes, place: tuple[float, int], row: int, text: str, *, size: float) -> None:
    """Write a text in the gap of a period; asterisks also before the f elements that they stand for, below."""
    row_below, column = place
    points = [(column + 0.5, row + 0.5)] + ([(column - 0.4, row_below + 0.5)] if "*" in text else [])
    for x, y in points:
        axes.text(x, y, text, color=_FAINT_INK, fontsize=size, ha="center", va="center")


def _list_steps(low: float, high: float, steps: tuple[float, ...]) -> list[float]:
    """Return these steps of each decade in a range: Matplotlib's locator leaves out all where labels are large."""
    decades = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    values = (step * 10.0**decade for decade in decades for step in steps)
    return [value for value in values if low <= value <= high]


def _place(element: Element, n_period: int) -> tuple[float, int]:
    """Return row and column, counted from 0; f elements stand below the periods, after a gap."""
    if element.is_lanthanoid:
        return n_period + 0.3, element.Z - 57 + 2
    if element.is_actinoid:
        return n_period + 1.3, element.Z - 89 + 2
    return element.row - 1, element.group - 1


def _cell(axes: Axes, row: float, column: int, symbol: str, *, colour: Any, ink: str, number: str, size: float) -> None:
    """Draw an element's square with its symbol, and its number below."""
    axes.add_patch(Rectangle((column + 0.03, row + 0.03), 0.94, 0.94, facecolor=colour, linewidth=0))
    axes.text(column + 0.5, row + (0.4 if number else 0.5), symbol, color=ink, fontsize=size, ha="center", va="center")
    axes.text(column + 0.5, row + 0.77, number, color=ink, fontsize=8.4, ha="center", va="center")
