"""All models under all protocols: one table per metric as markdown, and one figure."""

from collections.abc import Hashable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from paraisite import schema
from paraisite.evaluation.protocol_table import IS_BEST, METRIC, PROTOCOL
from paraisite.metrics.paired_tests import P_HOLM
from paraisite.reports.axes import log_ticks, new_figure
from paraisite.reports.tables import to_markdown
from paraisite.schema import MODEL

SHOWN: Final = (
    schema.MAPE_TEST,
    schema.LOG10_MAE_TEST,
    schema.SPEARMAN_TEST,
    schema.format_coverage_metric(0.9),
    schema.format_width_metric(0.9),
    schema.OOD_AUROC_TEST,
)
"""Metrics that have a table."""

P_VALUE_NOTE: Final = (
    "± is the standard deviation over splits and seeds, brackets hold a 95 % bootstrap interval over materials. p "
    "tests the difference from the protocol's best model by the corrected resampled t-test over splits, with Holm's "
    "correction for the number of models. Bold: the best mean."
)
PUBLISHED_NOTE: Final = (
    "paper and paper-last are trainings on all training rows. Models without epochs have their values of honest there, "
    "whose test rows are the same."
)
"""Notes below the tables."""

_NOTHING: Final = "–"
_ORDERED_BY: Final = ("honest", "grouped")
_MARKERS: Final = "osD^vPX*<>"


def overview_text(table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Return the markdown: a table per metric, rows by the MAPE in protocol honest, the best of each protocol in bold.

    Args:
        table: As ``protocol_table.tabulate_protocols`` returns it.
        notes: Sentences below.
    """
    meanings = {metric.name: metric for metric in schema.TEST_METRICS}
    parts = []
    for name in SHOWN:
        metric = meanings[name]
        shown = overview_table(table, name)
        unit = f" ({metric.unit})" if metric.unit else ""
        parts.append(f"## {name}{unit}\n\n{metric.meaning}\n\n{to_markdown(shown)}")
    return "\n".join([*parts, *(f"- {note}" for note in notes)]) + "\n"


def overview_table(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return one metric as text: a row per model, a column per protocol.

    Cells hold the mean over runs with its deviation, the bootstrap interval where there is one, and the corrected p of
    the MAPE's difference from the protocol's best; the best is in bold.
    """
    rows = table[table[METRIC] == metric]
    cells = rows.assign(cell=[_cell(row) for row in rows.to_dict("records")])
    wide = cells.pivot_table(index=MODEL, columns=PROTOCOL, values="cell", aggfunc="first", sort=False)
    protocols = [name for name in table[PROTOCOL].unique() if name in wide]
    return wide.reindex(index=_order(table), columns=protocols).fillna(_NOTHING).rename_axis(MODEL)


def _order(table: pd.DataFrame) -> list[str]:
    """Return the models, those with the lowest MAPE first."""
    mape = table[table[METRIC] == schema.MAPE_TEST]
    first = next((name for name in _ORDERED_BY if (mape[PROTOCOL] == name).any()), mape[PROTOCOL].iloc[0])
    by_model = mape[mape[PROTOCOL] == first].sort_values("mean")[MODEL].tolist()
    return by_model + [name for name in mape[MODEL].unique() if name not in by_model]


def _cell(row: Mapping[Hashable, Any]) -> str:
    if np.isnan(row["mean"]):
        return _NOTHING
    text = f"{row['mean']:.3f}"
    if not np.isnan(row["std"]):
        text += f" ± {row['std']:.3f}"
    if row[IS_BEST]:
        text = f"**{text}**"
    if not np.isnan(row["low"]):
        text += f" ({row['low']:.2f} to {row['high']:.2f})"
    if not np.isnan(row[P_HOLM]):
        text += f", p {row[P_HOLM]:.2g}"
    return text


def overview_figure(table: pd.DataFrame) -> Figure:
    """Draw every model's MAPE in every protocol, with its bootstrap interval."""
    rows = table[table[METRIC] == schema.MAPE_TEST]
    models, protocols = _order(table)[::-1], list(rows[PROTOCOL].unique())
    figure, axes = new_figure(8.0, 1.6 + 0.36 * len(models))
    offsets = np.linspace(0.25, -0.25, len(protocols)) if len(protocols) > 1 else np.zeros(1)
    for protocol, offset, marker in zip(protocols, offsets, _MARKERS, strict=False):
        own = rows[rows[PROTOCOL] == protocol].set_index(MODEL)
        places = np.array([models.index(str(model)) for model in own.index])
        mean, low, high = (100 * own[name].to_numpy(np.float64) for name in ("mean", "low", "high"))
        reach = np.nan_to_num(np.maximum([mean - low, high - mean], 0.0))
        axes.errorbar(mean, places + offset, xerr=reach, fmt=marker, markersize=4, linewidth=0.8, label=protocol)
    axes.set_yticks(range(len(models)), models)
    axes.set_xscale("log")
    log_ticks(axes.xaxis)
    axes.set_xlabel("MAPE of kappa (%); bars: 95 % confidence interval of the mean")
    axes.legend(frameon=False, fontsize=8.5)
    return figure
