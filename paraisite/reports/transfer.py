"""Table and figure of what earlier stages of training are worth: errors against the number of accurate labels."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.container import ErrorbarContainer
from matplotlib.figure import Figure

from paraisite import DEFAULT_MODEL, schema
from paraisite.evaluation.protocols import GROUPED, STRUCTURE_TYPE
from paraisite.evaluation.transfer_columns import ERROR, LABELS_NEEDED, N_LABEL, PROTOCOL, START, TIMES_FEWER
from paraisite.reports.axes import log_ticks, new_canvas, new_row, plain_frame

_TITLES: Final = {GROUPED: "new formulas, known structure types", STRUCTURE_TYPE: "new structure types"}
_STYLES: Final = {
    "RW": ("#7d8894", "D", "-", "RW: random weights"),
    "LFE": ("#56b4e9", "v", "--", "LFE: formation energies (lab)"),
    "FE": ("#0072b2", "s", "--", "FE: formation energies (MEGNet)"),
    "FELAB": ("#e69f00", "^", "-", "FELAB: LFE, then our labels"),
    "LFEKAPPA": ("#009e73", "P", "-", "LFEKAPPA: LFE, then our phonon labels"),
    "FEAF": ("#d55e00", "o", "-", "FEAF: FE, then AFLOW"),
    DEFAULT_MODEL: ("#000000", "x", ":", f"{DEFAULT_MODEL}: no network"),
}
"""Colour, marker, line and words of each start; colours of Okabe and Ito, which colour-blind people tell apart."""


def tabulate_transfer(scores: pd.DataFrame, needed: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the mean error of each start by number of labels, and how many fewer labels it needs, as text.

    Args:
        scores: As ``evaluation.transfer.average_trainings`` returns them.
        needed: As ``count_labels_needed`` returns it.

    Returns:
        By test rows, a table with index start: for each number of labels the mean over splits and its standard
        deviation, the number of labels that give the error which random weights have with all, and how many times
        fewer these are.
    """
    tables = {}
    for protocol, some in scores.groupby(PROTOCOL, sort=False):
        most = int(some[N_LABEL].max())
        headings = some[N_LABEL].map(lambda n, most=most: f"all {n:,}" if n == most else f"{n}")
        errors = some.assign(labels=headings).groupby([START, "labels"], sort=False)[ERROR]
        text = errors.mean().map("{:.2f}".format) + " ± " + errors.std(ddof=1).map("{:.2f}".format)
        shown = text.reset_index().pivot_table(index=START, columns="labels", values=ERROR, aggfunc="first", sort=False)
        of_protocol = needed[needed[PROTOCOL] == protocol].set_index(START).reindex(shown.index)
        shown["for RW's error"] = _format_known(of_protocol[LABELS_NEEDED], "{:.0f}")
        shown["times fewer"] = _format_known(of_protocol[TIMES_FEWER], "{:.1f}")
        tables[_TITLES[str(protocol)]] = shown.rename_axis(index="from", columns=None)
    return tables


def _format_known(values: pd.Series, form: str) -> list[str]:
    return ["–" if np.isnan(value) else form.format(value) for value in values.to_numpy(np.float64)]


def draw_transfer(scores: pd.DataFrame, *, stacked: bool = False) -> Figure:
    """Return the error of every start against the number of labels, a panel for each protocol.

    Points are means over splits, bars their standard errors.

    Args:
        scores: As ``evaluation.transfer.average_trainings`` returns them.
        stacked: Panels one below the other, for a column of a journal.
    """
    protocols = scores[PROTOCOL].unique().tolist()
    figure, panels = _new_panels(len(protocols), stacked=stacked)
    for axes, protocol in zip(panels, protocols, strict=True):
        _draw_panel(axes, scores[scores[PROTOCOL] == protocol])
        axes.set_title(_TITLES[protocol], fontsize=11)
    figure.supylabel("mean |ln(predicted/known)|, held-out crystals", fontsize=11)
    bars, labels = panels[0].get_legend_handles_labels()
    handles = [each.lines[0] for each in bars if isinstance(each, ErrorbarContainer)]
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2 if stacked else min(3, 1 + len(protocols)), frameon=False,
        fontsize=9,
    )  # fmt: skip
    return figure


def _new_panels(n_panel: int, *, stacked: bool) -> tuple[Figure, list[Axes]]:
    if not stacked:
        return new_row(n_panel, 4.2 * n_panel, 4.4)
    figure = new_canvas(5.4, 3.6 * n_panel + 0.8)
    panels = list(figure.subplots(n_panel, 1, sharey=True, squeeze=False)[:, 0])
    for axes in panels:
        plain_frame(axes)
    return figure, panels


def _draw_panel(axes: Axes, scores: pd.DataFrame) -> None:
    for start, rows in scores.groupby(START, sort=False):
        colour, marker, line, words = _STYLES[str(start)]
        errors = rows.groupby(N_LABEL)[ERROR]
        n_split = rows[schema.SPLIT_SEED].nunique()
        axes.errorbar(
            errors.mean().index.to_numpy(),
            errors.mean().to_numpy(),
            yerr=errors.std(ddof=1).to_numpy() / np.sqrt(n_split) if n_split > 1 else None,
            color=colour,
            marker=marker,
            linestyle=line,
            label=words,
            markersize=5,
            capsize=2,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    log_ticks(axes.xaxis)
    log_ticks(axes.yaxis, (2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0))
    axes.set_xlabel("accurate labels")
