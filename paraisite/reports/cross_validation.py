"""Table and figure of the default model's cross-validation."""

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite import DEFAULT_MODEL, schema
from paraisite.analysis.held_out_accurate import DATA_SET, LOW_KAPPA, PROTOCOL
from paraisite.analysis.held_out_errors import (
    CHANCE,
    DIVISION,
    EXAMPLE,
    FOLD_STD,
    KIND,
    KINDS,
    LOWERED_MAPE,
    SHARED_FORMULA,
    SHARED_FORMULA_CORRECTING,
    SHARED_FORMULA_ELSEWHERE,
)
from paraisite.reports.axes import plain_numbers
from paraisite.reports.field_names import DATA_SET_NAMES
from paraisite.reports.tables import to_markdown

_TITLES: Final = {
    "n": "rows",
    "mean_abs_ln_ratio": "error",
    FOLD_STD: "± over folds",
    "constant": "error of a constant",
    "spearman": "Spearman",
    "within_factor_2": "within a factor of 2",
    "mape": "MAPE",
    LOWERED_MAPE: "MAPE, lowered",
    "log10_mae": "log10 MAE",
    "symmetric_relative_error": "κ_SRE",
    **{schema.format_coverage_metric(share): f"{100 * share:.0f} % intervals hold" for share in schema.COVERAGES},
    "flagged": "flagged",
    "mean_abs_ln_ratio_unflagged": "error, unflagged",
    SHARED_FORMULA: "rows that share a formula with training rows",
    SHARED_FORMULA_ELSEWHERE: "of other data sets",
    SHARED_FORMULA_CORRECTING: "with crystals that correct labels",
}
ON_TERMINAL: Final = {
    "rows": "rows",
    "error": "error",
    "error of a constant": "constant",
    "within a factor of 2": "factor 2",
    "90 % intervals hold": "in 90 %",
}
"""Columns that fit a terminal, with their names there."""

_SHARES: Final = ("within_factor_2", *map(schema.format_coverage_metric, schema.COVERAGES), "flagged")
_COUNTS: Final = ("n", SHARED_FORMULA, SHARED_FORMULA_ELSEWHERE, SHARED_FORMULA_CORRECTING)
_NAMES: Final = DATA_SET_NAMES | {LOW_KAPPA: "Phonix, selected by kappa < 1"}
_DIVISIONS: Final = dict(zip(KINDS, ("chemistry", "crystal system", "kappa (W/m/K)", "structure type"), strict=True))
_COLUMNS_OF_KINDS: Final = {
    EXAMPLE: "for example",
    "n": "rows",
    "mean_abs_ln_ratio": "error",
    "bias_ln": "mean ln ratio",
    "within_factor_2": "within a factor of 2",
    **{schema.format_coverage_metric(share): f"{100 * share:.0f} % intervals hold" for share in schema.COVERAGES},
    CHANCE: "chance of so few in 90 %",
}
_STYLES: Final = {"phonix": ("#0072b2", "o"), "hh143": ("#e69f00", "s"), "togo15": ("#d55e00", "^")}
"""Colour and marker of each data set; colours of Okabe and Ito."""


def tabulate_protocols(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table for people, a row per protocol and data set.

    Args:
        summary: As ``held_out_accurate.summarise_predictions`` returns it.
    """
    shown = summary[list(_TITLES)].copy().astype(object)
    for name in shown:
        text = "{:.0f}" if name in _COUNTS else "{:.0%}" if name in _SHARES else "{:.3f}"
        shown[name] = [text.format(value) for value in summary[name]]
    shown.index = pd.Index(
        [f"{_NAMES[data_set]}, {protocol.removeprefix('togo15-')}" for protocol, data_set in summary.index],
        name="test rows",
    )
    return shown.rename(columns=_TITLES)


def tabulate_refined_protocols(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table of predictions and refined values for people, a row for each protocol, data set and value.

    Args:
        summary: As ``held_out_refined.summarise_refined`` returns it.
    """
    names = [
        f"{_NAMES[row[DATA_SET]]}, {row[PROTOCOL].removeprefix('togo15-')}: {row['value']}"
        for row in summary.to_dict("records")
    ]
    titles = {"n": "rows", schema.LN_RATIO: "error", "mape": "MAPE", "spearman": "Spearman"}
    in_90 = schema.format_coverage_metric(0.9)
    shown = summary[[*titles, in_90]].rename(columns=titles | {in_90: "in 90 %"})
    for name in shown:
        text = "{:.0f}" if name == "rows" else "{:.0%}" if name == "in 90 %" else "{:.3f}"
        shown[name] = shown[name].map(text.format)
    return shown.set_index(pd.Index(names, name="test rows"))


def tabulate_kinds(kinds: pd.DataFrame) -> str:
    """Return the tables for people as markdown: one for each protocol and division into kinds.

    Those of rows that were selected by their label follow the others'.

    Args:
        kinds: As ``held_out_errors.summarise_kinds`` returns them.
    """
    parts = []
    ordered = kinds.sort_values(schema.SELECTED_BY_LABEL, kind="stable")
    for (selected, protocol), of_protocol in ordered.groupby([schema.SELECTED_BY_LABEL, PROTOCOL], sort=False):
        which = f": {_NAMES[LOW_KAPPA]}" if selected else ""
        parts.append(f"## Held out by {str(protocol).replace('-', ' ')}{which}\n")
        for division, rows in of_protocol.groupby(DIVISION, sort=False):
            shown = pd.DataFrame(index=pd.Index(rows[KIND], name=_DIVISIONS[str(division)]))
            for name, title in _COLUMNS_OF_KINDS.items():
                shown[title] = [_format(name, value) for value in rows[name]]
            parts.append(to_markdown(shown))
    return "\n".join(parts)


def _format(name: str, value: Any) -> str:
    if name == EXAMPLE:
        return str(value)
    if name == "n":
        return f"{value:.0f}"
    if name == CHANCE:
        return f"{value:.2g}" if value < 0.1 else ""
    return f"{value:.0%}" if name.startswith(("within", "coverage")) else f"{value:.2f}"


def describe_errors(summary: pd.DataFrame) -> str:
    """Return the table for people as markdown for a run's page, below a sentence with the error that counts most.

    Args:
        summary: As ``held_out_errors.summarise_predictions`` returns it.
    """
    error = summary["mean_abs_ln_ratio"].to_dict()["formula", "phonix"]
    return (
        f"**Held-out error: mean abs(ln(predicted/known)) {error:.2f}** on formulas of Phonix that no fit has seen. "
        "Each row is predicted by a fit without its formula, space group or structure type; errors are this mean.\n\n"
        + to_markdown(tabulate_protocols(summary))
    )


def draw_parity(predictions: pd.DataFrame) -> Figure:
    """Return predicted against known conductivities of held-out formulas, with the factor of two."""
    rows = predictions[predictions[PROTOCOL] == "formula"]
    figure = Figure(figsize=(5.2, 4.8), layout="constrained")
    axes = figure.subplots()
    limits = np.array([0.05, 4000.0])
    axes.fill_between(limits, limits / 2.0, limits * 2.0, color="0.9", linewidth=0.0, label="within a factor of 2")
    axes.plot(limits, limits, color="0.5", linewidth=0.8)
    for data_set, (colour, marker) in _STYLES.items():
        some = rows[rows[DATA_SET] == data_set]
        axes.scatter(
            some[schema.KAPPA],
            some[schema.PREDICTED_MEDIAN_KAPPA],
            s=9.0,
            marker=marker,
            color=colour,
            alpha=0.5,
            linewidths=0.0,
            label=f"{_NAMES[data_set]} ({len(some):,})",
        )
    axes.set(
        xscale="log",
        yscale="log",
        xlim=limits,
        ylim=limits,
        xlabel="known lattice thermal conductivity at 300 K (W/m/K)",
        ylabel="predicted (W/m/K)",
    )
    plain_numbers(axes.xaxis)
    plain_numbers(axes.yaxis)
    axes.set_title(f"{DEFAULT_MODEL}, held-out formulas", fontsize=10)
    axes.legend(frameon=False, fontsize=8.5, markerscale=2.0)
    return figure
