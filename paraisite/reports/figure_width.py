"""A figure at another width: all of it is scaled, its text a little less where that keeps it legible."""

from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import Collection, PathCollection
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text

LEGIBLE_POINTS: Final = 6.0
"""Size of text that is read without effort in print; journals send figures back below five or six points."""

_MOST_ENLARGED: Final = 1.25
"""Factor by which text may outgrow the rest of a figure: beyond it labels touch."""


def scale_to_width(figure: Figure, width_inches: float) -> float:
    """Give a figure another width, with its text, lines and markers in proportion.

    Text that would not be legible shrinks less, by up to a quarter, all of it alike.

    Returns:
        The size of its smallest text now, points.
    """
    width, height = figure.get_size_inches()
    factor = width_inches / width
    figure.draw_without_rendering()
    text_factor = factor * float(np.clip(LEGIBLE_POINTS / (factor * _smallest_text(figure)), 1.0, _MOST_ENLARGED))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            _scale_ticks(axis, factor, text_factor=text_factor)
            axis.labelpad *= factor
    # Labels of ticks are made anew when a figure is drawn, from what the axis keeps.
    of_ticks = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _list_labels(axis)}
    texts = [text for text in figure.findobj(Text) if text not in of_ticks]
    for text in texts:
        text.set_fontsize(float(text.get_fontsize()) * text_factor)
        if isinstance(text, Annotation) and text.anncoords == "offset points":
            text.xyann = tuple(factor * shift for shift in text.xyann)
    for line in figure.findobj(Line2D):
        line.set_linewidth(line.get_linewidth() * factor)
        line.set_markersize(line.get_markersize() * factor)
    for patch in figure.findobj(Patch):
        patch.set_linewidth(patch.get_linewidth() * factor)
    for collection in figure.findobj(Collection):
        collection.set_linewidth(np.asarray(collection.get_linewidth()) * factor)
        if isinstance(collection, PathCollection):
            collection.set_sizes(collection.get_sizes() * factor**2)
    for axes in figure.axes:
        if (legend := axes.get_legend()) is not None:
            _scale_legend(axes, legend)
    for legend in tuple(figure.legends):
        legend.remove()
        _scale_legend(figure, legend)
    figure.set_size_inches(width_inches, height * factor)
    figure.draw_without_rendering()
    return _smallest_text(figure)


def _smallest_text(figure: Figure) -> float:
    """Return the size of a drawn figure's smallest text, points; infinite if it has none."""
    shown = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text()]
    return round(min((float(text.get_fontsize()) for text in shown), default=np.inf), 3)


def _scale_legend(parent: Axes | Figure, legend: Legend) -> None:
    """Make a legend anew whose text, handles and title have been scaled: its gaps are fixed when it is made."""
    frame = parent.transAxes if isinstance(parent, Axes) else parent.transFigure
    texts = legend.get_texts()
    title = legend.get_title()
    own: Any = legend  # Matplotlib has no other access to place and columns; its annotations lack them
    box = None if own._bbox_to_anchor is None else own._bbox_to_anchor.transformed(frame.inverted()).bounds
    anew: Any = parent.legend(
        own.legend_handles, [text.get_text() for text in texts], loc=own._loc, bbox_to_anchor=box,
        ncols=own._ncols, fontsize=texts[0].get_fontsize() if texts else None, frameon=legend.get_frame_on(),
        title=title.get_text() or None, title_fontsize=title.get_fontsize(), handlelength=legend.handlelength,
        handletextpad=legend.handletextpad, labelspacing=legend.labelspacing, columnspacing=legend.columnspacing,
        borderpad=legend.borderpad, borderaxespad=legend.borderaxespad, framealpha=legend.get_frame().get_alpha(),
        edgecolor=legend.get_frame().get_edgecolor(),
    )  # fmt: skip
    anew._outside_loc = own._outside_loc
    anew.set_zorder(legend.get_zorder())


def _scale_ticks(axis: Axis, factor: float, *, text_factor: float) -> None:
    for which, ticks in (("major", axis.get_major_ticks(1)), ("minor", axis.get_minor_ticks(1))):
        for tick in ticks[:1]:
            pad: Any = tick.get_pad()  # type: ignore[func-returns-value]  # annotated wrongly
            axis.set_tick_params(
                which=which,  # type: ignore[arg-type]  # one of two texts
                labelsize=float(tick.label1.get_fontsize()) * text_factor,
                length=tick.tick1line.get_markersize() * factor,
                width=tick.tick1line.get_markeredgewidth() * factor,
                pad=pad * factor,
            )


def _list_labels(axis: Axis) -> list[Text]:
    ticks = (*axis.get_major_ticks(), *axis.get_minor_ticks())
    return [label for tick in ticks for label in (tick.label1, tick.label2)]
