"""Lattice thermal conductivity from a potential's forces: phonons' Boltzmann equation, relaxation-time approximation.

No Born charges: the splitting of optical branches at the zone centre is left out. No scattering by isotopes, boundaries
or electrons. Source of method and code: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306
(phono3py); force constants fitted to random displacements: Seko and Togo, PRB 110, 214302 (2024),
10.1103/PhysRevB.110.214302 (symfc).
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from phono3py import Phono3py
from phonopy import Phonopy
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.arrays import Floats
from paraisite.errors import StructureError
from paraisite.labels import force_constants
from paraisite.labels.force_constants import Effort, compute_harmonic_phonons
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM
from paraisite.labels.supercell_forces import to_phonopy_cell

TEMPERATURE_KELVIN: Final = 300.0
MESH: Final = 10
"""Phonon wave vectors along the longest reciprocal axis, along others as many fewer as they are shorter: NaCl and GaAs
come out 4 % above their values with 19, forty times faster."""

MIN_FREQUENCY_THZ: Final = -0.05
"""A mode below (imaginary frequencies count as negative) says that the crystal is not stable."""

MAX_SHARE_OF_WAVE_VECTOR: Final = 0.5
"""Where one wave vector (and those equal to it by symmetry) carries more of the conductivity, a mode is hardly
scattered and the value grows with the mesh: InP under SevenNet-l3i5 has 0.78, and 1,109, 1,319, 1,498 and 1,640 W/m/K
with meshes of 9, 11, 13 and 15."""


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


def compute_lattice_conductivity(structure: Structure, calculator: Any) -> Conductivity:
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
    harmonic = compute_harmonic_phonons(primitive, calculator)
    low, _ = compute_frequency_range(harmonic, choose_mesh(primitive))
    if low < MIN_FREQUENCY_THZ:
        raise StructureError(f"phonon of {low:.2f} THz (imaginary), expected none below {MIN_FREQUENCY_THZ} THz")
    result = compute_conductivity(harmonic, primitive, calculator, effort=force_constants.LABELS)
    if result.max_share > MAX_SHARE_OF_WAVE_VECTOR:
        raise StructureError(
            f"one wave vector carries {result.max_share:.0%} of {result.kappa_w_per_m_k:.4g} W/m/K, "
            f"expected at most {MAX_SHARE_OF_WAVE_VECTOR:.0%}"
        )
    return result


def compute_conductivity(harmonic: Phonopy, primitive: Structure, calculator: Any, *, effort: Effort) -> Conductivity:
    """Compute the conductivity at 300 K of any crystal; imaginary phonons are left out of it.

    Args:
        harmonic: As ``compute_harmonic_phonons`` returns them.
        primitive: The same cell.
        calculator: The same calculator.
        effort: For the cubic force constants.

    Raises:
        StructureError: The displacements do not determine the force constants, or no finite conductivity comes out.
    """
    low, high = compute_frequency_range(harmonic, choose_mesh(primitive))
    anharmonic, n_snapshot = solve_phonons(harmonic, primitive, calculator, effort=effort)
    kappa = average_kappa(anharmonic)
    share = _largest_share(anharmonic.thermal_conductivity.mode_kappa[0, 0])
    n_call = len(harmonic.supercells_with_displacements) + n_snapshot + 1
    return Conductivity(kappa, low, high, share, len(anharmonic.supercell), n_call)


def solve_phonons(harmonic: Phonopy, primitive: Structure, calculator: Any, *, effort: Effort) -> tuple[Phono3py, int]:
    """Return phonons whose Boltzmann equation is solved at 300 K, and how many random displacements that took.

    Args:
        harmonic: As ``compute_harmonic_phonons`` returns them.
        primitive: The same cell.
        calculator: The same calculator.
        effort: For the cubic force constants.

    Raises:
        StructureError: The displacements do not determine the force constants.
    """
    fitted, n_snapshot = force_constants.fit_cubic_constants(harmonic, primitive, calculator, effort=effort)
    phonons = Phono3py(
        to_phonopy_cell(primitive),
        fitted.supercell_matrix,
        "P",
        phonon_supercell_matrix=harmonic.supercell_matrix,
        symprec=SYMMETRY_TOLERANCE_ANGSTROM,
    )
    phonons.fc2, phonons.fc3 = harmonic.force_constants, fitted.fc3
    phonons.mesh_numbers = choose_mesh(primitive)
    phonons.init_phph_interaction()
    phonons.run_thermal_conductivity(temperatures=[TEMPERATURE_KELVIN], is_isotope=False)
    return phonons, n_snapshot


def average_kappa(phonons: Phono3py) -> float:
    """Return the mean of the conductivity tensor's diagonal, W/m/K.

    Raises:
        StructureError: It is not a positive number.
    """
    tensor = np.ravel(phonons.thermal_conductivity.kappa)  # xx yy zz yz xz xy
    kappa = float(tensor[:3].mean())
    if not (np.isfinite(kappa) and kappa > 0):
        raise StructureError(f"conductivity is {kappa} W/m/K, expected a positive number")
    return kappa


def choose_mesh(primitive: Structure) -> list[int]:
    """Return the number of wave vectors along each reciprocal axis."""
    lengths = np.array(primitive.lattice.abc)
    return [max(1, round(MESH * float(share))) for share in lengths.min() / lengths]


def compute_frequency_range(phonons: Phonopy, mesh: list[int]) -> tuple[float, float]:
    """Return the lowest and highest frequency on a mesh, THz; the lowest is negative if it is imaginary."""
    phonons.run_mesh(mesh)
    frequencies = phonons.mesh.frequencies
    return float(frequencies.min()), float(frequencies.max())


def find_lowest_mode(phonons: Phonopy, mesh: list[int]) -> tuple[float, tuple[float, ...]]:
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


def _largest_share(mode_kappa: Floats) -> float:
    """Return the largest share of a wave vector; modes' conductivities are [n_wave_vector, n_branch, 6]."""
    of_wave_vector = mode_kappa[..., :3].sum(axis=(1, 2))
    return float(of_wave_vector.max() / of_wave_vector.sum())
