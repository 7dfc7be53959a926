"""How far a model is off in a region of its descriptors: mean errors of the known rows that are nearest.

A Gaussian process's standard deviation tells how far known rows are, not how well the descriptors tell them apart.
Errors of known rows, each predicted without its own formula, tell the latter. Of held-out formulas of Phonix that are
off by more than a factor of two (12 %), the deviation ranks 70 % above the others, the mean error of thirty neighbours
71 %, and their geometric mean, which is taken here, 73 %; by a factor of three 75, 80 and 81 %.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from sklearn.neighbors import NearestNeighbors

from paraisite.arrays import Floats, Ints
from paraisite.models.estimate import MIN_STD_DEX, Estimate

N_NEAR: Final = 30
"""Rows whose errors are averaged."""


@dataclass(frozen=True, eq=False)
class LocalError:
    """Errors of known rows, by place.

    Attributes:
        nearest: The rows that errors are known of, in the model's own distances.
        error_dex: Their absolute errors of log10(kappa), dex, [n_row].
    """

    nearest: NearestNeighbors
    error_dex: Floats

    @classmethod
    def fit(cls, places: Floats, error_dex: Floats) -> "LocalError":
        """Keep rows' errors.

        Args:
            places: Of the rows, [n_row, n_dimension].
            error_dex: [n_row].
        """
        # One more, as a known row is its own nearest and is left out of its neighbours.
        nearest = NearestNeighbors(n_neighbors=min(N_NEAR + 1, len(error_dex))).fit(places)
        return cls(nearest, error_dex)

    def widen(self, estimate: Estimate, places: Floats) -> Estimate:
        """Return estimates whose deviation is its geometric mean with the mean error nearby."""
        if not len(places):  # scikit-learn refuses none, but of files that cannot be read none is left
            return estimate
        return self._widened(estimate, self.nearest.kneighbors(places, return_distance=False)[:, :N_NEAR])

    def widen_known(self, estimate: Estimate) -> Estimate:
        """Return estimates of the known rows, in order, widened by the errors of others."""
        return self._widened(estimate, self._neighbours_of_known)

    @cached_property
    def _neighbours_of_known(self) -> Ints:
        """Each known row's nearest others, [n_row, n_near]."""
        rows: Ints = self.nearest.kneighbors(n_neighbors=self.nearest.n_neighbors - 1, return_distance=False)
        return rows

    def _widened(self, estimate: Estimate, rows: Ints) -> Estimate:
        nearby = np.maximum(self.error_dex[rows].mean(axis=1), MIN_STD_DEX)
        return Estimate(estimate.mean, np.sqrt(estimate.std * nearby))
