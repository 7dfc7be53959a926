"""The tables that an evaluation leaves, made of all estimates, and the folder that they are written into."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.csv_tables import write_csv
from paraisite.core.damaged_files import refuse_damaged
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.evaluation.scores import ESTIMATES_FILE, read_estimates, summarise_scores, tabulate_scores
from paraisite.metrics.paired_tests import compare_models
from paraisite.schema import MODEL

TABLES_FOLDER: Final = "result"
METRICS_FILE: Final = "metrics.json"
METRICS: Final = (
    schema.MAPE_TEST,
    schema.LOG10_MAE_TEST,
    schema.SPEARMAN_TEST,
    schema.format_coverage_metric(0.9),
    schema.format_width_metric(0.9),
    schema.OOD_SPEARMAN_TEST,
    schema.OOD_AUROC_TEST,
)
"""What DVC shows of each model."""

SCORES_FILE: Final = "scores.csv"
_SUMMARY: Final = "summary.csv"
_COMPARISONS: Final = "comparisons.csv"


@dataclass(frozen=True, eq=False)
class EvaluationTables:
    """The tables of an evaluation.

    Attributes:
        estimates: One row per model, seed, split and test material.
        scores: One row per model, seed and split.
        summary: One row per model.
        comparisons: One row per model but the reference, which it is compared with.
    """

    estimates: pd.DataFrame
    scores: pd.DataFrame
    summary: pd.DataFrame
    comparisons: pd.DataFrame

    @classmethod
    def from_estimates(
        cls, estimates: pd.DataFrame, splits: Sequence[NestedSplit], *, reference: str | None = None
    ) -> Self:
        """Return the tables of all models' predictions on these splits.

        Args:
            estimates: As ``scores.tabulate_estimates`` returns them.
            splits: The nested splits.
            reference: The model that the others are compared with; by default the one with the lowest mean MAPE.
        """
        scores = tabulate_scores(estimates)
        ratio = float(np.mean([len(split.test) / len(split.train) for split in splits]))
        comparisons = compare_models(scores, n_test_over_n_train=ratio, reference=reference)
        return cls(estimates, scores, summarise_scores(estimates, scores), comparisons)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``write`` wrote; tables of earlier versions, with other names of columns, are read too.

        Raises:
            FileNotFoundError: A table is absent.
            DataError: A table is damaged.
        """
        tables = folder / TABLES_FOLDER
        with refuse_damaged(folder, remedy="evaluate again"):
            summary, comparisons = (pd.read_csv(tables / file, index_col=MODEL) for file in (_SUMMARY, _COMPARISONS))
            scores = pd.read_csv(tables / SCORES_FILE)
            return cls(read_estimates(tables / ESTIMATES_FILE), scores, summary, comparisons)

    @property
    def best(self) -> str:
        """The model with the lowest mean MAPE."""
        return str(self.summary[schema.MAPE_TEST].idxmin())

    def write(self, folder: Path) -> None:
        """Write the tables, which DVC keeps, and the metrics that it shows."""
        tables = folder / TABLES_FOLDER
        write_csv(self.estimates, tables / ESTIMATES_FILE, float_format="%.6g")
        write_csv(self.scores, tables / SCORES_FILE, float_format="%.6g")
        self.summary.to_csv(tables / _SUMMARY, float_format="%.6g")
        self.comparisons.to_csv(tables / _COMPARISONS, float_format="%.6g")
        metrics = {str(name): {key: float(row[key]) for key in METRICS} for name, row in self.summary.iterrows()}
        (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n")
