"""Table and figure of the default model's cross-validation."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.analysis.held_out_accurate import DATA_SET, PROTOCOL

_TITLES: Final = {
    "n": "rows",
    "mean_abs_ln_ratio": "error",
    "fold_std": "± over folds",
    "constant": "error of a constant",
    "spearman": "Spearman",
    "within_factor_2": "within a factor of 2",
    "mape": "MAPE",
    schema.format_coverage_metric(0.9): "90 % intervals hold",
    "flagged": "flagged",
    "mean_abs_ln_ratio_unflagged": "error, unflagged",
}
ON_TERMINAL: Final = {
    "rows": "rows",
    "error": "error",
    "error of a constant": "constant",
    "within a factor of 2": "factor 2",
    "90 % intervals hold": "in 90 %",
}
"""Columns that fit a terminal, with their names there."""

_SHARES: Final = ("within_factor_2", schema.format_coverage_metric(0.9), "flagged")
_NAMES: Final = {"togo15": "Togo15", "hh143": "HH143", "phonix": "Phonix"}
_COLOURS: Final = {"phonix": "#0072b2", "hh143": "#e69f00", "togo15": "#d55e00"}


def tabulate_protocols(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table for people, a row per protocol and data set.

    Args:
        summary: As ``held_out_accurate.summarise_predictions`` returns it.
    """
    shown = summary[list(_TITLES)].copy().astype(object)
    for name in shown:
        text = "{:.0f}" if name == "n" else "{:.0%}" if name in _SHARES else "{:.3f}"
        shown[name] = [text.format(value) for value in summary[name]]
    shown.index = pd.Index(
        [f"{_NAMES[data_set]}, {protocol.removeprefix('togo15-')}" for protocol, data_set in summary.index],
        name="test rows",
    )
    return shown.rename(columns=_TITLES)


def draw_parity(predictions: pd.DataFrame) -> Figure:
    """Return predicted against known conductivities of held-out formulas, with the factor of two."""
    rows = predictions[predictions[PROTOCOL] == "formula"]
    figure = Figure(figsize=(5.2, 4.8), layout="constrained")
    axes = figure.subplots()
    limits = np.array([0.05, 4000.0])
    axes.fill_between(limits, limits / 2.0, limits * 2.0, color="0.9", linewidth=0.0, label="within a factor of 2")
    axes.plot(limits, limits, color="0.5", linewidth=0.8)
    for data_set, colour in _COLOURS.items():
        some = rows[rows[DATA_SET] == data_set]
        axes.scatter(
            some[schema.KAPPA],
            some[schema.PREDICTED_MEDIAN_KAPPA],
            s=7.0,
            color=colour,
            alpha=0.5,
            linewidths=0.0,
            label=f"{_NAMES[data_set]} ({len(some)})",
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlim=limits,
        ylim=limits,
        xlabel="known lattice thermal conductivity at 300 K (W/m/K)",
        ylabel="predicted (W/m/K)",
    )
    axes.set_title("Held-out formulas", fontsize=10)
    axes.legend(frameon=False, fontsize=8.5)
    return figure
