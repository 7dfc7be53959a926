"""Settings of a process's kernel by automatic relevance determination: the marginal likelihood is maximised by Adam.

Each step is on other rows. A step on all of three thousand rows would take seconds, and the optimum of any fixed
thousand fits their noise (mean |ln ratio| on held-out formulas of Phonix 0.372, with steps on changing rows 0.355).
scikit-learn's processes keep the kernel's derivatives by every length, [n_row, n_row, n_length]: gigabytes here.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press, 2006), chapter 5.
"""

import math
from collections.abc import Iterator
from typing import Final

import numpy as np

from paraisite.arrays import Floats, Ints
from paraisite.models.relevance_kernel import KernelSettings, root_of_distances

N_STEP: Final = 60
"""Steps of Adam."""

ROWS_PER_STEP: Final = 800
JITTER: Final = 1e-8
_RATE: Final = 0.1
_DECAY_OF_MEAN: Final = 0.9
_DECAY_OF_SQUARE: Final = 0.99

_FIRST_SIGNAL, _FIRST_PLANE, _FIRST_NOISE = 1.0, 0.1, 0.1


def maximise_likelihood(
    scaled: Floats, values: Floats, family: Ints, weights: Floats, *, rng: "np.random.Generator"
) -> KernelSettings:
    """Return the settings that describe some rows best.

    Args:
        scaled: Standardised descriptors, [n_row, n_descriptor].
        values: Standardised values, [n_row].
        family: Number of each descriptor's family, [n_descriptor].
        weights: How much each row counts, [n_row].
        rng: Draws the rows of the steps.
    """
    n_family, n_row = int(family.max()) + 1, min(ROWS_PER_STEP, len(values))
    first = KernelSettings(
        np.full(n_family, math.sqrt(scaled.shape[1])), _FIRST_SIGNAL, _FIRST_PLANE, _FIRST_NOISE
    ).logarithms
    position, mean, square = first.copy(), np.zeros_like(first), np.zeros_like(first)
    for step, rate in _rates():
        rows = rng.permutation(len(values))[:n_row]
        gradient = compute_gradient(position, scaled[rows], values[rows], family, weights[rows])
        # The lengths' prior, a normal distribution of their logarithms with a deviation of one.
        gradient[:n_family] += position[:n_family] - first[:n_family]
        gradient /= n_row
        mean = _DECAY_OF_MEAN * mean + (1.0 - _DECAY_OF_MEAN) * gradient
        square = _DECAY_OF_SQUARE * square + (1.0 - _DECAY_OF_SQUARE) * gradient**2
        unbiased = mean / (1.0 - _DECAY_OF_MEAN**step), square / (1.0 - _DECAY_OF_SQUARE**step)
        position = position - rate * unbiased[0] / (np.sqrt(unbiased[1]) + JITTER)
    return KernelSettings.from_logarithms(position)


def _rates() -> Iterator[tuple[int, float]]:
    """Yield the number of each step, from 1, and its rate, along a cosine to zero."""
    for step in range(1, N_STEP + 1):
        yield step, _RATE * 0.5 * (1.0 + math.cos(math.pi * (step - 1) / N_STEP))


def compute_gradient(logarithms: Floats, rows: Floats, values: Floats, family: Ints, weights: Floats) -> Floats:
    """Return the derivatives of minus the log marginal likelihood by the logarithms of the settings."""
    from scipy.linalg import cho_factor, cho_solve  # here and below: predicting does without

    settings = KernelSettings.from_logarithms(logarithms)
    scaled = rows / settings.length[family]
    square = np.einsum("nd,nd->n", scaled, scaled)
    root = root_of_distances(scaled, square, scaled, square)
    decay = settings.signal * np.exp(-root)
    rough, plane = decay * (1.0 + root), (settings.plane / rows.shape[1]) * (rows @ rows.T)
    noise, covariance = settings.noise / weights, rough + plane
    covariance[np.diag_indices_from(covariance)] += noise + JITTER
    factor, lower = cho_factor(covariance, lower=True, check_finite=False)
    weighted = cho_solve((factor, lower), values, check_finite=False)
    slope = invert(factor) - np.outer(weighted, weighted)  # twice the derivative by the covariance
    # d rough / d log(length) = 3 decay times the squared distance along the family's descriptors; summed over all
    # pairs, that needs one product with the descriptors and no array for each length.
    by_distance = 3.0 * slope * decay
    along = 2.0 * (by_distance.sum(axis=1) @ scaled**2 - np.einsum("nd,nd->d", scaled, by_distance @ scaled))
    of_lengths = np.bincount(family, along, minlength=len(settings.length))
    of_variances = [np.sum(slope * rough), np.sum(slope * plane), np.diag(slope) @ noise]
    return 0.5 * np.array([*of_lengths, *of_variances])


def invert(factor: Floats) -> Floats:
    """Return the inverse of a matrix from its lower Cholesky factor."""
    from scipy.linalg import lapack

    lower = np.tril(lapack.dpotri(factor, lower=1)[0])
    inverse: Floats = lower + np.tril(lower, -1).T
    return inverse
