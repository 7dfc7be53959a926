"""What refines predictions: the model, what was measured of its combination with phonons, and the potential."""

import logging
from functools import partial
from pathlib import Path
from typing import Final

from paraisite import DEFAULT_MODEL
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.refinements import load_refinement
from paraisite.core.files import cache_folder
from paraisite.errors import ConfigError
from paraisite.inference.predictor import Predictor
from paraisite.inference.refiner import Refiner
from paraisite.labels.phonon_settings import LABELS
from paraisite.labels.phonon_store import PhononStore
from paraisite.labels.potential import load_calculator

logger = logging.getLogger(__name__)

KEPT: Final = "phonons"
"""Kind of content of the user's cache folder: phonons that were computed to refine a prediction."""


def find_refiner(model: str | Path = DEFAULT_MODEL, *, folder: Path | None = None) -> Refiner:
    """Return what refines a model's predictions.

    Args:
        model: As ``find_predictor`` takes it.
        folder: Where phonons are kept; None for the user's cache folder.

    Raises:
        ConfigError: The model gives no conductivity, or no intervals.
        MissingInputError: Model or refinement are absent.
        DataError: The refinement is damaged.
    """
    return build_refiner(find_predictor(model), name=str(model), folder=folder)


def build_refiner(predictor: Predictor, *, name: str, folder: Path | None = None) -> Refiner:
    """Return the same for a predictor that is there; ``name`` is what it is called."""
    if not predictor.model.predicts_conductivity or predictor.calibration is None:
        raise ConfigError(f"{name} gives no conductivity with intervals, so that nothing can be combined with it")
    refinement = load_refinement()
    if name != refinement.model:
        logger.warning("refined intervals were measured with %s, not with %s", refinement.model, name)
    store = PhononStore(folder or cache_folder(KEPT), refinement.potential, LABELS)
    return Refiner(predictor, refinement, store, partial(load_calculator, refinement.potential))
