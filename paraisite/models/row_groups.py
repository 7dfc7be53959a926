"""Rows that belong together by their formula, by their structure type or by either."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Ints


def encode_groups(groupings: Sequence[npt.ArrayLike]) -> Ints:
    """Return numbers that stand for the groups of each row, [n_row, n_grouping]: equal ones for the same group.

    Args:
        groupings: Group of each row, e.g. its reduced formula, each [n_row]; at least one.
    """
    return np.stack([np.unique(np.asarray(groups), return_inverse=True)[1] for groups in groupings], axis=1)


def partition_rows(groupings: Sequence[npt.ArrayLike]) -> Iterator[tuple[Ints, Ints]]:
    """Yield rows that are alike in all groupings, and the rows that share a group with them in any.

    Args:
        groupings: As for ``encode_groups``.

    Yields:
        Row numbers, each row once, and the numbers of those that share a group with these, themselves among them; both
        ascend.
    """
    codes = encode_groups(groupings)
    combinations, of_row = np.unique(codes, axis=0, return_inverse=True)
    order = np.argsort(of_row, kind="stable")
    borders = np.cumsum(np.bincount(of_row))[:-1]
    for combination, rows in zip(combinations, np.split(order, borders), strict=True):
        yield rows, np.flatnonzero((codes == combination).any(axis=1))
