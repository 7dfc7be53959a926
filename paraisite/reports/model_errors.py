"""Tables and figures of an evaluation: errors of models, prediction intervals, the out-of-domain score."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.scores import compute_log10_errors
from paraisite.metrics.paired_tests import P_HOLM
from paraisite.models.applicability import is_flagged
from paraisite.reports.axes import log_ticks, new_figure, new_row, parity_axes
from paraisite.schema import MODEL, PREDICTED_KAPPA
from paraisite.training.recipes import RECIPES

_SHOWN_COVERAGE: Final = 0.9
_COLOUR: Final = "#1f6fb4"
_SPLIT_COLOUR: Final = "#9aa5b1"
_FLAGGED_COLOUR: Final = "#c0392b"
_MEDIAN_SHARE: Final = 0.2
_LOWEST_ERROR_DEX: Final = 1e-3
_NOTHING: Final = "–"
_P: Final = "p"
_COMPONENTS: Final = "std over split / seed / rest"
_FORESEEN: Final = "out-of-domain AUROC"
_BEYOND_A_TERMINAL: Final = (_COMPONENTS, _FORESEEN)


def evaluation_figures(outcome: EvaluationTables) -> dict[str, Figure]:
    """Return an evaluation's figures by file name without ending."""
    shown = [outcome.best]
    networks = outcome.summary.loc[outcome.summary.index.isin(list(RECIPES)), schema.MAPE_TEST]
    if networks.notna().any() and (network := str(networks.idxmin())) not in shown:
        shown.append(network)
    return {
        "mape_of_models": mape_of_models(outcome.summary, outcome.scores),
        "parity_of_the_best": parity_with_intervals(outcome.estimates, outcome.best),
        "out_of_domain": error_by_score(outcome.estimates, shown),
    }


def evaluation_table(summary: pd.DataFrame, comparisons: pd.DataFrame) -> pd.DataFrame:
    """Return a summary as text, the lowest MAPE first and its row marked with a star.

    Args:
        summary: As ``scores.summarise_scores`` returns it.
        comparisons: As ``paired_tests.compare_models`` returns it.

    Returns:
        Index model; MAPE with deviation over the runs, its components, its bootstrap interval, the corrected p
        of the difference from the best, and further columns.
    """
    shown = f"{_SHOWN_COVERAGE:.0%}"
    mape, auroc = schema.MAPE_TEST, schema.OOD_AUROC_TEST
    ordered = summary.sort_values(mape)
    rows = ordered.to_dict("records")
    columns = {
        "MAPE": [f"{row[mape]:.3f} ± {row[f'{mape}_std']:.3f}" for row in rows],
        _COMPONENTS: [
            " / ".join(_number(row[f"{mape}_std_{part}"], 3) for part in ("split", "seed", "rest")) for row in rows
        ],
        "95 % interval": [_interval(row[f"{mape}_low"], row[f"{mape}_high"]) for row in rows],
        _P: [_number(value, 2) for value in comparisons[P_HOLM].reindex(ordered.index)],
        "log10 MAE": [_number(value, 3) for value in ordered[schema.LOG10_MAE_TEST]],
        "Spearman": [_number(value, 2) for value in ordered[schema.SPEARMAN_TEST]],
        f"coverage of {shown}": [_share(value) for value in ordered[schema.format_coverage_metric(_SHOWN_COVERAGE)]],
        "width (dex)": [_number(value, 2) for value in ordered[schema.format_width_metric(_SHOWN_COVERAGE)]],
        _FORESEEN: [
            f"{row[auroc]:.2f} ({_interval(row[f'{auroc}_low'], row[f'{auroc}_high'])})"
            if np.isfinite(row[auroc])
            else _NOTHING
            for row in rows
        ],
    }
    names = [f"{name} *" if place == 0 else str(name) for place, name in enumerate(ordered.index)]
    return pd.DataFrame(columns, index=pd.Index(names, name=MODEL))


def narrow(table: pd.DataFrame) -> pd.DataFrame:
    """Return an evaluation's table without the columns that a terminal has no room for."""
    return table.drop(columns=list(_BEYOND_A_TERMINAL))


def _number(value: float, digits: int) -> str:
    return _NOTHING if np.isnan(value) else f"{value:.{digits}f}"


def _share(value: float) -> str:
    return _NOTHING if np.isnan(value) else f"{value:.0%}"


def _interval(low: float, high: float) -> str:
    return f"{low:.2f} to {high:.2f}"


def mape_of_models(summary: pd.DataFrame, scores: pd.DataFrame) -> Figure:
    """Draw each model's MAPE in every run, and their mean with its bootstrap interval."""
    mape = schema.MAPE_TEST
    ordered = summary.sort_values(mape, ascending=False)
    figure, axes = new_figure(8.0, 1.4 + 0.42 * len(ordered))
    for place, (model, row) in enumerate(ordered.iterrows()):
        values = 100 * scores.loc[scores[MODEL] == model, mape].to_numpy(np.float64)
        axes.plot(values, np.full(len(values), place), "|", color=_SPLIT_COLOUR, markersize=11)
        mean, low, high = (100 * float(row[name]) for name in (mape, f"{mape}_low", f"{mape}_high"))
        axes.errorbar(mean, place, xerr=[[max(mean - low, 0.0)], [max(high - mean, 0.0)]], fmt="o", color=_COLOUR)
        axes.annotate(
            f"{mean:.0f} %", (mean, place), textcoords="offset points", xytext=(0, 6), ha="center", fontsize=9
        )
    axes.set_yticks(range(len(ordered)), [str(name) for name in ordered.index])
    axes.set_xscale("log")
    log_ticks(axes.xaxis)
    axes.set_xlabel("MAPE on held-out rows (%); strokes: splits and seeds, bars: 95 % confidence interval of the mean")
    return figure


def parity_with_intervals(estimates: pd.DataFrame, model: str) -> Figure:
    """Draw a model's predictions of all test rows, with their intervals, against the true values."""
    rows = estimates[estimates[MODEL] == model]
    low, high = (rows[name].to_numpy(np.float64) for name in schema.interval_columns(_SHOWN_COVERAGE))
    true, estimated = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, PREDICTED_KAPPA))
    figure, axes = new_figure(6.0, 5.6)
    parity_axes(axes, np.concatenate([true, estimated]))
    axes.vlines(
        true,
        low,
        high,
        color=_SPLIT_COLOUR,
        linewidth=0.8,
        alpha=0.6,
        label=f"{_SHOWN_COVERAGE:.0%} prediction interval",
    )
    axes.plot(true, estimated, "o", color=_COLOUR, markersize=4, alpha=0.7, markeredgewidth=0, label="prediction")
    axes.set_xlabel(f"known {schema.KAPPA_LABEL}")
    axes.set_ylabel("predicted (W/m/K)")
    n_split = rows[schema.SPLIT_SEED].nunique()
    axes.set_title(f"{model}: held-out rows of {n_split} splits", fontsize=10)
    axes.legend(frameon=False, fontsize=8.5, loc="upper left")
    return figure


def error_by_score(estimates: pd.DataFrame, models: Sequence[str]) -> Figure:
    """Draw the error of the logarithm over the out-of-domain score, for all test rows of each model."""
    shown = estimates[estimates[MODEL].isin(models)]
    figure, row = new_row(len(models), 4.6 * len(models), 4.2)
    for axes, model in zip(row, models, strict=True):
        rows = shown[shown[MODEL] == model]
        _draw_errors(axes, rows)
        axes.set_title(
            model if rows[schema.OUT_OF_DOMAIN].notna().any() else f"{model} has no descriptors", fontsize=10
        )
        axes.set_xlabel("out-of-domain score")
        axes.set_xlim(-0.02, 1.02)
    highest = max(float(compute_log10_errors(shown).max()), 1.0)
    row[0].set(yscale="log", ylim=(0.8 * _LOWEST_ERROR_DEX, 1.3 * highest))
    log_ticks(row[0].yaxis)
    row[0].set_ylabel("absolute error of log10(kappa) (dex)")
    row[0].legend(frameon=False, fontsize=8.5, loc="lower left")
    return figure


def _draw_errors(axes: Axes, estimates: pd.DataFrame) -> None:
    rows = estimates.sort_values(schema.OUT_OF_DOMAIN, kind="stable")
    # A logarithmic axis has no place for an error of zero.
    score, error = rows[schema.OUT_OF_DOMAIN], compute_log10_errors(rows).clip(lower=_LOWEST_ERROR_DEX)
    flagged = is_flagged(score.to_numpy(np.float64), rows[schema.N_UNSEEN_ELEMENT].to_numpy(np.int64))
    for shown, colour, label in (
        (~flagged, _SPLIT_COLOUR, "inside the applicability domain"),
        (flagged, _FLAGGED_COLOUR, "outside the applicability domain"),
    ):
        axes.plot(
            score[shown], error[shown], "o", color=colour, markersize=4, alpha=0.6, markeredgewidth=0, label=label
        )
    median = error.rolling(max(int(_MEDIAN_SHARE * len(error)), 1), center=True).median()
    axes.plot(score, median, color=_COLOUR, linewidth=2.0, label="running median")
