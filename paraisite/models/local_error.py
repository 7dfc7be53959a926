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

from paraisite.arrays import Bools, Floats, Ints
from paraisite.models.estimate import MIN_STD_DEX, Estimate
from paraisite.models.nearest_rows import NearestRows

N_NEAR: Final = 30
"""Rows whose errors are averaged."""


@dataclass(frozen=True, eq=False)
class LocalError:
    """Errors of known rows, by place.

    Attributes:
        known: The rows that errors are known of, in the model's own distances.
        error_dex: Their absolute errors of log10(kappa), dex, [n_row].
    """

    known: NearestRows
    error_dex: Floats

    @classmethod
    def fit(cls, places: Floats, error_dex: Floats) -> "LocalError":
        """Keep rows' errors.

        Args:
            places: Of the rows, [n_row, n_dimension].
            error_dex: [n_row].
        """
        return cls(NearestRows(places), error_dex)

    @property
    def n_near(self) -> int:
        """How many rows' errors are averaged."""
        return min(N_NEAR, len(self.error_dex))

    def widen(self, estimate: Estimate, near: Ints) -> Estimate:
        """Return estimates whose deviation is its geometric mean with the mean error nearby.

        Args:
            estimate: Of some crystals.
            near: The ``n_near`` rows nearest to each, [n_crystal, n_near].
        """
        nearby = np.maximum(self.error_dex[near].mean(axis=1), MIN_STD_DEX)
        return Estimate(estimate.mean, np.sqrt(estimate.std * nearby))

    def widen_beside(self, estimate: Estimate, places: Floats, left_out: Bools) -> Estimate:
        """Return estimates widened by the mean error nearby as if some of the known rows were not known.

        Args:
            estimate: Of new crystals.
            places: Theirs, [n_place, n_dimension].
            left_out: Which of the known rows each goes without, [n_place, n_row].
        """
        n_asked = min(N_NEAR + int(left_out.sum(axis=1).max(initial=0)), len(self.error_dex))
        _, nearest = self.known.find_sorted(places, n_asked)
        others = [rows[~without[rows]][:N_NEAR] for rows, without in zip(nearest, left_out, strict=True)]
        nearby = np.array([max(self.error_dex[rows].mean(), MIN_STD_DEX) for rows in others])
        return Estimate(estimate.mean, np.sqrt(estimate.std * nearby))

    def widen_known(self, estimate: Estimate) -> Estimate:
        """Return estimates of the known rows, in order, widened by the errors of others."""
        return self.widen(estimate, self._neighbours_of_known)

    @cached_property
    def _neighbours_of_known(self) -> Ints:
        """Each known row's nearest others, [n_row, n_near]."""
        # One more, as a known row is its own nearest; where it is not, rows in the same place are before it.
        n_row = len(self.error_dex)
        _, near = self.known.find_sorted(self.known.rows, min(N_NEAR + 1, n_row))
        is_own = near == np.arange(n_row)[:, None]
        is_own[~is_own.any(axis=1), -1] = True
        return near[~is_own].reshape(n_row, -1)
