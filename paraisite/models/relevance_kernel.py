"""The kernel of ``relevance_process``: a Matérn 3/2 with a length for each family of descriptors, a plane, and noise.

Covariances are written in blocks that stay in the processor's cache: of thousands of rows at once, every step would
wait for the memory.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeVar

import numpy as np

from paraisite.arrays import Floats, Ints, Singles

Values = TypeVar("Values", Floats, Singles)

_BYTES_PER_BLOCK: Final = 1 << 20


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
class KernelRows:
    """Rows as the kernel compares them.

    Attributes:
        near: Descriptors in units of their lengths, [n_row, n_descriptor]: distances are taken there.
        square: Their squared norms, [n_row].
        flat: Descriptors whose products are the plane's covariance, [n_row, n_descriptor].
        signal: Variance of the rough part.
    """

    near: Floats
    square: Floats
    flat: Floats
    signal: float

    @classmethod
    def prepare(cls, scaled: Floats, family: Ints, settings: KernelSettings) -> "KernelRows":
        """Return rows, given standardised, [n_row, n_descriptor]."""
        near: Floats = scaled / settings.length[family]
        flat: Floats = scaled * np.sqrt(settings.plane / scaled.shape[1])
        return cls(near, np.sum(near**2, axis=1), flat, settings.signal)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.near)

    def take(self, rows: slice) -> "KernelRows":
        """Return some of the rows."""
        return KernelRows(self.near[rows], self.square[rows], self.flat[rows], self.signal)

    def covary(self, others: "KernelRows") -> Floats:
        """Return the covariance with other rows, without noise, [n_row, n_other]."""
        covariance = np.empty((len(self), len(others)))
        for rows in blocks(len(self), 8 * len(others)):
            some = self.take(rows)
            covariance[rows] = some.covary_at(others, some.measure_roots(others))
        return covariance

    def covary_lower(self) -> Floats:
        """Return the covariance among the rows, without noise, [n_row, n_row]; what is above the diagonal is arbitrary.

        Columns lie together in memory, as LAPACK wants them.
        """
        n_row = len(self)
        covariance = np.zeros((n_row, n_row), order="F")
        for rows in blocks(n_row, 8 * n_row):
            some = slice(rows.start, n_row)
            columns, below = self.take(rows), self.take(some)
            covariance[some, rows] = columns.covary_at(below, columns.measure_roots(below)).T
        return covariance

    def measure_roots(self, others: "KernelRows") -> Floats:
        """Return the square roots of three times the squared distances to other rows, [n_row, n_other]."""
        return root_of_distances(self.near, self.square, others.near, others.square)

    def measure_roots_roughly(self, others: "KernelRows") -> Singles:
        """Return the same in single precision, in half the time."""
        return root_of_distances(*self._singles, *others._singles)

    def measure_roots_at(self, others: "KernelRows", of_each: Ints) -> Floats:
        """Return the same for some other rows of each row, [n_row, n], given these rows, likewise."""
        apart = others.square[of_each] - 2.0 * (others.near[of_each] @ self.near[..., None])[..., 0]
        apart += self.square[:, None]
        apart *= 3.0
        np.maximum(apart, 0.0, out=apart)
        return np.sqrt(apart, out=apart)

    @cached_property
    def _singles(self) -> tuple[Singles, Singles]:
        return self.near.astype(np.float32), self.square.astype(np.float32)

    def covary_at(self, others: "KernelRows", root: Floats) -> Floats:
        """Return the covariance with other rows, whose ``measure_roots`` are overwritten, [n_row, n_other]."""
        covariance = self.decay_at(root)
        np.matmul(self.flat, others.flat.T, out=root)
        covariance += root
        return covariance

    def decay_at(self, root: Values) -> Values:
        """Return the rough part of the covariance alone, in the precision of ``root``.

        Args:
            root: As ``measure_roots`` returns them; overwritten.
        """
        rough: Values = np.exp(-root)
        root += 1.0
        rough *= root
        rough *= self.signal
        return rough


def root_of_distances(rows: Values, square: Values, others: Values, other_square: Values) -> Values:
    """Return the square root of three times the squared distances, [n_row, n_other].

    Args:
        rows: In units of the lengths, [n_row, n_descriptor].
        square: Their squared norms, [n_row].
        others: Likewise, [n_other, n_descriptor].
        other_square: Likewise, [n_other].
    """
    root: Values = rows @ others.T
    root *= -2.0
    root += square[:, None]
    root += other_square
    root *= 3.0
    np.maximum(root, 0.0, out=root)
    return np.sqrt(root, out=root)


def blocks(n_row: int, n_byte: int, *, at_least: int = 1) -> Iterator[slice]:
    """Yield runs of rows that fit the processor's cache, each row being so many bytes, but not of fewer rows."""
    step = max(_BYTES_PER_BLOCK // max(n_byte, 1), at_least)
    for first in range(0, n_row, step):
        yield slice(first, min(first + step, n_row))
