"""What every source hands over: records that can be used, and rejections with their reason."""

import math
from dataclasses import dataclass
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.errors import DataError

MAX_KAPPA_W_PER_M_K: Final = 10_000.0
"""Above any crystal's at 300 K (diamond: some 3,000), so that a value beyond is a slip or has another unit."""


@dataclass(frozen=True)
class Record:
    """One material with its target.

    Attributes:
        material_id: Id, unique within its source.
        structure: Ordered crystal structure.
        kappa_w_per_m_k: Lattice thermal conductivity at 300 K, W/m/K, positive.
        prototype: Structure type, or None where the source names none.
        source: Where structure and value come from, for people.
        space_group: Its number as the source names it, or None.
        benchmark_split: Test set of a published benchmark that the material is in, or None.
        selected_by_label: Whether the material is there because of its value.
    """

    material_id: str
    structure: Structure
    kappa_w_per_m_k: float
    prototype: str | None
    source: str
    space_group: int | None = None
    benchmark_split: str | None = None
    selected_by_label: bool = False


@dataclass(frozen=True)
class Rejection:
    """One row that cannot be used.

    Attributes:
        material_id: Id of the row, or its place in the file where it has no id.
        reason: What was found and what was expected.
    """

    material_id: str
    reason: str


def check_kappa(value: float) -> float:
    """Return ``value`` (W/m/K) if it can be a thermal conductivity.

    Raises:
        DataError: It is NaN, infinite, zero or negative, or above any crystal's.
    """
    if not (math.isfinite(value) and value > 0):
        raise DataError(f"thermal conductivity is {value} W/m/K, expected a positive number")
    if value > MAX_KAPPA_W_PER_M_K:
        raise DataError(
            f"thermal conductivity is {value:g} W/m/K, expected at most {MAX_KAPPA_W_PER_M_K:g}: is the unit another?"
        )
    return value
