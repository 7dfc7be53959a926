"""The nearest of some known rows: distances to all of them by one product of matrices.

In hundreds of dimensions a tree is of no help, and scikit-learn's search, which does the same as this, needs a
millisecond before it begins: as long as a prediction may take.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats, Ints

_BYTES_PER_BLOCK: Final = 1 << 22


@dataclass(frozen=True, eq=False)
class NearestRows:
    """Known rows that are searched.

    Attributes:
        rows: [n_row, n_dimension].
    """

    rows: Floats

    def find(self, places: Floats, n_nearest: int) -> Ints:
        """Return the rows nearest to each place, in no order, [n_place, n_nearest]."""
        found = np.empty((len(places), n_nearest), np.int64)
        step = max(_BYTES_PER_BLOCK // (8 * max(len(self.rows), 1)), 1)
        for first in range(0, len(places), step):
            some = slice(first, first + step)
            # Less the square of the place itself, which is the same for all rows.
            apart = places[some] @ self.rows.T
            apart *= -2.0
            apart += self._square
            found[some] = np.argpartition(apart, n_nearest - 1, axis=1)[:, :n_nearest]
        return found

    def find_sorted(self, places: Floats, n_nearest: int) -> tuple[Floats, Ints]:
        """Return the distances of the nearest rows, ascending, and the rows, each [n_place, n_nearest]."""
        return self.sort(places, self.find(places, n_nearest))

    def sort(self, places: Floats, found: Ints) -> tuple[Floats, Ints]:
        """Return the distances of some rows of each place, [n_place, n_row], ascending, and the rows."""
        apart = np.linalg.norm(self.rows[found] - places[:, None], axis=2)
        order = np.argsort(apart, axis=1, kind="stable")
        return np.take_along_axis(apart, order, axis=1), np.take_along_axis(found, order, axis=1)

    def measure_distances(self, places: Floats) -> Floats:
        """Return each place's distances to all rows, [n_place, n_row]."""
        apart: Floats = places @ self.rows.T
        apart *= -2.0
        apart += self._square
        apart += np.einsum("nd,nd->n", places, places)[:, None]
        return np.sqrt(np.maximum(apart, 0.0, out=apart), out=apart)

    @cached_property
    def _square(self) -> npt.NDArray[np.float64]:
        square: Floats = np.einsum("nd,nd->n", self.rows, self.rows)
        return square
