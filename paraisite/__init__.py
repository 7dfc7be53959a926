"""ParAIsite: train, compare and use models of lattice thermal conductivity from a crystal structure.

>>> from paraisite import load_predictor
>>> predictions = load_predictor().predict([structure])  # pymatgen's
>>> predictions.value, predictions.lower, predictions.upper  # W/m/K
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from paraisite.inference.predictor import Predictor
    from paraisite.inference.refiner import Refiner

__version__ = "0.2.0"

DEFAULT_MODEL: Final = "GPACCURATE"
"""What predicts where nothing else is asked for, see ``paraisite.workflows.fit``."""


def load_predictor(model: str | Path = DEFAULT_MODEL) -> "Predictor":
    """Return the predictor of a name or path, see ``paraisite.artifacts.predictors.find_predictor``."""
    from paraisite.artifacts.predictors import find_predictor

    return find_predictor(model)


def load_refiner(model: str | Path = DEFAULT_MODEL) -> "Refiner":
    """Return what refines a model's predictions with phonons, see ``paraisite.artifacts.refiners.find_refiner``."""
    from paraisite.artifacts.refiners import find_refiner

    return find_refiner(model)
