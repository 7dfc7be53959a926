"""Comparison of backbones: a table with differences from random weights, and a figure of all splits."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.reports.axes import new_figure
from paraisite.reports.model_errors import evaluation_table
from paraisite.schema import MODEL
from paraisite.training.pretrained_networks import BACKBONES, Origin

PUBLISHED_PROTOCOL: Final = {
    schema.MAPE_BEST_EPOCH: "published protocol, best epoch",
    schema.MAPE_LAST_EPOCH: "published protocol, last epoch",
}
"""Metrics of the published protocol, and what tables and figures call it."""

_SHOWN: Final = {schema.MAPE_TEST: "held-out rows", **PUBLISHED_PROTOCOL}
_ERRORS: Final = ("MAPE", "95 % interval", "log10 MAE", "Spearman", "p")
"""Columns of ``evaluation_table``, some merged into one here; those on intervals do not concern initial weights."""

_STYLES: Final = {
    Origin.RANDOM: ("#7d8894", "D", "random weights"),
    Origin.PUBLISHED: ("#d55e00", "s", "published (MEGNet)"),
    Origin.LAB: ("#0072b2", "o", "the project's own (lab)"),
}
"""Colour, marker and words for each origin."""

_ORIGIN_OF: Final = {backbone.label: backbone.origin for backbone in BACKBONES.values()}


def backbones_table(outcome: EvaluationTables) -> pd.DataFrame:
    """Return an outcome as text, the lowest MAPE first and its row marked with a star.

    Args:
        outcome: Compared with random weights; its summary may hold the published protocol's metrics.

    Returns:
        Index model; MAPE, its 95 % interval, other errors, the difference from random weights with its 95 % interval
        and its p-value, then the published protocol's metrics.
    """
    ordered = outcome.summary.sort_values(schema.MAPE_TEST)
    compared = outcome.comparisons[["mean_difference", "interval_low", "interval_high"]].reindex(ordered.index)
    errors = evaluation_table(outcome.summary, outcome.comparisons).filter(_ERRORS)
    errors["MAPE"] += " (" + errors.pop("95 % interval") + ")"
    differences = [
        "–" if np.isnan(mean) else f"{mean:+.3f} ({low:+.2f} to {high:+.2f}), p = {p_value}"
        for (mean, low, high), p_value in zip(compared.to_numpy(np.float64), errors.pop("p"), strict=True)
    ]
    columns = {"difference from random": differences}
    for metric, heading in _published(ordered).items():
        pairs = ordered[[metric, f"{metric}_std"]].to_numpy(np.float64)
        columns[heading] = [f"{mean:.3f} ± {std:.3f}" for mean, std in pairs]
    return errors.assign(**columns)


def backbones_figures(scores: pd.DataFrame) -> dict[str, Figure]:
    """Return the figures of a comparison by file name without ending: one for each MAPE that the scores hold."""
    figures = {"backbones": mape_of_backbones(scores, metric=schema.MAPE_TEST)}
    for metric in _published(scores):
        figures[f"backbones_{metric}"] = mape_of_backbones(scores, metric=metric)
    return figures


def _published(table: pd.DataFrame) -> dict[str, str]:
    """Return the published protocol's metrics that a table has, with their headings."""
    return {metric: heading for metric, heading in PUBLISHED_PROTOCOL.items() if metric in table.columns}


def mape_of_backbones(scores: pd.DataFrame, *, metric: str) -> Figure:
    """Draw each backbone's MAPE on every split, with their mean and standard deviation, the lowest mean first.

    Args:
        scores: One row per model and split; models are labels of ``BACKBONES``.
        metric: Column of the scores: ``mape_test``, or one of the published protocol's.
    """
    values = 100 * scores.pivot_table(index=schema.SPLIT_SEED, columns=MODEL, values=metric)
    ordered = [str(name) for name in values.mean().sort_values().index]
    figure, axes = new_figure(6.2, 1.5 + 0.45 * len(ordered))
    for place, name in enumerate(ordered):
        _draw_one(axes, values[name].dropna().to_numpy(), at=place, origin=_ORIGIN_OF[name])
    axes.set_xlim(0, 1.08 * float(np.nanmax(values.to_numpy(), initial=1.0)))
    axes.grid(axis="x", color="#e3e6ea", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_yticks(range(len(ordered)), ordered)
    axes.set_ylim(len(ordered) - 0.4, -0.6)
    axes.set_xlabel(f"MAPE of kappa (%), {_SHOWN[metric]}")
    present = [style for origin, style in _STYLES.items() if origin in {_ORIGIN_OF[name] for name in ordered}]
    handles = [axes.plot([], [], marker, color=colour, label=words)[0] for colour, marker, words in present]
    axes.legend(
        handles=handles, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1.0, 1.0), fontsize=10,
        handlelength=1.0, columnspacing=1.0, handletextpad=0.4,
    )  # fmt: skip
    return figure


def _draw_one(axes: Axes, values: np.ndarray, *, at: int, origin: Origin) -> None:
    """Draw the splits of one backbone above its line, mean and standard deviation below them."""
    colour, marker, _ = _STYLES[origin]
    # Fixed offsets: the same figure from the same numbers.
    offsets = 0.1 * np.linspace(-1, 1, len(values)) if len(values) > 1 else np.zeros(len(values))
    axes.plot(values, at - 0.2 + offsets, marker, color=colour, markersize=4.5, alpha=0.6, markeredgewidth=0)
    if len(values):
        mean, std = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
        axes.errorbar(mean, at + 0.16, xerr=std, fmt=marker, color=colour, markersize=7, capsize=4, linewidth=1.8)
        place = (mean + std, at + 0.16)
        axes.annotate(f"{mean:.0f}", place, textcoords="offset points", xytext=(5, -3.5), fontsize=10)
