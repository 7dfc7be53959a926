"""The learning rate of each epoch."""

import math

import numpy as np
import numpy.typing as npt

from paraisite.config import TrainingConfig


def compute_learning_rates(settings: TrainingConfig) -> npt.NDArray[np.float64]:
    """Return the rate of each epoch: a cosine from the top to its floor over the period, then the floor."""
    phase = np.minimum(np.arange(settings.epochs) / settings.learning_rate_period_epochs, 1.0)
    floor = settings.final_learning_rate_fraction
    return settings.learning_rate * (floor + (1.0 - floor) * 0.5 * (1.0 + np.cos(math.pi * phase)))
