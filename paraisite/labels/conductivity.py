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
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
from phono3py import Phono3py
from phonopy import Phonopy
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.arrays import Floats
from paraisite.errors import StructureError
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM
from paraisite.labels.supercell_forces import forces_in, phonopy_cell

TEMPERATURE_KELVIN: Final = 300.0
HARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.01
ANHARMONIC_DISPLACEMENT_ANGSTROM: Final = 0.03
MESH: Final = 10
"""Phonon wave vectors along the longest reciprocal axis, along others as many fewer as they are shorter: NaCl and GaAs
come out 4 % above their values with 19, forty times faster."""

MIN_FREQUENCY_THZ: Final = -0.05
"""A mode below (imaginary frequencies count as negative) says that the crystal is not stable."""

MAX_SHARE_OF_WAVE_VECTOR: Final = 0.5
"""Where one wave vector (and those equal to it by symmetry) carries more of the conductivity, a mode is hardly
scattered and the value grows with the mesh: InP under SevenNet-l3i5 has 0.78, and 1,109, 1,319, 1,498 and 1,640 W/m/K
with meshes of 9, 11, 13 and 15."""

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
    harmonic = harmonic_phonons(primitive, calculator)
    low, _ = frequency_range(harmonic, mesh_of(primitive))
    if low < MIN_FREQUENCY_THZ:
        raise StructureError(f"phonon of {low:.2f} THz (imaginary), expected none below {MIN_FREQUENCY_THZ} THz")
    found = conductivity_of(harmonic, primitive, calculator, effort=LABELS)
    if found.max_share > MAX_SHARE_OF_WAVE_VECTOR:
        raise StructureError(
            f"one wave vector carries {found.max_share:.0%} of {found.kappa_w_per_m_k:.4g} W/m/K, "
            f"expected at most {MAX_SHARE_OF_WAVE_VECTOR:.0%}"
        )
    return found


def conductivity_of(harmonic: Phonopy, primitive: Structure, calculator: Any, *, effort: Effort) -> Conductivity:
    """Compute the conductivity at 300 K of any crystal; imaginary phonons are left out of it.

    Args:
        harmonic: As ``harmonic_phonons`` returns them.
        primitive: The same cell.
        calculator: The same calculator.
        effort: For the cubic force constants.

    Raises:
        StructureError: The displacements do not determine the force constants, or no finite conductivity comes out.
    """
    low, high = frequency_range(harmonic, mesh_of(primitive))
    anharmonic, n_snapshot = solved_phonons(harmonic, primitive, calculator, effort=effort)
    kappa = kappa_of(anharmonic)
    share = _largest_share(anharmonic.thermal_conductivity.mode_kappa[0, 0])
    n_call = len(harmonic.supercells_with_displacements) + n_snapshot + 1
    return Conductivity(kappa, low, high, share, len(anharmonic.supercell), n_call)


def harmonic_phonons(primitive: Structure, calculator: Any) -> Phonopy:
    """Return a crystal's phonons with force constants from displacements of single atoms.

    Args:
        primitive: Standard primitive cell, forces at rest.
        calculator: ASE calculator with forces.
    """
    phonons = Phonopy(phonopy_cell(primitive), _repeats(primitive, LABELS), "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    phonons.generate_displacements(distance=HARMONIC_DISPLACEMENT_ANGSTROM, is_plusminus=True)
    phonons.forces = forces_in(phonons.supercells_with_displacements, calculator)
    phonons.produce_force_constants()
    phonons.symmetrize_force_constants()
    return phonons


def solved_phonons(harmonic: Phonopy, primitive: Structure, calculator: Any, *, effort: Effort) -> tuple[Phono3py, int]:
    """Return phonons whose Boltzmann equation is solved at 300 K, and how many random displacements that took.

    Args:
        harmonic: As ``harmonic_phonons`` returns them.
        primitive: The same cell.
        calculator: The same calculator.
        effort: For the cubic force constants.

    Raises:
        StructureError: The displacements do not determine the force constants.
    """
    with recursion_limit_kept():
        fitted, n_snapshot = _anharmonic(primitive, calculator, effort)
    _require_determined(fitted, harmonic, n_snapshot)
    phonons = Phono3py(
        phonopy_cell(primitive),
        fitted.supercell_matrix,
        "P",
        phonon_supercell_matrix=_repeats(primitive, LABELS),
        symprec=SYMMETRY_TOLERANCE_ANGSTROM,
    )
    phonons.fc2, phonons.fc3 = harmonic.force_constants, fitted.fc3
    phonons.mesh_numbers = mesh_of(primitive)
    phonons.init_phph_interaction()
    phonons.run_thermal_conductivity(temperatures=[TEMPERATURE_KELVIN], is_isotope=False)
    return phonons, n_snapshot


def kappa_of(phonons: Phono3py) -> float:
    """Return the mean of the conductivity tensor's diagonal, W/m/K.

    Raises:
        StructureError: It is not a positive number.
    """
    tensor = np.ravel(phonons.thermal_conductivity.kappa)  # xx yy zz yz xz xy
    kappa = float(tensor[:3].mean())
    if not (np.isfinite(kappa) and kappa > 0):
        raise StructureError(f"conductivity is {kappa} W/m/K, expected a positive number")
    return kappa


def mesh_of(primitive: Structure) -> list[int]:
    """Return the number of wave vectors along each reciprocal axis."""
    lengths = np.array(primitive.lattice.abc)
    return [max(1, round(MESH * float(share))) for share in lengths.min() / lengths]


def frequency_range(phonons: Phonopy, mesh: list[int]) -> tuple[float, float]:
    """Return the lowest and highest frequency on a mesh, THz; the lowest is negative if it is imaginary."""
    phonons.run_mesh(mesh)
    frequencies = phonons.mesh.frequencies
    return float(frequencies.min()), float(frequencies.max())


def n_supercell_atom(primitive: Structure) -> int:
    """Return how many atoms the supercell of a primitive cell has: what the conductivity costs."""
    return len(primitive) * int(np.diag(_repeats(primitive, LABELS)).prod())


def lowest_mode(phonons: Phonopy, mesh: list[int]) -> tuple[float, tuple[float, ...]]:
    """Return the lowest frequency, THz, negative if it is imaginary, and its wave vector in reciprocal lattice vectors.

    Args:
        phonons: With force constants.
        mesh: Wave vectors along each axis, from the zone centre on; even numbers hold the zone's boundaries, where
            crystals become unstable first.
    """
    phonons.run_mesh(mesh, is_gamma_center=True)
    lowest = phonons.mesh.frequencies.min(axis=1)
    place = int(np.argmin(lowest))
    return float(lowest[place]), tuple(float(x) for x in phonons.mesh.qpoints[place])


def _repeats(primitive: Structure, effort: Effort) -> npt.NDArray[np.int64]:
    """Return how often a primitive cell is repeated along its axes in the supercell, as a diagonal matrix."""
    lengths = np.array(primitive.lattice.abc)
    repeats = np.ceil(effort.min_angstrom / lengths).astype(np.int64)
    while len(primitive) * repeats.prod() < effort.min_atoms:
        reach = repeats * lengths
        repeats[reach < reach.min() + SYMMETRY_TOLERANCE_ANGSTROM * repeats.max()] += 1  # equal axes together
    return np.diag(repeats)


def _anharmonic(primitive: Structure, calculator: Any, effort: Effort) -> tuple[Phono3py, int]:
    """Return phonons with cubic force constants fitted to random displacements, and how many those were."""
    phonons = Phono3py(phonopy_cell(primitive), _repeats(primitive, effort), "P", symprec=SYMMETRY_TOLERANCE_ANGSTROM)
    _displace(phonons, "auto", effort)
    if len(phonons.supercells_with_displacements) < effort.min_snapshots * (2 if effort.opposite_too else 1):
        _displace(phonons, effort.min_snapshots, effort)
    snapshots = phonons.supercells_with_displacements
    phonons.forces = forces_in(snapshots, calculator) - forces_in([phonons.supercell], calculator)
    phonons.produce_fc3(fc_calculator="symfc")
    return phonons, len(snapshots)


def _require_determined(fitted: Phono3py, harmonic: Phonopy, n_snapshot: int) -> None:
    """Compare the harmonic constants that the fit gives beside the cubic ones with those of single displacements.

    Where there are too few displacements, symfc returns constants that are smaller by orders of magnitude.
    """
    found, expected = (float(np.abs(constants).max()) for constants in (fitted.fc2, harmonic.force_constants))
    if not _AGREEMENT < found / expected < 1 / _AGREEMENT:
        raise StructureError(
            f"{n_snapshot} displacements do not determine the force constants: the largest harmonic one is "
            f"{found:.3g} eV/Å², expected {expected:.3g}"
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
def recursion_limit_kept() -> Iterator[None]:
    """Undo what symfc does when it is imported: with its limit, deeply nested JSON ends the process."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _largest_share(mode_kappa: Floats) -> float:
    """Return the largest share of a wave vector; modes' conductivities are [n_wave_vector, n_branch, 6]."""
    of_wave_vector = mode_kappa[..., :3].sum(axis=(1, 2))
    return float(of_wave_vector.max() / of_wave_vector.sum())
