"""Descriptors for models of the conductivity: a potential's phonons of a crystal at the cell that is given.

Unlike the labels of tier ``bte``, nothing is refused that can be computed: an imaginary phonon is left out of the sums
and shows in the lowest frequency. The cell is not relaxed. A potential that was trained on PBE makes crystals too large
and too soft, and some of them unstable, that are stable at the cell of the conductivity which is to be predicted.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from phono3py import Phono3py
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer
from scipy.constants import elementary_charge

from paraisite.errors import StructureError
from paraisite.labels.conductivity import average_kappa, choose_mesh, compute_frequency_range, solve_phonons
from paraisite.labels.force_constants import Effort, compute_harmonic_phonons, count_supercell_atoms
from paraisite.labels.mechanics import SYMMETRY_TOLERANCE_ANGSTROM, relax_atoms

MAX_SUPERCELL_ATOMS: Final = 128
"""Larger ones take many minutes."""

EFFORT: Final = Effort(min_angstrom=5.0, min_atoms=32, snapshots_per_minimum=2.0, min_snapshots=16)
"""Less than for labels where the symmetry is low: 32 displacements of 32 atoms for wurtzites, in place of 144 of 72."""

_KM_PER_S: Final = 0.1  # of phono3py's Å THz
_CUBIC_CM: Final = 1e-24  # of one Å³


@dataclass(frozen=True)
class PhononDescriptors:
    """Of a crystal at 300 K.

    Attributes:
        kappa_potential_w_per_m_k: Conductivity under the potential, mean of the tensor's diagonal, W/m/K.
        min_frequency_thz: Lowest phonon frequency on the mesh, THz, negative if imaginary.
        max_frequency_thz: Highest, THz.
        velocity_km_per_s: Root mean square of the phonons' group velocity, weighted by their heat capacity, km/s.
        heat_capacity_j_per_cubic_cm_k: Heat capacity at constant volume, J/(cm³ K).
        n_force_call: Supercells whose forces were computed.
    """

    kappa_potential_w_per_m_k: float
    min_frequency_thz: float
    max_frequency_thz: float
    velocity_km_per_s: float
    heat_capacity_j_per_cubic_cm_k: float
    n_force_call: int


def compute_phonon_descriptors(structure: Structure, calculator: Any) -> PhononDescriptors:
    """Compute a crystal's descriptors: atoms settle within the cell, the cell stays.

    Args:
        structure: Any cell of the crystal.
        calculator: ASE calculator with forces.

    Raises:
        StructureError: The supercell is too large, the atoms do not settle, or no finite conductivity comes out.
    """
    primitive = SpacegroupAnalyzer(structure, SYMMETRY_TOLERANCE_ANGSTROM).get_primitive_standard_structure()
    if (n_atom := count_supercell_atoms(primitive)) > MAX_SUPERCELL_ATOMS:
        raise StructureError(f"a supercell of {n_atom} atoms, expected at most {MAX_SUPERCELL_ATOMS}")
    settled = relax_atoms(primitive, calculator)
    harmonic = compute_harmonic_phonons(settled, calculator)
    low, high = compute_frequency_range(harmonic, choose_mesh(settled))
    phonons, n_snapshot = solve_phonons(harmonic, settled, calculator, effort=EFFORT)
    kappa = average_kappa(phonons)  # at first: where no phonon is left there is nothing to average
    velocity, heat_capacity = _velocity_and_heat_capacity(phonons, settled.volume)
    return PhononDescriptors(
        kappa_potential_w_per_m_k=kappa,
        min_frequency_thz=low,
        max_frequency_thz=high,
        velocity_km_per_s=velocity,
        heat_capacity_j_per_cubic_cm_k=heat_capacity,
        n_force_call=len(harmonic.supercells_with_displacements) + n_snapshot + 1,
    )


def _velocity_and_heat_capacity(phonons: Phono3py, volume_cubic_angstrom: float) -> tuple[float, float]:
    """Return the root mean square velocity, km/s, and the heat capacity per volume, J/(cm³ K)."""
    solution = phonons.thermal_conductivity
    weight: npt.NDArray[np.float64] = np.asarray(solution.grid_weights, np.float64)[:, None]
    capacity = np.asarray(solution.mode_heat_capacities)[0] * weight  # eV/K, [n_wave_vector, n_branch]
    squared = np.sum(np.asarray(solution.group_velocities) ** 2, axis=-1)
    velocity = np.sqrt(np.sum(capacity * squared) / np.sum(capacity)) * _KM_PER_S
    of_cell = np.sum(capacity) / np.sum(weight) * elementary_charge  # J/K
    return float(velocity), float(of_cell / (volume_cubic_angstrom * _CUBIC_CM))
