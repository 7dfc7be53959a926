"""Acquisition functions: by expected improvement, uncertainty, predicted mean, or at random.

All predictions are of log10(kappa), kappa in W/m/K at 300 K; a higher score is preferred.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy.stats import norm

from paraisite.arrays import Floats
from paraisite.models.estimate import Estimate

EXPECTED_IMPROVEMENT: Final = "expected-improvement"
UNCERTAINTY: Final = "uncertainty"
MEAN: Final = "mean"
RANDOM: Final = "random"

Acquisition = Callable[[Estimate, float, np.random.Generator], Floats]
"""Of estimates, the lowest log10(kappa) that is known, and a source of chance: scores, [n_row]."""


def compute_expected_improvement(estimate: Estimate, lowest: float) -> Floats:
    """Return by how much each row is expected to fall below the lowest known value, dex, [n_row].

    Args:
        estimate: Centre and standard deviation of each row, normal in the logarithm.
        lowest: log10 of the lowest known kappa.

    Source: Jones, Schonlau and Welch, J. Glob. Optim. 13, 455 (1998), 10.1023/A:1008306431147, eq. 15.
    """
    gain, std = lowest - estimate.mean, estimate.std
    with np.errstate(divide="ignore", invalid="ignore"):
        z = gain / std
        improvement = gain * norm.cdf(z) + std * norm.pdf(z)
    return np.where(std > 0, improvement, np.maximum(gain, 0.0))


def _score_by_expected_improvement(estimate: Estimate, lowest: float, _rng: np.random.Generator) -> Floats:
    return compute_expected_improvement(estimate, lowest)


def _score_by_uncertainty(estimate: Estimate, _lowest: float, _rng: np.random.Generator) -> Floats:
    return estimate.std


def _score_by_mean(estimate: Estimate, _lowest: float, _rng: np.random.Generator) -> Floats:
    return -estimate.mean


def _score_at_random(estimate: Estimate, _lowest: float, rng: np.random.Generator) -> Floats:
    return rng.random(len(estimate.mean))


ACQUISITIONS: Final[dict[str, Acquisition]] = {
    EXPECTED_IMPROVEMENT: _score_by_expected_improvement,
    UNCERTAINTY: _score_by_uncertainty,
    MEAN: _score_by_mean,
    RANDOM: _score_at_random,
}
"""By name: rules for the material to compute next."""
