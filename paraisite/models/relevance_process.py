"""A Gaussian process for log10(kappa) on hundreds of descriptors: one length scale for each family of them.

Means are those of all rows. Deviations are those of a process on the thirty nearest rows alone: of all rows they would
need the Cholesky factor, 46 MB for 4,700 of them that every prediction reads. The thirty leave a deviation 13 % larger
in the median (3 to 25 % in nine of ten); once intervals are calibrated they are 1.2 % wider in the mean, and rank
errors as well (Phonix, held-out formulas: AUROC of errors by a factor of two 0.769 instead of 0.767).

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press, 2006): chapter 2.2, and for what is
predicted of a row without it section 5.4.2; Lange, Little and Taylor, J. Am. Stat. Assoc. 84, 881 (1989),
10.1080/01621459.1989.10478852, for noise of Student's distribution; Vecchia, J. R. Stat. Soc. B 50, 297 (1988),
10.1111/j.2517-6161.1988.tb01729.x, for conditioning on the nearest rows.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Bools, Floats, Ints, find_lowest
from paraisite.errors import DataError
from paraisite.models.estimate import Estimate
from paraisite.models.local_error import N_NEAR
from paraisite.models.relevance_kernel import KernelRows, KernelSettings, blocks
from paraisite.models.relevance_likelihood import JITTER, invert, maximise_likelihood
from paraisite.models.row_groups import encode_groups, partition_rows

_MAX_DEVIATIONS: Final = 6.0
"""Standardised descriptors are cut off there: beyond, a crystal is unlike all others, however far."""

DEGREES_OF_FREEDOM: Final = 4.0
"""Of the noise's distribution where outliers are discounted: the usual choice where it is not fitted."""

_DISCOUNT_STEPS: Final = 2
"""The third changes errors on held-out formulas in the fourth digit."""

_N_SPARE: Final = 4
"""Rows near in single precision of which the nearest are chosen in double, so that rounding chooses none."""

_ROWS_PER_BLOCK: Final = 64
"""Asked at once: products with few rows take longer for each."""

_ROUNDING: Final = 1e-9
"""Of descriptors, which are numbers of about one."""


@dataclass(frozen=True, eq=False)
class RelevanceProcess:
    """A process that was fitted to rows.

    Attributes:
        settings: Of the kernel.
        family: Number of each descriptor's family, [n_descriptor].
        descriptors: The rows', [n_row, n_descriptor].
        log10_kappa: Their values, kappa in W/m/K, [n_row].
        weights: How much each counts, [n_row]: a row's noise is divided by it.
        solution: The covariance's inverse times the standardised values, [n_row], where it is known already.
        n_crystal: How many of the rows, from the first, are crystals as they are, of which deviations follow; the
            others are these at other volumes. None for all.
    """

    settings: KernelSettings
    family: Ints
    descriptors: Floats
    log10_kappa: Floats
    weights: Floats
    solution: Floats | None = None
    n_crystal: int | None = None

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
        scaled = _cut_off((descriptors - descriptors.mean(axis=0)) / _measure_scale(descriptors))
        values = (log10_kappa - log10_kappa.mean()) / log10_kappa.std()
        settings = maximise_likelihood(scaled, values, family, weights, rng=np.random.default_rng(seed))
        return cls(settings, family, descriptors, log10_kappa, weights)

    def add_rows(self, descriptors: Floats, log10_kappa: Floats) -> "RelevanceProcess":
        """Return the process with further rows, which count as much as others; the kernel's settings stay.

        Where ``n_crystal`` is a number, deviations do not follow of them.
        """
        return dataclasses.replace(
            self,
            descriptors=np.concatenate([self.descriptors, descriptors]),
            log10_kappa=np.concatenate([self.log10_kappa, log10_kappa]),
            weights=np.concatenate([self.weights, np.ones(len(log10_kappa))]),
            solution=None,
        )

    def discount_outliers(self, groups: npt.ArrayLike) -> "RelevanceProcess":
        """Return the process with less weight for rows whose values the other groups' rows contradict.

        That is noise of Student's distribution in place of a normal one: by expectation and maximisation, a row at z
        deviations from what is said without its group counts (nu + 1)/(nu + z²) times. The kernel's settings stay.

        Args:
            groups: Group of each row, [n_row]: rows that would confirm each other whatever they say are of one.
        """
        discounted = self
        for _ in range(_DISCOUNT_STEPS):
            expected = discounted.estimate_without(groups)
            deviations = (self.log10_kappa - expected.mean) / expected.std
            share = (DEGREES_OF_FREEDOM + 1.0) / (DEGREES_OF_FREEDOM + deviations**2)
            discounted = dataclasses.replace(self, weights=self.weights * share, solution=None)
        return discounted

    @property
    def n_near(self) -> int:
        """Of how many rows, the nearest ones, a deviation follows."""
        return min(N_NEAR, self._n_crystal)

    def estimate(self, rows: Floats) -> Estimate:
        """Return estimates of other rows' log10(kappa), with the deviation of a value: the noise's is part of it."""
        return self.estimate_with_nearest(rows)[0]

    def estimate_with_nearest(self, rows: Floats) -> tuple[Estimate, Ints, Floats]:
        """Return estimates of other rows, the process's crystals that are nearest to them, and how far these are.

        Args:
            rows: Their descriptors, [n_row, n_descriptor].

        Returns:
            The estimates, and of ``n_near`` crystals for each, the nearest first, their rows and their distances in
            units of the kernel's lengths, each [n_row, n_near].
        """
        nearest, distance = np.empty((len(rows), self.n_near), np.int64), np.empty((len(rows), self.n_near))
        scaled = self._scale(rows)
        asked = KernelRows.prepare(scaled, self.family, self.settings)
        mean, variance = asked.flat @ self._slope, self._measure_prior(scaled)
        for some in self._blocks(len(rows)):
            of_asked = asked.take(some)
            root = of_asked.measure_roots_roughly(self._known)
            n_nearly = min(self.n_near + _N_SPARE, self._n_crystal)
            near = find_lowest(root[:, : self._n_crystal].astype(np.float64), n_nearly)
            # Summed up in double precision: the weights' signs alternate.
            mean[some] += of_asked.decay_at(root).astype(np.float64) @ self.weighted_values
            of_near = of_asked.measure_roots_at(self._known, near)
            kept = find_lowest(of_near, self.n_near)
            nearest[some], of_near = np.take_along_axis(near, kept, axis=1), np.take_along_axis(of_near, kept, axis=1)
            variance[some] -= self._explain(of_asked, nearest[some], of_near)
            distance[some] = of_near / math.sqrt(3.0)
        return self._in_dex(mean, variance), nearest, distance

    def estimate_without(self, *groupings: npt.ArrayLike) -> Estimate:
        """Return what the process says of each of its own rows if it had not seen the rows that share a group with it.

        Args:
            groupings: Group of each row, e.g. its reduced formula, [n_row]; of several groupings, e.g. formula and
                structure type, the rows that share either are left out. The kernel's settings stay.
        """
        inverse, weighted, values = invert(self._factor), self.weighted_values, self._standardised
        mean = np.empty(len(values))
        for rows, left_out in partition_rows(groupings):
            # The inverse's block of some rows is the inverse of their covariance given all other rows.
            conditional = np.linalg.inv(inverse[np.ix_(left_out, left_out)])
            mean[rows] = values[rows] - conditional[np.searchsorted(left_out, rows)] @ weighted[left_out]
        codes = encode_groups(groupings)
        variance = self._measure_variance(
            self._scaled, lambda some: (codes[some, None] == codes[: self._n_crystal]).any(axis=-1)
        )
        return self._in_dex(mean, variance)

    def estimate_beside(self, rows: Floats, left_out: Bools) -> Estimate:
        """Return estimates of other rows as if some of the process's own rows had not been seen.

        Args:
            rows: Descriptors, [n_other, n_descriptor].
            left_out: Which of the process's rows each estimate goes without, [n_other, n_row]. The kernel's settings
                stay.
        """
        inverse, weighted = invert(self._factor), self.weighted_values
        scaled = self._scale(rows)
        covariance = KernelRows.prepare(scaled, self.family, self.settings).covary(self._known)
        mean = covariance @ weighted
        for row, without in enumerate(left_out):
            # What the rows left out add, by the inverse of their block of the inverse.
            own = covariance[row] @ inverse[:, without]
            mean[row] -= np.linalg.solve(inverse[np.ix_(without, without)], own) @ weighted[without]
        return self._in_dex(mean, self._measure_variance(scaled, lambda some: left_out[some, : self._n_crystal]))

    def _measure_variance(self, scaled: Floats, mark_left_out: Callable[[slice], Bools]) -> Floats:
        """Return the variances of values of some rows, without noise, [n_row].

        Args:
            scaled: Their standardised descriptors, [n_row, n_descriptor].
            mark_left_out: Of a block of them, which crystals of the process each goes without, [n_block, n_crystal].
        """
        asked, crystals = (
            KernelRows.prepare(scaled, self.family, self.settings),
            self._known.take(slice(self._n_crystal)),
        )
        variance = self._measure_prior(scaled)
        for some in self._blocks(len(scaled)):
            of_asked = asked.take(some)
            root = of_asked.measure_roots(crystals)
            root[mark_left_out(some)] = np.inf
            nearest = find_lowest(root, self.n_near)
            variance[some] -= self._explain(of_asked, nearest, np.take_along_axis(root, nearest, axis=1))
        return variance

    def _blocks(self, n_row: int) -> Iterator[slice]:
        """Return runs of rows whose covariances with all rows, and whose nearest rows, are held at once."""
        n_byte = 8 * max(len(self.weights), self.n_near * len(self.family))
        return blocks(n_row, n_byte, at_least=_ROWS_PER_BLOCK)

    def _measure_prior(self, scaled: Floats) -> Floats:
        """Return the variances of values of which nothing is known, without noise, [n_row]."""
        prior: Floats = self.settings.signal + self.settings.plane * np.mean(scaled**2, axis=1)
        return prior

    def _explain(self, asked: KernelRows, nearest: Ints, root: Floats) -> Floats:
        """Return how much of the variance of some rows their nearest crystals explain, [n_row].

        Args:
            asked: The rows.
            nearest: The crystals' rows, [n_row, n_near].
            root: As ``KernelRows.measure_roots`` of the two, same shape; infinite for one that is not to count.
        """
        known, counts, diagonal = self._known, np.isfinite(root), np.arange(nearest.shape[1])
        near, flat, square = known.near[nearest], known.flat[nearest], known.square[nearest]
        apart = square[:, :, None] + square[:, None] - 2.0 * (near @ near.swapaxes(1, 2))
        among = known.decay_at(np.sqrt(3.0 * np.maximum(apart, 0.0))) + flat @ flat.swapaxes(1, 2)
        among[:, diagonal, diagonal] += self.settings.noise / self.weights[nearest] + JITTER
        across = known.decay_at(np.where(counts, root, 0.0)) + (flat @ asked.flat[..., None])[..., 0]
        # One that is not to count varies with no other.
        among = np.where(counts[:, :, None] & counts[:, None], among, np.eye(len(diagonal)))
        across = np.where(counts, across, 0.0)
        explained: Floats = np.sum(across * np.linalg.solve(among, across[..., None])[..., 0], axis=1)
        return explained

    def standardise(self, rows: Floats) -> Floats:
        """Return descriptors in units of their families' lengths, in which distances are those of the kernel."""
        return self._scale(rows) / self.settings.length[self.family]

    @cached_property
    def weighted_values(self) -> Floats:
        """The covariance's inverse times the standardised values, [n_row]; a second's work where it is not known."""
        if self.solution is not None:
            return self.solution
        from scipy.linalg import cho_solve  # a fifth of a second, which a process that was read does without

        solution: Floats = cho_solve((self._factor, True), self._standardised, check_finite=False)
        return solution

    @cached_property
    def _mean_and_scale(self) -> tuple[Floats, Floats]:
        return self.descriptors.mean(axis=0), _measure_scale(self.descriptors)

    @cached_property
    def _scaled(self) -> Floats:
        return self._scale(self.descriptors)

    @cached_property
    def _standardised(self) -> Floats:
        values: Floats = (self.log10_kappa - self.log10_kappa.mean()) / self.log10_kappa.std()
        return values

    @cached_property
    def _known(self) -> KernelRows:
        return KernelRows.prepare(self._scaled, self.family, self.settings)

    @cached_property
    def _slope(self) -> Floats:
        """What the linear part of the kernel makes of the rows' values, by descriptor."""
        slope: Floats = self._known.flat.T @ self.weighted_values
        return slope

    @cached_property
    def _factor(self) -> Floats:
        """The covariance's Cholesky factor, in the lower triangle."""
        from scipy.linalg import lapack

        covariance = self._known.covary_lower()
        covariance[np.diag_indices_from(covariance)] += self.settings.noise / self.weights + JITTER
        factor, info = lapack.dpotrf(covariance, lower=1, clean=0, overwrite_a=1)
        if info:
            raise DataError("the rows' covariance is not positive: equal descriptors with too little noise")
        return np.asarray(factor)

    @property
    def _n_crystal(self) -> int:
        return len(self.weights) if self.n_crystal is None else self.n_crystal

    def _scale(self, rows: Floats) -> Floats:
        mean, scale = self._mean_and_scale
        return _cut_off((rows - mean) / scale)

    def _in_dex(self, mean: Floats, variance: Floats) -> Estimate:
        """Return estimates of standardised values, given their mean, and their variance without noise."""
        variance = np.maximum(variance, 0.0) + self.settings.noise
        centre, width = self.log10_kappa.mean(), self.log10_kappa.std()
        return Estimate(mean * width + centre, np.sqrt(variance) * width)


def _cut_off(standardised: Floats) -> Floats:
    return np.clip(standardised, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _measure_scale(descriptors: Floats) -> Floats:
    """Return the standard deviations; one for a descriptor that is the same in all rows, up to rounding."""
    mean, deviation = descriptors.mean(axis=0), descriptors.std(axis=0)
    return np.where(deviation <= _ROUNDING * np.maximum(np.abs(mean), 1.0), 1.0, deviation)
