"""Lattice thermal conductivity from a potential's forces: phonons' Boltzmann equation, relaxation-time approximation.

No Born charges: the splitting of optical branches at the zone centre is left out. No scattering by isotopes, boundaries
or electrons. Source of method and code: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306
(phono3py); force constants fitted to random displacements: Seko and Togo, PRB 110, 214302 (2024),
10.1103/PhysRevB.110.214302 (symfc).
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from phono3py import Phono3py
from phonopy import Phonopy
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.errors import StructureError
from paraisite.sources.lab.displacements import forces_in, phonopy_cell
from paraisite.sources.lab.mechanics import SYMMETRY_TOLERANCE_ANGSTROM

Floats = npt.NDArray[np.float64]

TEMPERATURE_KELVIN: Final = 300.0
MIN_SUPERCELL_ANGSTROM: Final = 7.5
MIN_SUPERCELL_ATOMS: Final = 40
"""The supercell is the smallest multiple of the primitive cell, repeated alike along its three axes, in which an atom
is so far from its images and which has so many atoms: 54 for rocksalts, 40 for most perovskites. Those 54 atoms have
more room than the 64 of the doubled conventional cell: images are 3/sqrt(2) instead of 2 lattice constants apart."""

HARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.01
ANHARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.03
SNAPSHOTS_PER_MINIMUM: Final = 4.0
"""Random displacements, as a multiple of the fewest that determine the cubic force constants."""

MESH: Final = 10
"""Phonon wave vectors along each reciprocal axis: NaCl and GaAs come out 4 % above their values with 19, forty times
faster."""

MIN_FREQUENCY_THZ: Final = -0.05
"""A mode below (imaginary frequencies count as negative) says that the crystal is not stable."""

MAX_SHARE_OF_WAVE_VECTOR: Final = 0.5
"""Where one wave vector (and those equal to it by symmetry) carries more of the conductivity, a mode is hardly
scattered and the value grows with the mesh: InP under SevenNet-l3i5 has 0.78, and 1,109, 1,319, 1,498 and 1,640 W/m/K
with meshes of 9, 11, 13 and 15."""

_SEED: Final = 1


@dataclass(frozen=True)
class Conductivity:
    """What the Boltzmann equation gives.

    Attributes:
        kappa_w_per_m_k: Mean of the tensor's diagonal at 300 K, W/m/K.
        min_frequency_thz: Lowest phonon frequency on the mesh, THz, negative if imaginary.
        max_frequency_thz: Highest, THz.
        max_share: Largest share of the conductivity that one wave vector of the mesh carries, with its equivalents.
        n_supercell_atom: Atoms in the supercell.
        n_force_call: Supercells whose forces were computed.
    """

    kappa_w_per_m_k: float
    min_frequency_thz: float
    max_frequency_thz: float
    max_share: float
    n_supercell_atom: int
    n_force_call: int


def lattice_conductivity(structure: Structure, calculator: Any) -> Conductivity:
    """Compute the conductivity at 300 K of a relaxed cubic crystal.

    Args:
        structure: Relaxed under the same potential; any cell of it.
        calculator: ASE calculator with forces.

    Raises:
        StructureError: The crystal is not cubic, a phonon is imaginary, no finite conductivity comes out, or one wave
            vector carries most of it.
    """
    symmetry = SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM)
    if symmetry.get_crystal_system() != "cubic":
        raise StructureError(f"{symmetry.get_crystal_system()}, expected a cubic crystal")
    primitive = symmetry.get_primitive_standard_structure()
    cell, repeats = phonopy_cell(primitive), np.eye(3, dtype=np.int64) * _n_repeat(primitive)
    harmonic = _harmonic(Phonopy(cell, repeats, "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM), calculator)
    low, high = _frequency_range(harmonic)
    if low < MIN_FREQUENCY_THZ:
        raise StructureError(f"phonon of {low:.2f} THz (imaginary), expected none below {MIN_FREQUENCY_THZ} THz")
    with recursion_limit_kept():
        anharmonic, n_snapshot = _anharmonic(cell, repeats, calculator)
    anharmonic.fc2 = harmonic.force_constants
    anharmonic.mesh_numbers = [MESH] * 3
    anharmonic.init_phph_interaction()
    anharmonic.run_thermal_conductivity(temperatures=[TEMPERATURE_KELVIN], is_isotope=False)
    tensor = np.ravel(anharmonic.thermal_conductivity.kappa)  # xx yy zz yz xz xy
    kappa = float(tensor[:3].mean())
    if not (np.isfinite(kappa) and kappa > 0):
        raise StructureError(f"conductivity is {kappa} W/m/K, expected a positive number")
    share = _largest_share(anharmonic.thermal_conductivity.mode_kappa[0, 0])
    if share > MAX_SHARE_OF_WAVE_VECTOR:
        raise StructureError(
            f"one wave vector carries {share:.0%} of {kappa:.4g} W/m/K, expected at most {MAX_SHARE_OF_WAVE_VECTOR:.0%}"
        )
    n_call = len(harmonic.supercells_with_displacements) + n_snapshot + 1
    return Conductivity(kappa, low, high, share, len(anharmonic.supercell), n_call)


def n_supercell_atom(primitive: Structure) -> int:
    """Return how many atoms the supercell of a primitive cell has: what the conductivity costs."""
    return len(primitive) * _n_repeat(primitive) ** 3


def _n_repeat(primitive: Structure) -> int:
    """Return how often a primitive cell is repeated along each of its axes in the supercell."""
    shortest = min(primitive.lattice.get_lll_reduced_lattice().abc)
    by_atoms = (MIN_SUPERCELL_ATOMS / len(primitive)) ** (1 / 3)
    return int(np.ceil(max(MIN_SUPERCELL_ANGSTROM / shortest, by_atoms)))


def _harmonic(phonons: Phonopy, calculator: Any) -> Phonopy:
    """Return the phonons with force constants from displacements of single atoms."""
    phonons.generate_displacements(distance=HARMONIC_DISPLACEMENT_ANGSTROM, is_plusminus=True)
    phonons.forces = forces_in(phonons.supercells_with_displacements, calculator)
    phonons.produce_force_constants()
    phonons.symmetrize_force_constants()
    return phonons


def _anharmonic(cell: PhonopyAtoms, repeats: npt.NDArray[np.int64], calculator: Any) -> tuple[Phono3py, int]:
    """Return phonons with cubic force constants fitted to random displacements, and how many those were."""
    phonons = Phono3py(cell, repeats, "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    phonons.generate_displacements(
        distance=ANHARMONIC_DISPLACEMENT_ANGSTROM,
        number_of_snapshots="auto",
        number_estimation_factor=SNAPSHOTS_PER_MINIMUM,
        random_seed=_SEED,
    )
    snapshots = phonons.supercells_with_displacements
    phonons.forces = forces_in(snapshots, calculator) - forces_in([phonons.supercell], calculator)
    phonons.produce_fc3(fc_calculator="symfc")
    return phonons, len(snapshots)


@contextmanager
def recursion_limit_kept() -> Iterator[None]:
    """Undo what symfc does when it is imported: with its limit, deeply nested JSON ends the process."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _frequency_range(phonons: Phonopy) -> tuple[float, float]:
    """Return the lowest and highest frequency on the mesh, THz."""
    phonons.run_mesh([MESH] * 3)
    frequencies = phonons.mesh.frequencies
    return float(frequencies.min()), float(frequencies.max())


def _largest_share(mode_kappa: Floats) -> float:
    """Return the largest share of a wave vector; modes' conductivities are [n_wave_vector, n_branch, 6]."""
    of_wave_vector = mode_kappa[..., :3].sum(axis=(1, 2))
    return float(of_wave_vector.max() / of_wave_vector.sum())
