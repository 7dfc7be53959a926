"""The project's known conductivities, and the formulas of all that trains, as a selection of candidates needs them."""

import numpy as np

from paraisite.active_learning.known_conductivities import KnownConductivities
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.training_rows import load_training_rows
from paraisite.config import load_config
from paraisite.data.datasets.accurate import mark_labels
from paraisite.errors import MissingInputError
from paraisite.schema import FORMULA, MATERIAL_ID
from paraisite.training.recipes import ACCURATE


def load_known_conductivities() -> KnownConductivities:
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
    return KnownConductivities(training.take(np.flatnonzero(~mark_labels(training))), formulas)
