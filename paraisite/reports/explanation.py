"""Figures of an explanation: contributions, the prediction among the training materials, and the nearest of these."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from paraisite import schema
from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.explain.contributions import Contributions, Kind
from paraisite.explain.explainers import Explanation
from paraisite.explain.text import SHOWN_PARTS, format_material_name
from paraisite.inference.rows import MEMBERS, NEAREST, VALUE, Row, interval_keys
from paraisite.reports.axes import log_ticks, new_canvas, plain_frame
from paraisite.reports.figures import save_figure

_COLOURS: Final[dict[Kind, str]] = {"atom": "#1f6fb4", "shell": "#e08a1e", "descriptor": "#5a9e4b"}
_WORDS: Final[dict[Kind, str]] = {"atom": "atoms", "shell": "shells of bonds", "descriptor": "descriptors"}
_PREDICTION_COLOUR: Final = "#c0392b"
_MEMBER_COLOUR: Final = "#333333"
_LINE_WIDTHS: Final = (11.0, 6.5, 2.5)
"""Of the intervals for ``schema.COVERAGES``."""

_BINS_PER_DECADE: Final = 5
_INTERVAL_HEIGHT: Final = 0.86
_MEMBER_HEIGHT: Final = 0.74
_HISTOGRAM_HEIGHT: Final = 0.66
"""Heights within the axes."""


def explanation_figure(explanation: Explanation) -> Figure:
    """Draw one prediction: its contributions at the left, its place among the training materials at the right.

    Raises:
        DataError: There is no prediction to draw.
    """
    contributions = _contributions(explanation)
    figure = new_canvas(11.0, max(4.6, 1.8 + 0.36 * min(len(contributions.parts), SHOWN_PARTS)))
    places = figure.subplot_mosaic([["parts", "place"], ["parts", "nearest"]], height_ratios=(2, 1))
    for axes in places.values():
        plain_frame(axes)
    draw_contributions(places["parts"], contributions)
    draw_prediction(places["place"], explanation)
    places["place"].set_xlabel("")
    draw_nearest(places["nearest"], explanation)
    row = explanation.row
    figure.suptitle(f"{row[schema.FORMULA]}: {row[VALUE]:.4g} W/m/K and its explanation", fontsize=13)
    return figure


def save_explanation_figures(explanations: Sequence[Explanation], folder: Path) -> list[Path]:
    """Write a figure for each crystal that has a prediction, and return the PNG files.

    Names are those of the crystals' files, with a number in front where several have the same.
    """
    saved: list[Path] = []
    for number, explanation in enumerate(explanations, start=1):
        if explanation.contributions is not None:
            name = Path(explanation.crystal.name).name.replace("#", "-")
            if name.startswith("-"):  # of the standard input, which is called so; programs take it for an option
                name = f"standard-input{name.removeprefix('-')}"
            path = folder / name
            if path.with_name(f"{name}.png") in saved:
                path = folder / f"{number}-{name}"
            saved.append(save_figure(explanation_figure(explanation), path)[0])
    return saved


def draw_contributions(axes: Axes, contributions: Contributions) -> None:
    """Draw a bar for each part, the largest contributions at the top, with the members' standard deviation."""
    shown = contributions.order[:SHOWN_PARTS][::-1]
    colours = [_COLOURS[contributions.parts[part].kind] for part in shown]
    axes.barh(range(len(shown)), contributions.mean_dex[shown], color=colours, alpha=0.85)
    if len(contributions.dex) > 1:
        std = contributions.std_dex[shown]
        axes.errorbar(
            contributions.mean_dex[shown],
            range(len(shown)),
            xerr=std,
            fmt="none",
            ecolor="#333333",
            linewidth=1,
            capsize=2,
        )
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.set_yticks(range(len(shown)), [contributions.parts[part].label for part in shown])
    axes.set_xlabel("contribution to log10(kappa) (dex)")
    axes.grid(axis="x", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    kinds = dict.fromkeys(part.kind for part in contributions.parts)
    handles = [axes.plot([], [], "s", color=_COLOURS[kind], label=_WORDS[kind])[0] for kind in kinds]
    axes.legend(
        handles=handles, title="mean of the members, ± std" if len(contributions.dex) > 1 else None, frameon=False,
        fontsize=9, title_fontsize=9, ncols=len(handles), loc="lower center", bbox_to_anchor=(0.5, 1.0),
    )  # fmt: skip


def draw_prediction(axes: Axes, explanation: Explanation) -> None:
    """Draw a prediction, its intervals and its members over a histogram of the training materials' values."""
    row, known = explanation.row, explanation.trained_w_per_m_k
    axes.set_xscale("log")
    if known.size:
        counts, _, _ = axes.hist(known, bins=_bins(known), color="#d5dae0", label=f"{len(known)} training materials")
        axes.set_ylim(0, np.max(counts) / _HISTOGRAM_HEIGHT)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    heights = axes.get_xaxis_transform()
    for coverage, width in zip(schema.COVERAGES, _LINE_WIDTHS, strict=True):
        low, high = (row[key] for key in interval_keys(coverage))
        if low is not None:
            axes.plot(
                [low, high], [_INTERVAL_HEIGHT] * 2, color=_PREDICTION_COLOUR, linewidth=width, alpha=0.45,
                solid_capstyle="butt", transform=heights, label=f"{100 * coverage:.0f} % prediction interval",
            )  # fmt: skip
    if len(members := row[MEMBERS]) > 1:
        axes.plot(
            members, [_MEMBER_HEIGHT] * len(members), "|", color=_MEMBER_COLOUR, markersize=11, transform=heights,
            label=f"{len(members)} members",
        )  # fmt: skip
    axes.plot(
        [row[VALUE]], [_INTERVAL_HEIGHT], "D", color=_PREDICTION_COLOUR, markeredgecolor="white", markersize=8,
        transform=heights, label="prediction", linestyle="none",
    )  # fmt: skip
    axes.set_xlim(*_limits(explanation))
    log_ticks(axes.xaxis)
    axes.set_xlabel(schema.KAPPA_LABEL)
    axes.set_ylabel("materials")
    axes.legend(frameon=False, fontsize=8.5, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def draw_nearest(axes: Axes, explanation: Explanation) -> None:
    """Draw the known values of the nearest training materials, the nearest at the top, beside the prediction."""
    nearest: list[Row] = explanation.row[NEAREST] or []
    values = [near[schema.KAPPA] for near in nearest]
    places = range(len(nearest), 0, -1)
    axes.set_xscale("log")
    axes.axvline(explanation.row[VALUE], color=_PREDICTION_COLOUR, linewidth=1.2)
    axes.plot(values, places, "o", color="#5f6b78", markersize=7)
    axes.set_yticks(places, [format_material_name(near) for near in nearest])
    axes.set_ylim(0.4, len(nearest) + 0.6)
    axes.set_xlim(*_limits(explanation))
    log_ticks(axes.xaxis)
    axes.set_xlabel(schema.KAPPA_LABEL)
    axes.set_title("nearest training materials (line: prediction)" if nearest else "", fontsize=10)


def _contributions(explanation: Explanation) -> Contributions:
    if explanation.contributions is None:
        raise DataError(f"{explanation.crystal.name}: there is no prediction to draw")
    return explanation.contributions


def _limits(explanation: Explanation) -> tuple[float, float]:
    """Return limits that hold the prediction, its intervals and members, and all training materials."""
    row = explanation.row
    ends = [row[key] for coverage in schema.COVERAGES for key in interval_keys(coverage) if row[key] is not None]
    values = np.array([row[VALUE], *ends, *row[MEMBERS], *explanation.trained_w_per_m_k])
    positive = values[values > 0]
    return float(positive.min() / 1.3), float(positive.max() * 1.3)


def _bins(values: Floats) -> list[float]:
    """Return edges at equal steps of the logarithm, at full decades among others."""
    low, high = np.log10(values.min()), np.log10(values.max())
    steps = np.arange(np.floor(low * _BINS_PER_DECADE), np.ceil(high * _BINS_PER_DECADE) + 1)
    return [float(edge) for edge in np.power(10.0, steps / _BINS_PER_DECADE)]
