"""Figures and tables of candidates, with prediction intervals beside known values, and of replayed active learning."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from paraisite.active_learning.acquisition import ACQUISITIONS
from paraisite.active_learning.diversity import SPACE_GROUP
from paraisite.active_learning.replay import LOG10_MAE, N_FOUND, N_LABEL, REGRET, STRATEGY
from paraisite.active_learning.replay_summary import HIGH, LABELS_TO_LOWEST, LOW, MEAN, QUANTITY
from paraisite.reports.axes import log_ticks, new_figure
from paraisite.schema import (
    FORMULA,
    KAPPA_LABEL,
    MATERIAL_ID,
    PREDICTED_KAPPA,
    interval_columns,
)

_COLOUR: Final = "#1f6fb4"
_KNOWN_COLOUR: Final = "#9aa5b1"
_N_BIN: Final = 24
_MARKS: Final = (("#c0392b", "o"), ("#1f6fb4", "s"), ("#5a9e4b", "^"), ("#7d8894", "D"))
_STYLES: Final = dict(zip(ACQUISITIONS, _MARKS, strict=True))
_HEADINGS: Final = {
    LABELS_TO_LOWEST: "labels until all lowest are found",
    REGRET: "regret (dex)",
    LOG10_MAE: "log10 MAE on held-out rows (dex)",
}
_AXIS_OF: Final = {
    REGRET: "regret: lowest labelled kappa over the lowest of all (dex)",
    N_FOUND: "materials found among those of lowest kappa",
    LOG10_MAE: "mean absolute error of log10(kappa) on held-out rows (dex)",
}


def candidates_table(rows: pd.DataFrame, *, coverage: float) -> pd.DataFrame:
    """Return a list of candidates as text for 80 characters: a row each (index: formula), the id for `verify` last."""
    lower, upper = interval_columns(coverage)
    intervals = zip(rows[lower], rows[upper], strict=True)
    columns = {
        "group": rows[SPACE_GROUP].to_list(),
        "W/m/K": [f"{value:.3g}" for value in rows[PREDICTED_KAPPA]],
        f"{coverage:.0%} interval": [f"{low:.3g}–{high:.3g}" for low, high in intervals],
        "id": rows[MATERIAL_ID].to_list(),
    }
    return pd.DataFrame(columns, index=pd.Index(rows[FORMULA], name="formula"))


def candidates_figure(rows: pd.DataFrame, known: npt.NDArray[np.float64], *, coverage: float) -> Figure:
    """Draw the candidates' intervals below each other, over the distribution of known conductivities.

    Args:
        rows: Of the list, the best first.
        known: kappa of the training data, W/m/K.
        coverage: Which intervals.
    """
    lower, upper = interval_columns(coverage)
    figure, axes = new_figure(8.0, 2.2 + 0.26 * len(rows))
    centre, places = rows[PREDICTED_KAPPA].to_numpy(np.float64), np.arange(len(rows))
    reach = np.stack([centre - rows[lower].to_numpy(np.float64), rows[upper].to_numpy(np.float64) - centre])
    axes.errorbar(centre, places, xerr=reach, fmt="o", color=_COLOUR, markersize=5, linewidth=1.4, zorder=3)
    axes.set_yticks(places, [f"{name} ({group})" for name, group in zip(rows[FORMULA], rows[SPACE_GROUP], strict=True)])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xscale("log")
    beside = axes.twinx()
    bins = np.logspace(np.log10(known.min()), np.log10(known.max()), _N_BIN + 1)
    beside.hist(known, bins=bins.tolist(), color=_KNOWN_COLOUR, alpha=0.35)
    beside.set_ylabel(f"{len(known)} training materials", fontsize=11)
    beside.spines["top"].set_visible(False)
    axes.set_zorder(beside.get_zorder() + 1)  # the intervals lie above the bars
    axes.patch.set_visible(False)
    log_ticks(axes.xaxis, (1.0,))
    axes.set_xlabel(f"{KAPPA_LABEL}; bars: {coverage:.0%} prediction intervals")
    return figure


def replay_figures(curves: pd.DataFrame) -> dict[str, Figure]:
    """Return the figures of a replay by file name without ending.

    Args:
        curves: As ``replay_summary.curves`` returns them.
    """
    return {f"replay_{quantity}": _replay_figure(curves, quantity) for quantity in _AXIS_OF}


def _replay_figure(curves: pd.DataFrame, quantity: str) -> Figure:
    figure, axes = new_figure(7.0, 4.6)
    for strategy, (colour, marker) in _STYLES.items():
        rows = curves[(curves[STRATEGY] == strategy) & (curves[QUANTITY] == quantity)]
        places = rows[N_LABEL].to_numpy()
        axes.fill_between(places, rows[LOW].to_numpy(), rows[HIGH].to_numpy(), color=colour, alpha=0.15, linewidth=0)
        axes.plot(places, rows[MEAN].to_numpy(), color=colour, marker=marker, markersize=4, label=strategy)
    axes.set_xlabel("number of labels")
    axes.set_ylabel(_AXIS_OF[quantity])
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
    return figure


def replay_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of a replay as text: a row per strategy, means over the starts with confidence intervals."""
    cells = summary.assign(cell=[_cell(row) for row in summary.to_dict("records")])
    wide = cells.pivot_table(index=STRATEGY, columns=QUANTITY, values="cell", aggfunc="first", sort=False)
    return wide[list(_HEADINGS)].rename(columns=_HEADINGS)


def _cell(row: Mapping[Any, Any]) -> str:
    return f"{row[MEAN]:.3g} ({row[LOW]:.3g} to {row[HIGH]:.3g})"
