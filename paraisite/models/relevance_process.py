"""A Gaussian process for log10(kappa) on hundreds of descriptors: one length scale for each family of them.

Lengths are found by automatic relevance determination: the marginal likelihood is maximised by Adam, each step on other
rows. A step on all of three thousand rows would take seconds, and the optimum of any fixed thousand fits their noise
(mean |ln ratio| on held-out formulas of Phonix 0.372, with steps on changing rows 0.355). scikit-learn's processes keep
the kernel's derivatives by every length, [n_row, n_row, n_length]: gigabytes here.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press, 2006): chapters 2.2 and 5, and for
what is predicted of a row without it section 5.4.2.
"""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.linalg import cho_factor, cho_solve, lapack, solve_triangular
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Floats, Ints
from paraisite.models.estimate import Estimate

N_STEP: Final = 60
"""Steps of Adam."""

ROWS_PER_STEP: Final = 800
_RATE: Final = 0.1
_DECAY_OF_MEAN: Final = 0.9
_DECAY_OF_SQUARE: Final = 0.99
_JITTER: Final = 1e-8
_MAX_DEVIATIONS: Final = 6.0
"""Standardised descriptors are cut off there: beyond, a crystal is unlike all others, however far."""

_FIRST_SIGNAL, _FIRST_PLANE, _FIRST_NOISE = 1.0, 0.1, 0.1


@dataclass(frozen=True, eq=False)
class KernelSettings:
    """The kernel: a Matérn 3/2 with a length for each family, a plane, and noise.

    Attributes:
        length: Length scale of each family, in standard deviations of its descriptors, [n_family].
        signal: Variance of the rough part, in variances of the training values.
        plane: Variance of the plane at a typical row, likewise.
        noise: Variance of a value, likewise.
    """

    length: Floats
    signal: float
    plane: float
    noise: float

    @classmethod
    def from_logarithms(cls, values: Floats) -> "KernelSettings":
        """Return the settings whose natural logarithms these are: of the lengths, then of the variances."""
        *length, signal, plane, noise = np.exp(values)
        return cls(np.array(length), float(signal), float(plane), float(noise))

    @property
    def logarithms(self) -> Floats:
        """Natural logarithms of the settings, [n_family + 3]."""
        return np.log([*self.length, self.signal, self.plane, self.noise])


@dataclass(frozen=True, eq=False)
class RelevanceProcess:
    """A process that was fitted to rows.

    Attributes:
        settings: Of the kernel.
        family: Number of each descriptor's family, [n_descriptor].
        descriptors: The rows', [n_row, n_descriptor].
        log10_kappa: Their values, kappa in W/m/K, [n_row].
        weights: How much each counts, [n_row]: a row's noise is divided by it.
    """

    settings: KernelSettings
    family: Ints
    descriptors: Floats
    log10_kappa: Floats
    weights: Floats

    @classmethod
    def fit(
        cls,
        descriptors: Floats,
        log10_kappa: Floats,
        family: Ints,
        *,
        weights: Floats | None = None,
        seed: int = 0,
    ) -> "RelevanceProcess":
        """Find the kernel's settings and return the process.

        Args:
            descriptors: [n_row, n_descriptor].
            log10_kappa: Values, [n_row].
            family: Number of each descriptor's family, from 0, [n_descriptor].
            weights: How much each row counts, [n_row]; None where all count alike.
            seed: Of the rows of the steps.
        """
        weights = np.ones(len(log10_kappa)) if weights is None else weights
        scaled = _cut_off(StandardScaler().fit_transform(descriptors))
        values = (log10_kappa - log10_kappa.mean()) / log10_kappa.std()
        settings = _maximise_likelihood(scaled, values, family, weights, rng=np.random.default_rng(seed))
        return cls(settings, family, descriptors, log10_kappa, weights)

    def add_rows(self, descriptors: Floats, log10_kappa: Floats) -> "RelevanceProcess":
        """Return the process with further rows, which count as much as others; the kernel's settings stay."""
        return dataclasses.replace(
            self,
            descriptors=np.concatenate([self.descriptors, descriptors]),
            log10_kappa=np.concatenate([self.log10_kappa, log10_kappa]),
            weights=np.concatenate([self.weights, np.ones(len(log10_kappa))]),
        )

    def estimate(self, rows: Floats) -> Estimate:
        """Return estimates of other rows' log10(kappa), with the deviation of a value: the noise's is part of it."""
        if not len(rows):  # scikit-learn and LAPACK refuse none, but of files that cannot be read none is left
            return Estimate(np.zeros(0), np.zeros(0))
        factor, weighted = self._solved
        scaled = self._scale(rows)
        covariance = _kernel(scaled, self._scaled, self.family, self.settings)
        explained = solve_triangular(factor, covariance.T, lower=True, check_finite=False)
        prior = self.settings.signal + self.settings.plane * np.mean(scaled**2, axis=1)
        variance = np.maximum(prior - np.einsum("nr,nr->r", explained, explained), 0.0) + self.settings.noise
        return self._in_dex(covariance @ weighted, variance)

    def estimate_without(self, groups: Sequence[str]) -> Estimate:
        """Return what the process says of each of its own rows if it had not seen the row's group.

        Args:
            groups: Group of each row, e.g. its reduced formula, [n_row]. The kernel's settings stay.
        """
        inverse, (_, weighted) = self._inverse, self._solved
        values, names = self._standardised, np.asarray(groups)
        mean, variance = np.empty(len(values)), np.empty(len(values))
        order = np.argsort(names, kind="stable")
        borders = np.flatnonzero(names[order][1:] != names[order][:-1]) + 1
        for rows in np.split(order, borders):
            # The inverse's block of a group is the inverse of its covariance given all other rows.
            conditional = np.linalg.inv(inverse[np.ix_(rows, rows)])
            mean[rows] = values[rows] - conditional @ weighted[rows]
            own_noise = self.settings.noise / self.weights[rows]
            variance[rows] = np.maximum(np.diag(conditional) - own_noise, 0.0) + self.settings.noise
        return self._in_dex(mean, variance)

    def standardise(self, rows: Floats) -> Floats:
        """Return descriptors in units of their families' lengths, in which distances are those of the kernel."""
        return self._scale(rows) / self.settings.length[self.family]

    @cached_property
    def _scaler(self) -> StandardScaler:
        return StandardScaler().fit(self.descriptors)

    @cached_property
    def _scaled(self) -> Floats:
        return self._scale(self.descriptors)

    @cached_property
    def _standardised(self) -> Floats:
        values: Floats = (self.log10_kappa - self.log10_kappa.mean()) / self.log10_kappa.std()
        return values

    @cached_property
    def _solved(self) -> tuple[Floats, Floats]:
        """The covariance's Cholesky factor, and its inverse times the values."""
        covariance = _kernel(self._scaled, self._scaled, self.family, self.settings)
        covariance[np.diag_indices_from(covariance)] += self.settings.noise / self.weights + _JITTER
        factor, lower = cho_factor(covariance, lower=True, check_finite=False)
        return factor, cho_solve((factor, lower), self._standardised, check_finite=False)

    @cached_property
    def _inverse(self) -> Floats:
        """The covariance's inverse, which every way of leaving rows out needs."""
        return _invert(self._solved[0])

    def _scale(self, rows: Floats) -> Floats:
        return _cut_off(self._scaler.transform(rows)) if len(rows) else rows

    def _in_dex(self, mean: Floats, variance: Floats) -> Estimate:
        centre, width = self.log10_kappa.mean(), self.log10_kappa.std()
        return Estimate(mean * width + centre, np.sqrt(variance) * width)


def _cut_off(standardised: Floats) -> Floats:
    return np.clip(standardised, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _kernel(rows: Floats, others: Floats, family: Ints, settings: KernelSettings) -> Floats:
    """Return the covariance of standardised rows, without noise, [n_row, n_other]."""
    root = _scaled_distances(rows / settings.length[family], others / settings.length[family])
    covariance = np.exp(-root)
    covariance *= 1.0 + root
    covariance *= settings.signal
    covariance += (settings.plane / rows.shape[1]) * (rows @ others.T)
    return covariance


def _scaled_distances(rows: Floats, others: Floats) -> Floats:
    """Return the square root of three times the distances, [n_row, n_other]."""
    square = np.einsum("nd,nd->n", rows, rows)[:, None] + np.einsum("nd,nd->n", others, others) - 2.0 * rows @ others.T
    root: Floats = np.sqrt(3.0 * np.maximum(square, 0.0))
    return root


def _invert(factor: Floats) -> Floats:
    """Return the inverse of a matrix from its lower Cholesky factor."""
    lower = np.tril(lapack.dpotri(factor, lower=1)[0])
    inverse: Floats = lower + np.tril(lower, -1).T
    return inverse


def _maximise_likelihood(
    scaled: Floats, values: Floats, family: Ints, weights: Floats, *, rng: np.random.Generator
) -> KernelSettings:
    n_family, n_row = int(family.max()) + 1, min(ROWS_PER_STEP, len(values))
    first = KernelSettings(
        np.full(n_family, math.sqrt(scaled.shape[1])), _FIRST_SIGNAL, _FIRST_PLANE, _FIRST_NOISE
    ).logarithms
    position, mean, square = first.copy(), np.zeros_like(first), np.zeros_like(first)
    for step, rate in _rates():
        rows = rng.permutation(len(values))[:n_row]
        gradient = _gradient(position, scaled[rows], values[rows], family, weights[rows])
        # The lengths' prior, a normal distribution of their logarithms with a deviation of one.
        gradient[:n_family] += position[:n_family] - first[:n_family]
        gradient /= n_row
        mean = _DECAY_OF_MEAN * mean + (1.0 - _DECAY_OF_MEAN) * gradient
        square = _DECAY_OF_SQUARE * square + (1.0 - _DECAY_OF_SQUARE) * gradient**2
        unbiased = mean / (1.0 - _DECAY_OF_MEAN**step), square / (1.0 - _DECAY_OF_SQUARE**step)
        position = position - rate * unbiased[0] / (np.sqrt(unbiased[1]) + _JITTER)
    return KernelSettings.from_logarithms(position)


def _rates() -> Iterator[tuple[int, float]]:
    """Yield the number of each step, from 1, and its rate, along a cosine to zero."""
    for step in range(1, N_STEP + 1):
        yield step, _RATE * 0.5 * (1.0 + math.cos(math.pi * (step - 1) / N_STEP))


def _gradient(logarithms: Floats, rows: Floats, values: Floats, family: Ints, weights: Floats) -> Floats:
    """Return the derivatives of minus the log marginal likelihood by the logarithms of the settings."""
    settings = KernelSettings.from_logarithms(logarithms)
    scaled = rows / settings.length[family]
    root = _scaled_distances(scaled, scaled)
    decay = settings.signal * np.exp(-root)
    rough, plane = decay * (1.0 + root), (settings.plane / rows.shape[1]) * (rows @ rows.T)
    noise, covariance = settings.noise / weights, rough + plane
    covariance[np.diag_indices_from(covariance)] += noise + _JITTER
    factor, lower = cho_factor(covariance, lower=True, check_finite=False)
    weighted = cho_solve((factor, lower), values, check_finite=False)
    slope = _invert(factor) - np.outer(weighted, weighted)  # twice the derivative by the covariance
    # d rough / d log(length) = 3 decay times the squared distance along the family's descriptors; summed over all
    # pairs, that needs one product with the descriptors and no array for each length.
    by_distance = 3.0 * slope * decay
    along = 2.0 * (by_distance.sum(axis=1) @ scaled**2 - np.einsum("nd,nd->d", scaled, by_distance @ scaled))
    of_lengths = np.bincount(family, along, minlength=len(settings.length))
    of_variances = [np.sum(slope * rough), np.sum(slope * plane), np.diag(slope) @ noise]
    return 0.5 * np.array([*of_lengths, *of_variances])
