"""A selection from a screening with what is known: accurate conductivities, and the formulas of all that trains."""

import numpy as np

from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.training_rows import load_training_rows
from paraisite.config import load_config
from paraisite.data.datasets.accurate import mark_labels
from paraisite.errors import MissingInputError
from paraisite.schema import FORMULA, MATERIAL_ID
from paraisite.training.recipes import ACCURATE


def open_selection(screened: ScreenedRows, criteria: Criteria) -> Selection:
    """Return the selection of a screening's candidates.

    A label of our own is no known conductivity, and may be the nearest training material.

    Args:
        screened: The screening.
        criteria: What candidates are selected by.

    Raises:
        ConfigError: A rule asks for what is not known.
    """
    config = load_config()
    try:
        training = load_training_rows(config)
    except MissingInputError:  # an installation without the labels: their formulas are not known then
        training = load_data(ACCURATE, config)
    formulas = dict(zip(training.table[MATERIAL_ID], training.table[FORMULA], strict=True))
    known = training.take(np.flatnonzero(~mark_labels(training)))
    return Selection.from_screening(screened, criteria, known, formulas)
