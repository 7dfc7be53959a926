"""Array aliases, for annotations; shapes and units stand in the docstrings. Indices of groups in a row."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]


def offsets(counts: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return where each group starts when groups of these sizes follow each other, and the total at the end."""
    result = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=result[1:])
    return result


def ragged_arange(starts: npt.NDArray[np.integer], counts: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Return ``start, start + 1, …`` (count of them) for each pair, all concatenated."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)
