"""What the default model is fitted on: accurate rows, and labels of our own for kinds of crystals that they lack."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from paraisite import schema
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.known_labels import correct_labels_without, load_known_rows
from paraisite.config import Config
from paraisite.data.datasets.accurate import join_labels, mark_labels
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources.lab_tables import load_accepted_rows
from paraisite.labels.functional_correction import CorrectedLabels
from paraisite.training.recipes import ACCURATE, KAPPA_TIER


def load_training_rows(config: Config) -> Dataset:
    """Return all accurate rows, then labels of our own; tracked files are fetched where they are absent."""
    return join_labels(load_data(ACCURATE, config), load_data(KAPPA_TIER, config))


@dataclass(frozen=True, eq=False)
class LabelCorrection:
    """Labels' conductivities by a correction that is fitted without some formulas.

    Attributes:
        labels: Accepted rows of tier ``kappa``, in a data set's order.
        known: Crystals of known conductivity under the same potential, as ``load_known_rows`` returns them.
    """

    labels: pd.DataFrame
    known: pd.DataFrame

    @classmethod
    def load(cls, dataset: Dataset, config: Config) -> "LabelCorrection":
        """Return that of the labels in a data set.

        Args:
            dataset: As ``load_training_rows`` returns it, or a part of it.
            config: Where tables lie.
        """
        ids = dataset.table.loc[mark_labels(dataset), schema.MATERIAL_ID]
        labels = load_accepted_rows(config.data.kappa, KAPPA_TIER).set_index(schema.MATERIAL_ID)
        return cls(labels.loc[ids].reset_index(), load_known_rows(config))

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over both tables."""
        tables = [table.to_json(double_precision=15) for table in (self.labels, self.known)]
        return hashlib.sha256("\0".join(tables).encode()).hexdigest()

    def correct_without(self, formulas: Collection[str]) -> CorrectedLabels:
        """Return the labels' conductivities, and the formulas of the crystals that corrected them.

        Args:
            formulas: Reduced; no crystal of theirs contributes to the correction.
        """
        return correct_labels_without(self.labels, self.known, formulas)
