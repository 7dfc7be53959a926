"""An evaluation for people: a table of models, a figure of their errors, the best one's estimates with intervals."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.evaluation.scores import KAPPA_ESTIMATED, MODEL, interval_columns
from paraisite.reports.axes import KAPPA_LABEL, log_ticks, new_figure, parity_axes

_SHOWN_COVERAGE: Final = 0.9
_COLOUR: Final = "#1f6fb4"
_SPLIT_COLOUR: Final = "#9aa5b1"


def evaluation_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return a summary as text, the lowest MAPE first and its row marked with a star.

    Args:
        summary: As ``scores.summary_table`` returns it.

    Returns:
        Index model; MAPE with deviation over the splits and its bootstrap interval, and further columns.
    """
    shown = f"{_SHOWN_COVERAGE:.0%}"
    ordered = summary.sort_values("mape_test")
    columns = {
        "MAPE": [f"{row.mape_test:.3f} ± {row.mape_test_std:.3f}" for row in ordered.itertuples()],
        "95 % interval": [f"{row.mape_test_low:.2f} to {row.mape_test_high:.2f}" for row in ordered.itertuples()],
        "log10 MAE": [f"{value:.3f}" for value in ordered["log10_mae_test"]],
        "Spearman": ["–" if np.isnan(value) else f"{value:.2f}" for value in ordered["spearman_test"]],
        f"in {shown}": [f"{value:.0%}" for value in ordered[f"coverage_{shown}"]],
        "width, dex": [f"{value:.2f}" for value in ordered[f"width_{shown}_dex"]],
    }
    names = [f"{name} *" if place == 0 else str(name) for place, name in enumerate(ordered.index)]
    return pd.DataFrame(columns, index=pd.Index(names, name=MODEL))


def mape_of_models(summary: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Draw each model's MAPE on every split, and their mean with its bootstrap interval."""
    ordered = summary.sort_values("mape_test", ascending=False)
    figure, axes = new_figure(8.0, 1.4 + 0.42 * len(ordered))
    for place, (model, row) in enumerate(ordered.iterrows()):
        values = 100 * scores.loc[scores[MODEL] == model, "mape_test"].to_numpy(np.float64)
        axes.plot(values, np.full(len(values), place), "|", color=_SPLIT_COLOUR, markersize=11)
        mean, low, high = (100 * float(row[name]) for name in ("mape_test", "mape_test_low", "mape_test_high"))
        axes.errorbar(mean, place, xerr=[[max(mean - low, 0.0)], [max(high - mean, 0.0)]], fmt="o", color=_COLOUR)
        axes.annotate(
            f"{mean:.0f} %", (mean, place), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=9
        )
    axes.set_yticks(range(len(ordered)), [str(name) for name in ordered.index])
    axes.set_xscale("log")
    log_ticks(axes.xaxis)
    axes.set_xlabel("MAPE on rows that chose nothing (%); strokes: splits, bar: 95 % interval of the mean")
    return figure


def parity_with_intervals(estimates: pd.DataFrame, model: str) -> Figure:
    """Draw a model's estimates of all test rows, with their intervals, beside the true values."""
    rows = estimates[estimates[MODEL] == model]
    low, high = (rows[name].to_numpy(np.float64) for name in interval_columns(_SHOWN_COVERAGE))
    true, estimated = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, KAPPA_ESTIMATED))
    figure, axes = new_figure(6.0, 5.6)
    parity_axes(axes, np.concatenate([true, estimated]))
    axes.vlines(true, low, high, color=_SPLIT_COLOUR, linewidth=0.8, alpha=0.6, label=f"{_SHOWN_COVERAGE:.0%} interval")
    axes.plot(true, estimated, "o", color=_COLOUR, markersize=4, alpha=0.7, markeredgewidth=0, label="estimate")
    axes.set_xlabel(f"true {KAPPA_LABEL}")
    axes.set_ylabel("estimated (W/m/K)")
    n_split = rows[schema.SPLIT_SEED].nunique()
    axes.set_title(f"{model}: test rows of {n_split} splits, estimates that chose nothing on them", fontsize=10)
    axes.legend(frameon=False, fontsize=8.5, loc="upper left")
    return figure
