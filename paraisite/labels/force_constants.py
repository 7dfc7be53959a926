"""Harmonic and cubic force constants of a crystal, from a potential's forces on displaced supercells."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from phono3py import Phono3py
from phonopy import Phonopy
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM
from paraisite.labels.supercell_forces import compute_forces, to_phonopy_cell

HARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.01


ANHARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.03


_AGREEMENT: Final = 0.5
"""How far the largest harmonic constants of two fits may differ: some percent where the displacements suffice."""


_SEED: Final = 1


@dataclass(frozen=True)
class Effort:
    """What the force constants of third order are computed with.

    Attributes:
        min_angstrom: How far the supercell reaches along each axis at least, Å.
        min_atoms: Atoms in it at least. It is the smallest multiple of the primitive cell, repeated alike along axes of
            equal length, that has both.
        snapshots_per_minimum: Random displacements, as a multiple of the fewest that determine the force constants.
        min_snapshots: Of these at least.
        opposite_too: Each displacement is made in the opposite direction as well, as one more force call. The mean of
            both forces holds no odd order, so that the fourth-order terms, which blur the cubic ones and make AlSb's
            conductivity half as large with 16 displacements, are gone.
    """

    min_angstrom: float
    min_atoms: int
    snapshots_per_minimum: float
    min_snapshots: int = 1
    opposite_too: bool = False


LABELS: Final = Effort(min_angstrom=7.5, min_atoms=40, snapshots_per_minimum=4.0)
"""For labels, and for phonons of all kinds: 54 atoms for rocksalts, 40 for most perovskites, 72 for wurtzites. Those 54
atoms have more room than the 64 of the doubled conventional cell: images are 3/sqrt(2) instead of 2 lattice constants
apart."""


def compute_harmonic_phonons(primitive: Structure, calculator: Any) -> Phonopy:
    """Return a crystal's phonons with force constants from displacements of single atoms.

    Args:
        primitive: Standard primitive cell, forces at rest.
        calculator: ASE calculator with forces.
    """
    phonons = Phonopy(
        to_phonopy_cell(primitive), repeat_cell(primitive, LABELS), "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM
    )
    phonons.generate_displacements(distance=HARMONIC_DISPLACEMENT_ANGSTROM, is_plusminus=True)
    phonons.forces = compute_forces(phonons.supercells_with_displacements, calculator)
    phonons.produce_force_constants()
    phonons.symmetrize_force_constants()
    return phonons


def count_supercell_atoms(primitive: Structure) -> int:
    """Return how many atoms the supercell of a primitive cell has: what the conductivity costs."""
    return len(primitive) * int(np.diag(repeat_cell(primitive, LABELS)).prod())


def repeat_cell(primitive: Structure, effort: Effort) -> npt.NDArray[np.int64]:
    """Return how often a primitive cell is repeated along its axes in the supercell, as a diagonal matrix."""
    lengths = np.array(primitive.lattice.abc)
    repeats = np.ceil(effort.min_angstrom / lengths).astype(np.int64)
    while len(primitive) * repeats.prod() < effort.min_atoms:
        reach = repeats * lengths
        repeats[reach < reach.min() + SYMMETRY_TOLERANCE_ANGSTROM * repeats.max()] += 1  # equal axes together
    return np.diag(repeats)


def fit_cubic_constants(
    harmonic: Phonopy, primitive: Structure, calculator: Any, *, effort: Effort
) -> tuple[Phono3py, int]:
    """Return phonons with cubic force constants fitted to random displacements, and how many those were.

    Args:
        harmonic: As ``compute_harmonic_phonons`` returns them.
        primitive: The same cell.
        calculator: The same calculator.
        effort: How many displacements, in how large a supercell.

    Raises:
        StructureError: The displacements do not determine the force constants.
    """
    with keep_recursion_limit():
        fitted, n_snapshot = _fit_displacements(primitive, calculator, effort)
    _require_determined(fitted, harmonic, n_snapshot)
    return fitted, n_snapshot


def _fit_displacements(primitive: Structure, calculator: Any, effort: Effort) -> tuple[Phono3py, int]:
    """Return what ``fit_cubic_constants`` returns, unchecked."""
    phonons = Phono3py(
        to_phonopy_cell(primitive), repeat_cell(primitive, effort), "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM
    )
    _displace(phonons, "auto", effort)
    if len(phonons.supercells_with_displacements) < effort.min_snapshots * (2 if effort.opposite_too else 1):
        _displace(phonons, effort.min_snapshots, effort)
    snapshots = phonons.supercells_with_displacements
    phonons.forces = compute_forces(snapshots, calculator) - compute_forces([phonons.supercell], calculator)
    phonons.produce_fc3(fc_calculator="symfc")
    return phonons, len(snapshots)


def _require_determined(fitted: Phono3py, harmonic: Phonopy, n_snapshot: int) -> None:
    """Compare the harmonic constants that the fit gives beside the cubic ones with those of single displacements.

    Where there are too few displacements, symfc returns constants that are smaller by orders of magnitude.
    """
    fitted_size, expected = (float(np.abs(constants).max()) for constants in (fitted.fc2, harmonic.force_constants))
    if not _AGREEMENT < fitted_size / expected < 1 / _AGREEMENT:
        raise StructureError(
            f"{n_snapshot} displacements do not determine the force constants: the largest harmonic one is "
            f"{fitted_size:.3g} eV/Å², expected {expected:.3g}"
        )


def _displace(phonons: Phono3py, n_snapshot: int | Literal["auto"], effort: Effort) -> None:
    phonons.generate_displacements(
        distance=ANHARMONIC_DISPLACEMENT_ANGSTROM,
        number_of_snapshots=n_snapshot,
        number_estimation_factor=effort.snapshots_per_minimum,
        random_seed=_SEED,
        is_plusminus=effort.opposite_too,
    )


@contextmanager
def keep_recursion_limit() -> Iterator[None]:
    """Undo what symfc does when it is imported: with its limit, deeply nested JSON ends the process."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
