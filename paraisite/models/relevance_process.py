"""A Gaussian process for log10(kappa) on hundreds of descriptors: one length scale for each family of them.

Means are computed in double precision. Deviations need the Cholesky factor of thousands of rows, half a gigabyte of
arithmetic for twenty crystals: it is in single precision, which changes a variance by less than a millionth of the
prior's.

Source: Rasmussen and Williams, Gaussian Processes for Machine Learning (MIT Press, 2006): chapter 2.2, and for what is
predicted of a row without it section 5.4.2; Lange, Little and Taylor, J. Am. Stat. Assoc. 84, 881 (1989),
10.1080/01621459.1989.10478852, for noise of Student's distribution.
"""

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Bools, Floats, Ints
from paraisite.core.blas_threads import use_one_blas_thread
from paraisite.errors import DataError
from paraisite.models.cholesky_factor import PackedCholesky
from paraisite.models.estimate import Estimate
from paraisite.models.relevance_kernel import KernelRows, KernelSettings, blocks
from paraisite.models.relevance_likelihood import JITTER, invert, maximise_likelihood
from paraisite.models.row_groups import partition_rows

_MAX_DEVIATIONS: Final = 6.0
"""Standardised descriptors are cut off there: beyond, a crystal is unlike all others, however far."""

DEGREES_OF_FREEDOM: Final = 4.0
"""Of the noise's distribution where outliers are discounted: the usual choice where it is not fitted."""

_DISCOUNT_STEPS: Final = 2
"""The third changes errors on held-out formulas in the fourth digit."""

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
        factor_file: Where the covariance's Cholesky factor is kept from one command to the next; None where it is not.
    """

    settings: KernelSettings
    family: Ints
    descriptors: Floats
    log10_kappa: Floats
    weights: Floats
    solution: Floats | None = None
    factor_file: Path | None = None

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
        """Return the process with further rows, which count as much as others; the kernel's settings stay."""
        return dataclasses.replace(
            self,
            descriptors=np.concatenate([self.descriptors, descriptors]),
            log10_kappa=np.concatenate([self.log10_kappa, log10_kappa]),
            weights=np.concatenate([self.weights, np.ones(len(log10_kappa))]),
            solution=None,
            factor_file=None,
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
            discounted = dataclasses.replace(self, weights=self.weights * share, solution=None, factor_file=None)
        return discounted

    def prepare(self) -> None:
        """Compute what all estimates need and what is kept then: half a second for thousands of rows."""
        _ = self._packed_factor, self._known, self._slope

    def estimate(self, rows: Floats) -> Estimate:
        """Return estimates of other rows' log10(kappa), with the deviation of a value: the noise's is part of it."""
        return self.estimate_with_nearest(rows, among=1, n_nearest=1)[0]

    def estimate_with_nearest(self, rows: Floats, *, among: int, n_nearest: int) -> tuple[Estimate, Ints, Floats]:
        """Return estimates of other rows, the process's rows that are nearest to them, the nearest first, and how far.

        Args:
            rows: Their descriptors, [n_row, n_descriptor].
            among: How many of the process's rows are searched, from the first.
            n_nearest: How many are wanted, [n_row, n_nearest]. Distances are in units of the kernel's lengths.
        """
        nearest, distance = np.empty((len(rows), n_nearest), np.int64), np.empty((len(rows), n_nearest))
        if not len(rows):  # LAPACK refuses none, but of files that cannot be read none is left
            return Estimate(np.zeros(0), np.zeros(0)), nearest, distance
        scaled = self._scale(rows)
        asked = KernelRows.prepare(scaled, self.family, self.settings)
        mean = asked.flat @ self._slope
        covariance = np.empty((len(rows), len(self.weights)), np.float32)
        for some in blocks(len(rows), 8 * len(self.weights), at_least=_ROWS_PER_BLOCK):
            of_asked = asked.take(some)
            root = of_asked.measure_roots(self._known)
            nearest[some] = _find_lowest(root[:, :among], n_nearest)
            distance[some] = np.take_along_axis(root, nearest[some], axis=1) / math.sqrt(3.0)
            rough = of_asked.decay_at(root)
            mean[some] += rough @ self.weighted_values
            np.matmul(of_asked.flat.astype(np.float32), self._flat_single.T, out=covariance[some])
            covariance[some] += rough
        explained = self._packed_factor.solve(covariance)
        prior = self.settings.signal + self.settings.plane * np.mean(scaled**2, axis=1)
        squares = np.einsum("nr,nr->n", explained, explained, dtype=np.float64)
        variance = np.maximum(prior - squares, 0.0) + self.settings.noise
        return self._in_dex(mean, variance), nearest, distance

    def estimate_without(self, *groupings: npt.ArrayLike) -> Estimate:
        """Return what the process says of each of its own rows if it had not seen the rows that share a group with it.

        Args:
            groupings: Group of each row, e.g. its reduced formula, [n_row]; of several groupings, e.g. formula and
                structure type, the rows that share either are left out. The kernel's settings stay.
        """
        inverse, weighted, values = invert(self._exact_factor), self.weighted_values, self._standardised
        mean, variance = np.empty(len(values)), np.empty(len(values))
        for rows, left_out in partition_rows(groupings):
            # The inverse's block of some rows is the inverse of their covariance given all other rows.
            conditional = np.linalg.inv(inverse[np.ix_(left_out, left_out)])
            place = np.searchsorted(left_out, rows)
            mean[rows] = values[rows] - conditional[place] @ weighted[left_out]
            own_noise = self.settings.noise / self.weights[rows]
            variance[rows] = np.maximum(conditional[place, place] - own_noise, 0.0) + self.settings.noise
        return self._in_dex(mean, variance)

    def estimate_beside(self, rows: Floats, left_out: Bools) -> Estimate:
        """Return estimates of other rows as if some of the process's own rows had not been seen.

        Args:
            rows: Descriptors, [n_other, n_descriptor].
            left_out: Which of the process's rows each estimate goes without, [n_other, n_row]. The kernel's settings
                stay.
        """
        inverse, weighted = invert(self._exact_factor), self.weighted_values
        scaled = self._scale(rows)
        covariance = KernelRows.prepare(scaled, self.family, self.settings).covary(self._known)
        projected = covariance @ inverse
        mean = covariance @ weighted
        explained = np.einsum("nr,nr->n", covariance, projected)
        for row, without in enumerate(left_out):
            # What the rows left out add, by the inverse of their block of the inverse.
            own = projected[row, without]
            solved = np.linalg.solve(inverse[np.ix_(without, without)], own)
            mean[row] -= solved @ weighted[without]
            explained[row] -= solved @ own
        prior = self.settings.signal + self.settings.plane * np.mean(scaled**2, axis=1)
        return self._in_dex(mean, np.maximum(prior - explained, 0.0) + self.settings.noise)

    def standardise(self, rows: Floats) -> Floats:
        """Return descriptors in units of their families' lengths, in which distances are those of the kernel."""
        return self._scale(rows) / self.settings.length[self.family]

    @cached_property
    def weighted_values(self) -> Floats:
        """The covariance's inverse times the standardised values, [n_row]; a second's work where it is not known."""
        if self.solution is not None:
            return self.solution
        from scipy.linalg import cho_solve  # a fifth of a second, which a process that was read does without

        solution: Floats = cho_solve((self._exact_factor, True), self._standardised, check_finite=False)
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
    def _flat_single(self) -> npt.NDArray[np.float32]:
        return self._known.flat.astype(np.float32)

    @cached_property
    def _exact_factor(self) -> Floats:
        """The covariance's Cholesky factor in double precision, in the lower triangle."""
        factor, is_found = self._factorise(single=False)
        if not is_found:
            raise DataError("the rows' covariance is not positive: equal descriptors with too little noise")
        return factor

    @cached_property
    def _packed_factor(self) -> PackedCholesky:
        """The same in single precision: also where the other is known, so that a file changes nothing."""
        file, n_row = self.factor_file, len(self.weights)
        if file is not None and (kept := PackedCholesky.read(file, n_row=n_row)) is not None:
            return kept
        # Two threads that share their processors with other work wait for each other: 3 s instead of 0.7.
        with use_one_blas_thread():
            factor, is_found = self._factorise(single=True)
            packed = PackedCholesky.pack(factor if is_found else self._exact_factor.astype(np.float32))
        if file is not None:
            packed.keep(file)
        return packed

    def _factorise(self, *, single: bool) -> tuple[npt.NDArray[Any], bool]:
        """Return the Cholesky factor, and whether rounding has left one."""
        from scipy.linalg import lapack

        known = KernelRows.prepare(self._scaled, self.family, self.settings, single=True) if single else self._known
        covariance = known.covary_lower()
        covariance[np.diag_indices_from(covariance)] += self.settings.noise / self.weights + JITTER
        factor, info = (lapack.spotrf if single else lapack.dpotrf)(covariance, lower=1, clean=0, overwrite_a=1)
        return factor, info == 0

    def _scale(self, rows: Floats) -> Floats:
        mean, scale = self._mean_and_scale
        return _cut_off((rows - mean) / scale)

    def _in_dex(self, mean: Floats, variance: Floats) -> Estimate:
        centre, width = self.log10_kappa.mean(), self.log10_kappa.std()
        return Estimate(mean * width + centre, np.sqrt(variance) * width)


def _cut_off(standardised: Floats) -> Floats:
    return np.clip(standardised, -_MAX_DEVIATIONS, _MAX_DEVIATIONS)


def _find_lowest(values: Floats, n_lowest: int) -> Ints:
    """Return the places of the lowest values in each row, the lowest first, [n_row, n_lowest]."""
    found = np.argpartition(values, n_lowest - 1, axis=1)[:, :n_lowest]
    order = np.argsort(np.take_along_axis(values, found, axis=1), axis=1)
    lowest: Ints = np.take_along_axis(found, order, axis=1)
    return lowest


def _measure_scale(descriptors: Floats) -> Floats:
    """Return the standard deviations; one for a descriptor that is the same in all rows, up to rounding."""
    mean, deviation = descriptors.mean(axis=0), descriptors.std(axis=0)
    return np.where(deviation <= _ROUNDING * np.maximum(np.abs(mean), 1.0), 1.0, deviation)
