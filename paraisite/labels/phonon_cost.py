"""What a crystal's conductivity under a potential costs, told from cell and symmetry before any force is computed."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels.force_constants import (
    build_phonons,
    count_point_operations,
    count_snapshots,
    displace_single_atoms,
    estimate_free_constants,
    standardize,
)
from paraisite.labels.phonon_settings import MAX_FREE_CONSTANTS, PhononSettings, choose_repeats, cut_off

CUTOFF_ANGSTROM: Final = 6.0
"""Of the potential: pairs of atoms this close are what a force call's time is made of."""

MAX_CUBIC_ATOMS: Final = 240
"""Force constants of third order of more atoms take gigabytes, and their fit more."""

_SECONDS_PER_CALL: Final = 0.03
_SECONDS_PER_PAIR: Final = 6e-5
"""Of one pair of atoms in one force call: a call for 64 atoms takes 0.10 s for AlSb and 0.21 s for MgO."""

_RELAXATION_CALLS: Final = 15
_SECONDS_FOR_START: Final = 12.0
_SOLVING_SECONDS: Final = 4.5e-9
"""For each pair of wave vectors that symmetry leaves and each pair of atoms in the supercell, times atoms in the
primitive cell; on both meshes."""

_CUTOFF_SHARE: Final = 0.2
"""Free constants that a cutoff leaves, as a share: about the volume of its sphere in a supercell of 10 Å."""


@dataclass(frozen=True)
class PhononCost:
    """Of a crystal's conductivity.

    Attributes:
        n_harmonic_call: Supercells of second order whose forces are computed.
        n_harmonic_atom: Atoms in each.
        n_cubic_call: Of third order; about.
        n_cubic_atom: Atoms in each.
        cpu_minutes: Time on one core, about: within a factor of two.
    """

    n_harmonic_call: int
    n_harmonic_atom: int
    n_cubic_call: int
    n_cubic_atom: int
    cpu_minutes: float

    @property
    def n_force_call(self) -> int:
        """All supercells whose forces are computed."""
        return self.n_harmonic_call + self.n_cubic_call


def estimate_phonon_cost(structure: Structure, settings: PhononSettings) -> PhononCost:
    """Return what a crystal's conductivity costs.

    Args:
        structure: Any cell of it.
        settings: Of the phonons, with random displacements in opposite pairs for the third order.

    Raises:
        StructureError: The cell is too large.
    """
    cell = standardize(structure, settings)
    harmonic, cubic = (
        choose_repeats(cell.lattice, len(cell), size)
        for size in (settings.harmonic_supercell, settings.cubic_supercell)
    )
    if (n_atom := len(cell) * math.prod(cubic)) > MAX_CUBIC_ATOMS:
        raise StructureError(
            f"{n_atom} atoms in the supercell of third order, expected at most {MAX_CUBIC_ATOMS}: it would take days"
        )
    # Atoms are displaced as the crystal's symmetry asks for, in a supercell of any size; that of the larger takes long.
    phonons = build_phonons(cell, settings, harmonic_repeats=cubic, cubic_repeats=cubic)
    n_harmonic = len(displace_single_atoms(phonons, settings))
    n_free = estimate_free_constants(phonons)
    if n_free > MAX_FREE_CONSTANTS and settings.cubic_cutoff_angstrom is None:
        n_free, settings = n_free * _CUTOFF_SHARE, cut_off(settings)
    n_cubic_atom = len(phonons.supercell)
    n_cubic = 2 * count_snapshots(n_free, n_cubic_atom, settings)
    n_harmonic_atom = len(cell) * math.prod(harmonic)
    pairs_per_atom = 4.0 / 3.0 * np.pi * CUTOFF_ANGSTROM**3 * len(cell) / cell.volume
    n_atom_call = n_harmonic * n_harmonic_atom + n_cubic * n_cubic_atom + _RELAXATION_CALLS * len(cell)
    of_solving = len(phonons.primitive) * n_cubic_atom**2 * float(np.prod(phonons.mesh_numbers)) ** 2
    seconds = (
        _SECONDS_FOR_START
        + _SECONDS_PER_CALL * (n_harmonic + n_cubic + _RELAXATION_CALLS)
        + _SECONDS_PER_PAIR * pairs_per_atom * n_atom_call
        + _SOLVING_SECONDS * of_solving / count_point_operations(phonons)
    )
    return PhononCost(n_harmonic, n_harmonic_atom, n_cubic, n_cubic_atom, float(seconds / 60.0))
