"""The Cholesky factor of thousands of rows, which deviations need, packed, and kept on disk between two commands.

Rows lie together in panels whose square on the diagonal is inverted, so that solving is a chain of products of
matrices: NumPy does them as fast for one column as BLAS solves for it, and SciPy, which would, takes a fifth of a
second to import. The factor of the default model takes half a second to compute and a few milliseconds to be mapped
from a file.
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.core.files import write_whole

logger = logging.getLogger(__name__)

_PANEL: Final = 256
"""Rows of a panel."""

_N_KEPT: Final = 3
"""Files of factors that a folder keeps, of some 40 MB each: the latest."""

SUFFIX: Final = ".cholesky"

FORMAT: Final = "paraisite-cholesky-1"
"""Part of what files are named by: another one where what a factor is computed by changes."""


@dataclass(frozen=True, eq=False)
class PackedCholesky:
    """The lower Cholesky factor of a covariance, in single precision.

    Attributes:
        n_row: Rows and columns.
        words: A panel after the other, its rows up to the diagonal's square and with that, float32 [n_word].
    """

    n_row: int
    words: npt.NDArray[np.float32]

    @classmethod
    def pack(cls, factor: npt.NDArray[np.float32]) -> "PackedCholesky":
        """Pack a lower triangular matrix, [n_row, n_row]; what is above its diagonal is not looked at."""
        packed = cls(len(factor), np.zeros(_count_words(len(factor)), np.float32))
        for first, panel in packed._panels():
            end = first + len(panel)
            panel[:, :first] = factor[first:end, :first]
            panel[:, first:] = np.tril(np.linalg.inv(np.tril(factor[first:end, first:end]).astype(np.float64)))
        return packed

    def solve(self, rows: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return what the factor's transpose gives some rows from, [n_asked, n_row]; they are overwritten."""
        for first, panel in self._panels():
            own = slice(first, first + len(panel))
            rows[:, own] -= rows[:, :first] @ panel[:, :first].T
            rows[:, own] = rows[:, own] @ panel[:, first:].T
        return rows

    def keep(self, file: Path) -> None:
        """Write a file that ``read`` reads, and remove older ones beside it; what cannot be written is not kept."""
        try:
            write_whole(file, _checksum(self.words).tobytes() + self.words.tobytes())
            kept = sorted(file.parent.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        except OSError as error:
            logger.debug("the Cholesky factor is computed again next time: %s", error)
            return
        for old in kept[_N_KEPT:]:
            with suppress(OSError):
                old.unlink()

    @classmethod
    def read(cls, file: Path, *, n_row: int) -> "PackedCholesky | None":
        """Return the factor of a file, mapped into memory; None where there is none or it is damaged."""
        try:
            found = np.asarray(np.memmap(file, np.uint64, "r"))
        except (OSError, ValueError):  # ValueError: of no or of half a word
            return None
        if 2 * (len(found) - 1) != _count_words(n_row) or found[0] != _checksum(found[1:]):
            return None
        return cls(n_row, found[1:].view(np.float32))

    def _panels(self) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Yield the first row of each panel, and the panel, [n_row_of_panel, n_row_to_its_end]."""
        start = 0
        for first in range(0, self.n_row, _PANEL):
            end = min(first + _PANEL, self.n_row)
            n_word = (end - first) * end
            yield first, self.words[start : start + n_word].reshape(end - first, end)
            start += n_word


def _count_words(n_row: int) -> int:
    """Return the single-precision numbers of all panels, and one more where they are odd."""
    n_word = sum((min(first + _PANEL, n_row) - first) * min(first + _PANEL, n_row) for first in range(0, n_row, _PANEL))
    return n_word + n_word % 2


def _checksum(words: npt.NDArray[np.float32] | npt.NDArray[np.uint64]) -> np.uint64:
    """Return the sum of all pairs of words as integers, modulo 2**64, in two milliseconds."""
    total: np.uint64 = words.view(np.uint64).sum(dtype=np.uint64)
    return total
