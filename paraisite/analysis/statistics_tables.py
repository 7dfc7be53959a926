"""The statistics of a screening as tables that are written once and plotted afterwards."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pandas as pd

from paraisite.analysis.clusters import CrystalClusters, cluster_crystals
from paraisite.analysis.correlations import (
    NOTE,
    PEARSON_R,
    QUANTITY,
    THRESHOLD,
    correlate_with_descriptors,
    select_above_threshold,
)
from paraisite.analysis.member_variance import STEP, compare_member_variances, summarise_member_variances
from paraisite.analysis.model_predictions import ModelPredictions, select_shared_crystals
from paraisite.core.csv_tables import restore_texts, write_csv
from paraisite.core.damaged_files import refuse_damaged
from paraisite.errors import MissingInputError
from paraisite.schema import KAPPA_MEAN, MODEL

logger = logging.getLogger(__name__)

TABLES: Final = "result"
"""Folder of the tables, which DVC keeps; figures can be drawn again of them."""

_CORRELATIONS: Final = "correlations.csv"
_VARIANCES: Final = "spread_by_step.csv"
_TESTS: Final = "spread_tests.csv"
_LIKENESS: Final = "models_alike.csv"
_CRYSTALS: Final = "clusters_crystals.csv.gz"
_PROFILES: Final = "clusters_profiles.csv"
_ELEMENTS: Final = "clusters_elements.csv"
_FLOATS: Final = "%.8g"


@dataclass(frozen=True, eq=False)
class StatisticsTables:
    """The tables.

    Attributes:
        correlations: As ``correlations.correlate_with_descriptors`` returns it.
        member_variances: As ``member_variance.summarise_member_variances``.
        tests: As ``member_variance.compare_member_variances``.
        likeness: Spearman correlation of the models' mTC with each other (index and columns: models); empty where they
            share no crystals.
        clusters: Groups of crystals; None where there are none.
    """

    correlations: pd.DataFrame
    member_variances: pd.DataFrame
    tests: pd.DataFrame
    likeness: pd.DataFrame
    clusters: CrystalClusters | None

    @classmethod
    def of(cls, observed: Sequence[ModelPredictions]) -> Self:
        """Compute all tables from models' predictions."""
        clusters = cluster_crystals(observed)
        if clusters is None:
            logger.warning("no clusters: too few crystals with predictions of all models and unique ids")
        likeness = select_shared_crystals(observed, KAPPA_MEAN).corr("spearman").rename_axis(MODEL)
        return cls(
            correlate_with_descriptors(observed),
            summarise_member_variances(observed),
            compare_member_variances(observed),
            likeness,
            clusters,
        )

    def metrics(self) -> dict[str, float]:
        """Return as metrics each model's median member variances, and its number of pairs above the threshold."""
        strong = self.correlations[self.correlations[PEARSON_R].abs() > THRESHOLD]
        counts = {f"{model} pairs above threshold": float(n) for model, n in strong[MODEL].value_counts().items()}
        rows = self.member_variances.to_dict("records")
        return counts | {f"{row[MODEL]} median {row[QUANTITY]}": float(row["median"]) for row in rows}

    def write(self, folder: Path) -> None:
        """Write all tables, and for each quantity that of the pairs above the threshold."""
        tables = folder / TABLES
        tables.mkdir(parents=True, exist_ok=True)
        written = {_CORRELATIONS: self.correlations, _VARIANCES: self.member_variances, _TESTS: self.tests}
        for quantity in self.correlations[QUANTITY].unique():
            written[f"above_threshold_{quantity}.csv"] = select_above_threshold(self.correlations, quantity)
        if self.clusters is not None:
            written |= {_PROFILES: self.clusters.profiles, _ELEMENTS: self.clusters.elements}
            write_csv(self.clusters.crystals, tables / _CRYSTALS, float_format="%.4g")
        for name, table in written.items():
            write_csv(table, tables / name, float_format=_FLOATS)
        self.likeness.to_csv(tables / _LIKENESS, float_format=_FLOATS)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``write`` wrote.

        Raises:
            MissingInputError: A table is absent.
        """
        tables = folder / TABLES
        try:
            with refuse_damaged(folder, remedy="`python -m paraisite statistics` makes it anew"):
                clusters = [
                    restore_texts(pd.read_csv(tables / name))
                    for name in (_CRYSTALS, _PROFILES)
                    if (tables / name).exists()
                ]
                if clusters:
                    clusters.append(pd.read_csv(tables / _ELEMENTS, keep_default_na=False))
                return cls(
                    pd.read_csv(tables / _CORRELATIONS).fillna({NOTE: ""}),
                    pd.read_csv(tables / _VARIANCES).astype({STEP: "Int64"}),
                    pd.read_csv(tables / _TESTS),
                    pd.read_csv(tables / _LIKENESS, index_col=0),
                    CrystalClusters(*clusters) if clusters else None,
                )
        except FileNotFoundError as error:
            raise MissingInputError(f"{error.filename} not found: `python -m paraisite statistics` makes it") from error
