"""What a crystal's phonons give beside the conductivity: targets for pretraining and descriptors.

All at 300 K and of the cell that was solved; the meshes are coarser than the conductivity's, as these quantities
converge sooner. Imaginary modes are left out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from phono3py import Phono3py, Phono3pyJointDos
from phonopy import Phonopy
from phonopy.harmonic.dynmat_to_fc import DynmatToForceConstants
from phonopy.phonon.grid import get_ir_grid_points, get_qpoints_from_bz_grid_points
from scipy.constants import Boltzmann, Planck, elementary_charge

from paraisite.arrays import Floats
from paraisite.labels.conductivity import TEMPERATURE_KELVIN, SolvedCrystal, to_phonopy
from paraisite.labels.mode_gruneisen import compute_mode_gruneisen
from paraisite.labels.phonon_settings import PhononSettings

_GRUNEISEN_MESH_ANGSTROM: Final = 30.0
_PHASE_SPACE_MESH_ANGSTROM: Final = 20.0
_FREQUENCY_POINTS: Final = 101
_MIN_FREQUENCY_THZ: Final = 0.05
"""Modes below are the rigid motions at the zone centre, or imaginary."""

_ACOUSTIC_WAVE_NUMBER_PER_ANGSTROM: Final = 0.01
"""Close to the zone centre: a hundredth of the zone's size, where acoustic branches are straight."""

_KM_PER_S: Final = 0.1  # of phono3py's Å THz
_CUBIC_CM: Final = 1e-24  # of one Å³


@dataclass(frozen=True)
class PhononQuantities:
    """Of a crystal at 300 K.

    Attributes:
        velocity_km_per_s: Root mean square of the group velocities, weighted by heat capacity, km/s.
        heat_capacity_j_per_cubic_cm_k: At constant volume, J/(cm³ K).
        transverse_sound_km_per_s: Of the slower two acoustic branches near the zone centre, mean over directions, km/s.
        longitudinal_sound_km_per_s: Of the fastest, likewise.
        gruneisen: Grüneisen parameter, mean of the modes weighted by heat capacity.
        gruneisen_rms: Root mean square of the modes' parameters, likewise weighted.
        mean_frequency_thz: First moment of the density of states, THz.
        rms_frequency_thz: Square root of its second moment, THz.
        geometric_frequency_thz: Exponential of the mean logarithm of frequency, THz.
        phase_space_per_thz: Pairs of phonons that a phonon may split into or join with, mean over modes, 1/THz;
            Lindsay and Broido, J. Phys.: Condens. Matter 20, 165209 (2008), 10.1088/0953-8984/20/16/165209, without
            their division by the number of branches squared.
    """

    velocity_km_per_s: float
    heat_capacity_j_per_cubic_cm_k: float
    transverse_sound_km_per_s: float
    longitudinal_sound_km_per_s: float
    gruneisen: float
    gruneisen_rms: float
    mean_frequency_thz: float
    rms_frequency_thz: float
    geometric_frequency_thz: float
    phase_space_per_thz: float


def compute_phonon_quantities(solved: SolvedCrystal, settings: PhononSettings) -> PhononQuantities:
    """Compute the quantities of a crystal whose Boltzmann equation is solved.

    Args:
        solved: As ``conductivity.solve`` returns it.
        settings: The same settings.
    """
    velocity, heat_capacity = _velocity_and_heat_capacity(solved)
    harmonic = to_phonopy(solved.harmonic, settings)
    transverse, longitudinal = _measure_sound(harmonic)
    gruneisen, gruneisen_rms = _average_gruneisen(solved.phonons, harmonic)
    first, second, logarithmic = _average_frequencies(harmonic)
    return PhononQuantities(
        velocity_km_per_s=velocity,
        heat_capacity_j_per_cubic_cm_k=heat_capacity,
        transverse_sound_km_per_s=transverse,
        longitudinal_sound_km_per_s=longitudinal,
        gruneisen=gruneisen,
        gruneisen_rms=gruneisen_rms,
        mean_frequency_thz=first,
        rms_frequency_thz=second,
        geometric_frequency_thz=logarithmic,
        phase_space_per_thz=_measure_phase_space(solved.phonons, harmonic),
    )


def _velocity_and_heat_capacity(solved: SolvedCrystal) -> tuple[float, float]:
    """Return the root mean square velocity, km/s, and the heat capacity per volume, J/(cm³ K)."""
    solution = solved.solution
    weight = np.asarray(solution.grid_weights, np.float64)[:, None]
    capacity = np.asarray(solution.mode_heat_capacities)[0] * weight  # eV/K, [n_wave_vector, n_branch]
    squared = np.sum(np.asarray(solution.group_velocities) ** 2, axis=-1)
    velocity = np.sqrt(np.sum(capacity * squared) / np.sum(capacity)) * _KM_PER_S
    of_cell = np.sum(capacity) / np.sum(weight) * elementary_charge  # J/K
    return float(velocity), float(of_cell / (solved.phonons.primitive.volume * _CUBIC_CM))


def _measure_sound(phonons: Phonopy) -> tuple[float, float]:
    """Return the transverse and the longitudinal velocity of sound, km/s, mean over directions."""
    directions = _spread_directions()
    reciprocal = directions * _ACOUSTIC_WAVE_NUMBER_PER_ANGSTROM @ np.array(phonons.primitive.cell).T
    phonons.run_qpoints(reciprocal)
    acoustic = np.sort(phonons.qpoints.frequencies, axis=1)[:, :3].clip(min=0.0)
    velocities = acoustic / _ACOUSTIC_WAVE_NUMBER_PER_ANGSTROM * _KM_PER_S
    return float(velocities[:, :2].mean()), float(velocities[:, 2].mean())


def _spread_directions(number: int = 50) -> Floats:
    """Return unit vectors spread evenly over the sphere, [number, 3]: Fibonacci's lattice."""
    index = np.arange(number) + 0.5
    height = 1.0 - 2.0 * index / number
    angle = np.pi * (1.0 + np.sqrt(5.0)) * index
    radius = np.sqrt(1.0 - height**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), height], axis=1)


def _average_gruneisen(phonons: Phono3py, harmonic: Phonopy) -> tuple[float, float]:
    """Return the mean and the root mean square of the modes' Grüneisen parameters, weighted by heat capacity."""
    harmonic.run_mesh(_GRUNEISEN_MESH_ANGSTROM)
    qpoints, weights = harmonic.mesh.qpoints, np.asarray(harmonic.mesh.weights, np.float64)
    of_mode, frequencies = compute_mode_gruneisen(phonons, _fold(harmonic, phonons), qpoints)
    is_real = frequencies > _MIN_FREQUENCY_THZ
    capacity = _heat_capacity(np.where(is_real, frequencies, 1.0)) * is_real * weights[:, None]
    mean = np.average(of_mode, weights=capacity)
    return float(mean), float(np.sqrt(np.average(of_mode**2, weights=capacity)))


def _fold(harmonic: Phonopy, phonons: Phono3py) -> Floats:
    """Return force constants of second order in the supercell of third order, with the same dynamical matrices.

    They are the same at the wave vectors that belong to that supercell, and interpolated between them.
    """
    folded = DynmatToForceConstants(phonons.primitive, phonons.supercell)
    matrices = []
    for qpoint in folded.commensurate_points:
        harmonic.dynamical_matrix.run(qpoint)
        matrices.append(harmonic.dynamical_matrix.dynamical_matrix)
    folded.dynamical_matrices = matrices
    folded.run()
    return np.asarray(folded.force_constants)


def _heat_capacity(frequency_thz: Floats) -> Floats:
    """Return each mode's heat capacity at 300 K, in units of Boltzmann's constant."""
    x = Planck * frequency_thz * 1e12 / (Boltzmann * TEMPERATURE_KELVIN)
    return np.asarray((x / 2.0 / np.sinh(x / 2.0)) ** 2)


def _average_frequencies(phonons: Phonopy) -> tuple[float, float, float]:
    """Return mean, root mean square and geometric mean of the frequencies, THz."""
    phonons.run_mesh(_GRUNEISEN_MESH_ANGSTROM)
    frequencies = phonons.mesh.frequencies
    weights = np.broadcast_to(np.asarray(phonons.mesh.weights, np.float64)[:, None], frequencies.shape)
    is_real = frequencies > _MIN_FREQUENCY_THZ
    values, weights = frequencies[is_real], weights[is_real]
    moments = (np.average(f, weights=weights) for f in (values, values**2, np.log(values)))
    first, second, logarithmic = (float(moment) for moment in moments)
    return first, float(np.sqrt(second)), float(np.exp(logarithmic))


def _measure_phase_space(phonons: Phono3py, harmonic: Phonopy) -> float:
    """Return how many pairs of phonons a phonon may split into or join with, mean over modes, 1/THz.

    phono3py counts each pair in both orders.
    """
    joint = Phono3pyJointDos(
        phonons.phonon_supercell,
        phonons.phonon_primitive,
        phonons.fc2,
        num_frequency_points=_FREQUENCY_POINTS,
        # phono3py itself goes over to such a grid where a regular one has not the lattice's symmetry; this class not.
        use_grg=phonons.grid.grid_matrix is not None,
    )
    joint.initialize(_PHASE_SPACE_MESH_ANGSTROM)
    points, weights, _ = get_ir_grid_points(joint.grid)
    harmonic.run_qpoints(get_qpoints_from_bz_grid_points(points, joint.grid))
    frequencies = harmonic.qpoints.frequencies
    total = np.zeros(2)  # pairs, modes
    for point, weight, of_point in zip(points, weights, frequencies, strict=True):
        joint.run([point])
        pairs = np.asarray(joint.joint_dos)[0, 0].sum(axis=-1) / 2.0
        real = of_point[of_point > _MIN_FREQUENCY_THZ]
        total += weight * np.array([np.interp(real, joint.frequency_points, pairs).sum(), len(real)])
    return float(total[0] / total[1])
