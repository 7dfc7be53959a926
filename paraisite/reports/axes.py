"""What figures have in common: a canvas without a window, labels, and the axes of a parity plot."""

from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

_WIDEST_WITH_STEPS: Final = 100.0
"""Ratio of a logarithmic axis' ends above which labels of steps within decades touch."""

_ROOM: Final = 1.4
"""Factor by which parity axes reach beyond the values."""


def new_figure(width_inch: float, height_inch: float) -> tuple[Figure, Axes]:
    """Return a figure that belongs to no window, with one pair of axes."""
    figure, (axes,) = new_row(1, width_inch, height_inch)
    return figure, axes


def new_row(n_axes: int, width_inch: float, height_inch: float) -> tuple[Figure, list[Axes]]:
    """Return such a figure with several pairs of axes side by side, which share the vertical one."""
    figure = new_canvas(width_inch, height_inch)
    row = list(figure.subplots(1, n_axes, sharey=True, squeeze=False)[0])
    for axes in row:
        plain_frame(axes)
    return figure, row


def new_canvas(width_inch: float, height_inch: float) -> Figure:
    """Return a figure that belongs to no window, without axes."""
    figure = Figure(figsize=(width_inch, height_inch), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def plain_frame(axes: Axes) -> None:
    """Leave out the frame's upper and right side, and set the size of labels."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=10)
    axes.xaxis.label.set_fontsize(11)
    axes.yaxis.label.set_fontsize(11)


def plain_numbers(axis: Axis) -> None:
    """Write a logarithmic axis' ticks as 0.1, 1, 10 instead of powers."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def log_ticks(axis: Axis, steps: tuple[float, ...] = (1.0, 2.0, 5.0)) -> None:
    """Mark these steps of each decade of a logarithmic axis, as plain numbers; of many decades only their beginnings.

    Args:
        axis: Of a plot that has its values: they decide.
        steps: Multiples of a power of ten.
    """
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=steps if high <= _WIDEST_WITH_STEPS * low else (1.0,)))
    axis.set_minor_formatter(NullFormatter())
    plain_numbers(axis)


def parity_axes(axes: Axes, values: npt.NDArray[np.float64]) -> None:
    """Set equal logarithmic limits that hold all values; draw the diagonal and the factor-2 band.

    Args:
        axes: Empty.
        values: Positive; of both axes, any shape.
    """
    limits = np.array([values.min() / _ROOM, values.max() * _ROOM]) if values.size else np.array([1.0, 10.0])
    axes.fill_between(limits, limits / 2, limits * 2, color="#e6e9ed", linewidth=0, label="within a factor of 2")
    axes.plot(limits, limits, color="#555555", linewidth=1.0)
    axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits, aspect="equal")
    for axis in (axes.xaxis, axes.yaxis):
        plain_numbers(axis)
