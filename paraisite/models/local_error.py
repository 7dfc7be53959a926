"""How far a model is off in a region of its descriptors: errors of the known rows that are nearest.

A Gaussian process's standard deviation tells how far known rows are, not how well the descriptors tell them apart.
Errors of known rows, each predicted without its own formula and divided by the deviation that it was predicted with,
tell the latter. Of held-out formulas of Phonix that are off by more than a factor of two (12 %), the deviation ranks
72 % above the others, its geometric mean with the mean error of thirty neighbours 76 %, and its product with the square
root of their errors in deviations, which ``widen`` takes, 77 %. What has no deviation of its own, as phonons under a
potential, gets one from the mean error nearby.

Source: Shepard, Proc. 23rd ACM National Conference, 517 (1968), 10.1145/800186.810616 (inverse distance weighting).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from paraisite.arrays import Bools, Floats, Ints
from paraisite.models.estimate import Estimate
from paraisite.models.nearest_rows import NearestRows
from paraisite.models.row_groups import encode_groups

N_NEAR: Final = 30
"""Rows whose errors are averaged."""

_MIN_DISTANCE: Final = 0.1
"""In the model's own distances, in which a row's nearest neighbour is typically 0.3 away: closer ones count no more, so
that a crystal of the training set is not judged by the error of its own row alone."""

_MIN_ERROR: Final = 0.01
"""So that no deviation becomes zero, whatever the errors nearby."""

_ROWS_PER_BLOCK: Final = 128
"""Known rows whose distances to all others are held at once."""


@dataclass(frozen=True, eq=False)
class LocalError:
    """Errors of known rows, by place.

    Attributes:
        known: The rows that errors are known of, in the model's own distances.
        error: Their absolute errors, in dex or in the deviations that they were predicted with, [n_row].
    """

    known: NearestRows
    error: Floats

    @classmethod
    def fit(cls, places: Floats, expected: Estimate, log10_kappa: Floats) -> "LocalError":
        """Keep rows' errors of log10(kappa) over the standard deviations of their predictions.

        Args:
            places: Of the rows, [n_row, n_dimension].
            expected: What the model says of each without its formula.
            log10_kappa: Their values, [n_row].
        """
        return cls(NearestRows(places), np.abs(expected.mean - log10_kappa) / expected.std)

    @property
    def n_near(self) -> int:
        """How many rows' errors are averaged."""
        return min(N_NEAR, len(self.error))

    def average(self, near: Ints, distance: Floats) -> Floats:
        """Return the mean error of some rows for each crystal, the nearer ones counting more, [n_crystal].

        Args:
            near: The ``n_near`` rows nearest to each, [n_crystal, n_near].
            distance: How far they are, in the model's own distances, same shape.
        """
        weight = np.maximum(distance, _MIN_DISTANCE) ** -2.0
        total = np.sum(weight, axis=1)
        is_none = total == 0.0
        mean = np.sum(self.error[near] * weight, axis=1) / np.where(is_none, 1.0, total)
        return np.maximum(np.where(is_none, self.error.mean(), mean), _MIN_ERROR)

    def average_at(self, places: Floats) -> Floats:
        """Return the mean error near new crystals, [n_place].

        Args:
            places: Theirs, [n_place, n_dimension].
        """
        distance, near = self.known.find_sorted(places, self.n_near)
        return self.average(near, distance)

    def average_beside(self, places: Floats, left_out: Bools) -> Floats:
        """Return the mean error near new crystals as if some of the known rows were not known, [n_place].

        Args:
            places: Theirs, [n_place, n_dimension].
            left_out: Which of the known rows each goes without, [n_place, n_row]. Where no row is left, the mean error
                of all counts.
        """
        distance = self.known.measure_distances(places)
        distance[left_out] = np.inf
        near = np.argpartition(distance, self.n_near - 1, axis=1)[:, : self.n_near]
        return self.average(near, np.take_along_axis(distance, near, axis=1))

    def average_known(self, *groupings: Sequence[str]) -> Floats:
        """Return the mean error near each known row, of rows that share no group with it, [n_row].

        Args:
            groupings: Group of each row, e.g. its formula, each [n_row].
        """
        codes = encode_groups(groupings)
        averages = np.empty(len(self.error))
        for first in range(0, len(averages), _ROWS_PER_BLOCK):
            some = slice(first, first + _ROWS_PER_BLOCK)
            left_out = (codes[some, None] == codes).any(axis=-1)
            averages[some] = self.average_beside(self.known.rows[some], left_out)
        return averages

    def widen(self, estimate: Estimate, near: Ints, distance: Floats) -> Estimate:
        """Return estimates whose deviation is multiplied by the square root of the mean error nearby, in deviations.

        Args:
            estimate: Of some crystals.
            near: As for ``average``.
            distance: Likewise.
        """
        return _multiply(estimate, self.average(near, distance))

    def widen_beside(self, estimate: Estimate, places: Floats, left_out: Bools) -> Estimate:
        """Return estimates of new crystals, widened likewise; arguments as for ``average_beside``."""
        return _multiply(estimate, self.average_beside(places, left_out))

    def widen_known(self, estimate: Estimate, *groupings: Sequence[str]) -> Estimate:
        """Return estimates of the known rows, in order, widened likewise.

        Args:
            estimate: Of each row without those that share a group with it.
            groupings: As for ``average_known``.
        """
        return _multiply(estimate, self.average_known(*groupings))


def _multiply(estimate: Estimate, error: Floats) -> Estimate:
    return Estimate(estimate.mean, estimate.std * np.sqrt(error))
