"""All protocols' evaluations in one long table: a row per model, protocol and metric."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.damaged_files import refuse_damaged
from paraisite.errors import MissingInputError
from paraisite.evaluation.evaluation_tables import TABLES_FOLDER
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.metrics.paired_tests import P_HOLM, REFERENCE
from paraisite.models.tabular import BASELINES, MIXTURES, PROCESSES
from paraisite.schema import MODEL

PROTOCOL: Final = "protocol"
METRIC: Final = "metric"
UNIT: Final = "unit"
MEASURED_IN: Final = "measured_in"
EFFECT_SIZE: Final = "effect_size"
IS_BEST: Final = "is_best"
COLUMNS: Final = (
    MODEL, PROTOCOL, METRIC, UNIT, "mean", "std", "low", "high", REFERENCE, P_HOLM, EFFECT_SIZE, IS_BEST, MEASURED_IN
)  # fmt: skip
"""``low`` and ``high`` end a 95 % bootstrap interval over materials; p and effect size are of the MAPE's difference
from the reference, the protocol's best model. ``measured_in`` names the protocol that a value was measured in."""


@dataclass(frozen=True, eq=False)
class ProtocolTables:
    """What an evaluation left.

    Attributes:
        summary: One row per model.
        comparisons: One row per model but the best.
    """

    summary: pd.DataFrame
    comparisons: pd.DataFrame

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an evaluation's folder.

        Raises:
            MissingInputError: It holds no evaluation.
        """
        tables = folder / TABLES_FOLDER
        try:
            with refuse_damaged(folder, remedy="evaluate again"):
                return cls(*(pd.read_csv(tables / f"{name}.csv", index_col=0) for name in ("summary", "comparisons")))
        except FileNotFoundError as error:
            raise MissingInputError(f"{folder} holds no evaluation ({error})") from error


def tabulate_protocols(evaluations: Mapping[str, ProtocolTables]) -> pd.DataFrame:
    """Return the columns ``COLUMNS``, one row per model, protocol and metric.

    A model without epochs is not run under the published protocols: it selects nothing on a test row, so that its
    predictions there are those of protocol honest, whose test rows are the same.

    Args:
        evaluations: By protocol.
    """
    tables_by_protocol = {name: _tabulate_protocol(name, tables) for name, tables in evaluations.items()}
    for name in tables_by_protocol:
        protocol = PROTOCOLS[name]
        honest = tables_by_protocol.get("honest-clean" if protocol.is_clean else "honest")
        if protocol.epoch is not None and honest is not None:
            of_others = honest[honest[MODEL].isin(_list_models_without_epochs())]
            unknown = {REFERENCE: None, P_HOLM: np.nan, EFFECT_SIZE: np.nan}
            tables_by_protocol[name] = pd.concat(
                [tables_by_protocol[name], of_others.assign(**{PROTOCOL: name}, **unknown)]
            )
    table = pd.concat(list(tables_by_protocol.values()), ignore_index=True)
    table[IS_BEST] = _mark_best(table)
    return table[list(COLUMNS)]


def _tabulate_protocol(name: str, tables: ProtocolTables) -> pd.DataFrame:
    summary, comparisons = tables.summary, tables.comparisons.reindex(tables.summary.index)
    parts = []
    for metric in schema.TEST_METRICS:
        if metric.name not in summary:
            continue
        is_mape = metric.name == schema.MAPE_TEST
        part = pd.DataFrame(
            {
                MODEL: summary.index,
                PROTOCOL: name,
                METRIC: metric.name,
                UNIT: metric.unit,
                "mean": summary[metric.name].to_numpy(),
                "std": _get_column(summary, f"{metric.name}_std"),
                "low": _get_column(summary, f"{metric.name}_low"),
                "high": _get_column(summary, f"{metric.name}_high"),
                REFERENCE: comparisons[REFERENCE].to_numpy() if is_mape else None,
                P_HOLM: comparisons[P_HOLM].to_numpy() if is_mape else np.nan,
                EFFECT_SIZE: comparisons[EFFECT_SIZE].to_numpy() if is_mape else np.nan,
                MEASURED_IN: name,
            }
        )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _get_column(summary: pd.DataFrame, name: str) -> Any:
    return summary[name].to_numpy() if name in summary else np.nan


def _list_models_without_epochs() -> set[str]:
    return {model.name for model in (*BASELINES, *PROCESSES)} | set(MIXTURES)


def _mark_best(table: pd.DataFrame) -> pd.Series:
    """Return whether a row has its protocol's best value of the metric; False where none is better than another."""
    better = {metric.name: metric.better for metric in schema.TEST_METRICS}
    best: set[object] = set()
    for (_, metric), rows in table.groupby([PROTOCOL, METRIC], sort=False):
        values = rows["mean"].dropna()
        if len(values) and better[str(metric)] != "neither":
            best.add(values.idxmin() if better[str(metric)] == "lower" else values.idxmax())
    return table.index.to_series().isin(best)
