"""A selection from a screening with what is known: accurate conductivities, and the formulas of all that trains."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.training_rows import load_training_rows
from paraisite.config import load_config
from paraisite.data.datasets.accurate import mark_labels
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError
from paraisite.schema import FORMULA, MATERIAL_ID
from paraisite.training.recipes import ACCURATE


@dataclass(frozen=True, eq=False)
class ProjectMaterials:
    """What a selection leaves out, or tells as the nearest.

    Attributes:
        accurate: Materials of known conductivity.
        formulas: Reduced formulas by id, those of our own labels among them: a label is no known conductivity, and may
            be the nearest training material.
    """

    accurate: Dataset
    formulas: Mapping[str, str]

    @classmethod
    def load(cls) -> "ProjectMaterials":
        """Return those of the project.

        Raises:
            ConfigError: This is not the project's folder.
            MissingInputError: Its data are not here.
        """
        config = load_config()
        try:
            training = load_training_rows(config)
        except MissingInputError:  # without the labels: their formulas are not known then
            training = load_data(ACCURATE, config)
        formulas = dict(zip(training.table[MATERIAL_ID], training.table[FORMULA], strict=True))
        return cls(training.take(np.flatnonzero(~mark_labels(training))), formulas)

    def open_selection(self, screened: ScreenedRows, criteria: Criteria) -> Selection:
        """Return the selection of a screening's candidates.

        Args:
            screened: The screening.
            criteria: What candidates are selected by.

        Raises:
            ConfigError: A rule asks for what is not known.
        """
        return Selection.from_screening(screened, criteria, self.accurate, self.formulas)
