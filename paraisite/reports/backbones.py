"""The backbones side by side: a table with their differences from random weights, and a figure of all splits."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.evaluation.scores import MAPE_TEST, MODEL
from paraisite.evaluation.statistics import DIFFERENCE, DIFFERENCE_HIGH, DIFFERENCE_LOW, P_TWO_SIDED
from paraisite.reports.axes import new_figure
from paraisite.reports.evaluation import evaluation_table
from paraisite.reports.figures import mape_axis
from paraisite.training.backbones import BACKBONES, Origin

PUBLISHED_PROTOCOL: Final = {
    schema.MAPE_BEST_EPOCH: "published protocol, best epoch",
    schema.MAPE_LAST_EPOCH: "published protocol, last epoch",
}
"""Metrics of the published protocol, and what tables and figures call it."""

_SHOWN: Final = {MAPE_TEST: "rows that chose nothing", **PUBLISHED_PROTOCOL}
_ERRORS: Final = ("MAPE", "95 % interval", "log10 MAE", "Spearman")
"""Columns of ``evaluation_table``; those of intervals say nothing of a start."""

_STYLES: Final = {
    Origin.RANDOM: ("#7d8894", "D", "random weights"),
    Origin.PUBLISHED: ("#e08a1e", "s", "published (MEGNet)"),
    Origin.LAB: ("#1f6fb4", "o", "the project's own (lab)"),
}
"""Colour, marker and words for each origin."""

_ORIGIN_OF: Final = {backbone.label: backbone.origin for backbone in BACKBONES.values()}


def backbones_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary as text, the lowest MAPE first and its row marked with a star.

    Args:
        summary: As ``scores.summary_table`` returns it, with the columns of ``statistics.differences_table`` and, where
            it was followed, the published protocol's metrics.

    Returns:
        Index model; the errors of ``evaluation_table``, the difference from random weights with its 95 % interval and
        p, then the published protocol's.
    """
    ordered = summary.sort_values(MAPE_TEST)
    differences = [
        "–" if np.isnan(difference) else f"{difference:+.3f} ({low:+.2f} to {high:+.2f})"
        for difference, low, high in ordered[[DIFFERENCE, DIFFERENCE_LOW, DIFFERENCE_HIGH]].to_numpy(np.float64)
    ]
    columns = {
        "difference": differences,
        "p": ["–" if np.isnan(value) else f"{value:.2f}" for value in ordered[P_TWO_SIDED]],
    }
    for metric, heading in PUBLISHED_PROTOCOL.items():
        if metric in ordered.columns:
            pairs = ordered[[metric, f"{metric}_std"]].to_numpy(np.float64)
            columns[heading] = [f"{mean:.3f} ± {std:.3f}" for mean, std in pairs]
    return evaluation_table(summary).filter(_ERRORS).assign(**columns)


def mape_of_backbones(scores: pd.DataFrame, *, metric: str) -> Figure:
    """Draw each backbone's MAPE on every split, with their mean and standard deviation, the lowest mean first.

    Args:
        scores: One row per model and split; models are labels of ``BACKBONES``.
        metric: Column of the scores: ``mape_test``, or one of the published protocol's.
    """
    values = 100 * scores.pivot_table(index=schema.SPLIT_SEED, columns=MODEL, values=metric)
    ordered = [str(name) for name in values.mean().sort_values().index]
    figure, axes = new_figure(max(5.5, 1.0 + 1.25 * len(ordered)), 4.8)
    for place, name in enumerate(ordered):
        _draw_one(axes, values[name].dropna().to_numpy(), at=place, origin=_ORIGIN_OF[name])
    mape_axis(axes, values.to_numpy() / 100)
    axes.set_xticks(range(len(ordered)), [name.replace(" (", "\n(").replace("random ", "random\n") for name in ordered])
    axes.set_xlim(-0.6, len(ordered) - 0.4)
    axes.set_ylabel(f"MAPE of kappa (%), {_SHOWN[metric]}")
    present = [style for origin, style in _STYLES.items() if origin in {_ORIGIN_OF[name] for name in ordered}]
    handles = [axes.plot([], [], marker, color=colour, label=words)[0] for colour, marker, words in present]
    axes.legend(handles=handles, frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))
    return figure


def _draw_one(axes: Axes, values: np.ndarray, *, at: int, origin: Origin) -> None:
    """Draw the splits of one backbone at the left of its place, mean and spread at the right."""
    colour, marker, _ = _STYLES[origin]
    # Fixed offsets: the same figure from the same numbers.
    offsets = 0.1 * np.linspace(-1, 1, len(values)) if len(values) > 1 else np.zeros(len(values))
    axes.plot(at - 0.14 + offsets, values, marker, color=colour, markersize=4.5, alpha=0.6, markeredgewidth=0)
    if len(values):
        mean, spread = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
        axes.errorbar(at + 0.18, mean, yerr=spread, fmt=marker, color=colour, markersize=7, capsize=4, linewidth=1.8)
        axes.annotate(f"{mean:.0f}", (at + 0.26, mean), textcoords="offset points", xytext=(3, -3), fontsize=9)
