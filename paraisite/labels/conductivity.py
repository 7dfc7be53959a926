"""Lattice thermal conductivity from force constants: phonons' Boltzmann equation in the relaxation-time approximation.

Particle-like transport and, beside it, the coherences of Wigner's equation; natural isotopes scatter. No Born charges:
the splitting of optical branches at the zone centre is left out, unless charges are given. No scattering by boundaries
or electrons. Sources: Togo, Chaput and Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306 (phono3py);
Simoncelli, Marzari and Mauri, Nat. Phys. 15, 809 (2019), 10.1038/s41567-019-0520-x (coherences).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from phono3py import Phono3py
from phono3py.conductivity.factory import conductivity_calculator
from phono3py.other.isotope import get_mass_variances
from phonopy import Phonopy
from phonopy.structure.atomic_data import get_atomic_data
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.errors import StructureError
from paraisite.labels.force_constants import (
    CubicConstants,
    HarmonicConstants,
    build_phonons,
    choose_cubic_repeats,
    compute_cubic_constants,
    compute_harmonic_constants,
    expect_primitive_cell,
    standardize,
)
from paraisite.labels.isotope_scattering import compute_isotope_rates
from paraisite.labels.mechanics import relax, relax_atoms
from paraisite.labels.phonon_interaction import MAX_ATOMS, compute_linewidths
from paraisite.labels.phonon_progress import RELAXATION, SOLUTION, OnPhononStep, count_stage, ignore_step
from paraisite.labels.phonon_settings import PhononSettings
from paraisite.labels.relaxed_volume import require_same_crystal
from paraisite.labels.supercell_forces import to_phonopy_cell

TEMPERATURE_KELVIN: Final = 300.0

MIN_FREQUENCY_THZ: Final = -0.05
"""A mode below (imaginary frequencies count as negative) says that the crystal is not stable."""

MAX_SHARE_OF_WAVE_VECTOR: Final = 0.5
"""Where one wave vector (and those equal to it by symmetry) carries more of the conductivity, a mode is hardly
scattered and the value grows with the mesh: InP under SevenNet-l3i5 without isotopes has 0.78, and 1,109, 1,319, 1,498
and 1,640 W/m/K with meshes of 9, 11, 13 and 15."""

_MAX_RELAXATION_STEPS: Final = 300
_AXES: Final = ("xx", "yy", "zz", "yz", "xz", "xy")


@dataclass(frozen=True)
class Conductivity:
    """What the Boltzmann equation gives at 300 K.

    Attributes:
        kappa_w_per_m_k: Mean of the tensor's diagonal, W/m/K.
        tensor_w_per_m_k: xx, yy, zz, yz, xz and xy, in the axes of the standard cell, W/m/K.
        particle_w_per_m_k: What of the mean is particle-like.
        coherence_w_per_m_k: What of the mean is wave-like.
        max_share: Largest share of the particle-like part that one wave vector of the mesh carries, with its
            equivalents.
        mesh: Wave vectors along each reciprocal axis; of a generalised grid, as body-centred lattices have, along its
            own.
    """

    kappa_w_per_m_k: float
    tensor_w_per_m_k: tuple[float, ...]
    particle_w_per_m_k: float
    coherence_w_per_m_k: float
    max_share: float
    mesh: tuple[int, int, int]

    @property
    def components(self) -> dict[str, float]:
        """The tensor's components by name: ``kappa_xx_w_per_m_k`` and so on."""
        return {f"kappa_{axis}_w_per_m_k": value for axis, value in zip(_AXES, self.tensor_w_per_m_k, strict=True)}


@dataclass(frozen=True)
class SolvedCrystal:
    """A crystal's conductivity under a potential, and what it was computed from.

    Attributes:
        harmonic: Force constants of second order, with the cell at rest.
        cubic: Those of third order.
        phonons: Solved on the whole mesh.
        solution: phono3py's of Boltzmann's equation.
        conductivity: What it gives.
        min_frequency_thz: Lowest phonon frequency on the mesh, THz, negative if imaginary.
        max_frequency_thz: Highest, THz.
    """

    harmonic: HarmonicConstants
    cubic: CubicConstants
    phonons: Phono3py
    solution: Any
    conductivity: Conductivity
    min_frequency_thz: float
    max_frequency_thz: float


def settle(
    structure: Structure, calculator: Any, settings: PhononSettings, *, on_step: OnPhononStep = ignore_step
) -> Structure:
    """Return the standard cell with atoms at rest; the cell itself is relaxed where the settings say so.

    Raises:
        StructureError: Cell or atoms do not come to rest, or the potential makes another crystal of it.
    """
    cell = standardize(structure, settings)
    tolerance = settings.force_tolerance_ev_per_angstrom
    if settings.relaxes:
        count = count_stage(on_step, RELAXATION, n_total=None)
        relaxed, _ = relax(
            cell,
            calculator,
            force_tolerance_ev_per_angstrom=tolerance,
            max_steps=_MAX_RELAXATION_STEPS,
            on_step=count,
        )
        require_same_crystal(structure, relaxed)
        return relaxed
    return relax_atoms(cell, calculator, force_tolerance_ev_per_angstrom=tolerance, max_steps=_MAX_RELAXATION_STEPS)


def compute_lattice_conductivity(
    structure: Structure,
    calculator: Any,
    settings: PhononSettings,
    *,
    allows_imaginary: bool = False,
    on_step: OnPhononStep = ignore_step,
) -> SolvedCrystal:
    """Compute the conductivity at 300 K of a crystal of any symmetry, from structure to tensor.

    Args:
        structure: Any cell of it.
        calculator: ASE calculator with forces, and stress where the cell is relaxed.
        settings: Everything else.
        allows_imaginary: Whether a crystal with imaginary phonons is computed all the same; they are left out of the
            sums.
        on_step: Called after each step.

    Raises:
        StructureError: The crystal does not come to rest, a phonon is imaginary, or no finite conductivity comes out.
    """
    cell = settle(structure, calculator, settings, on_step=on_step)
    harmonic = compute_harmonic_constants(cell, calculator, settings, on_step=on_step)
    if not allows_imaginary:
        require_stable(harmonic, settings)
    cubic = compute_cubic_constants(cell, calculator, settings, on_step=on_step)
    on_step(SOLUTION, n_done=0, n_total=1)
    return solve(harmonic, cubic, settings)


def require_stable(harmonic: HarmonicConstants, settings: PhononSettings) -> None:
    """Refuse a crystal with imaginary phonons on the mesh, before third order is computed.

    Raises:
        StructureError: A phonon is imaginary.
    """
    low, _ = find_frequency_range(_harmonic_phonons(harmonic, settings))
    if low < MIN_FREQUENCY_THZ:
        raise StructureError(f"phonon of {low:.2f} THz (imaginary), expected none below {MIN_FREQUENCY_THZ} THz")


def solve(
    harmonic: HarmonicConstants,
    cubic: CubicConstants,
    settings: PhononSettings,
    *,
    charges: Mapping[str, Any] | None = None,
) -> SolvedCrystal:
    """Solve the Boltzmann equation at 300 K.

    Args:
        harmonic: Force constants of second order.
        cubic: Of third order, of the same crystal.
        settings: Mesh, isotopes, coherences.
        charges: Born charges and dielectric tensor as phonopy's ``nac_params``; None leaves out what they do.

    Raises:
        StructureError: No finite, positive conductivity comes out.
    """
    phonons = solve_modes(harmonic, cubic, settings, charges=charges)
    low, high = find_frequency_range(phonons)
    solution = conductivity_calculator(
        phonons.phph_interaction,
        np.array([TEMPERATURE_KELVIN]),
        [None],
        method="SMM19-rta" if settings.has_coherence else "std-rta",
    )
    if len(phonons.primitive) <= MAX_ATOMS:
        linewidths = compute_linewidths(phonons, solution.grid_points, temperature_kelvin=TEMPERATURE_KELVIN)
        solution.gamma = linewidths[None, None]
    if settings.scatters_isotopes:
        rates = compute_isotope_rates(phonons, solution.grid_points, _find_mass_variances(phonons))
        solution.gamma_isotope = rates[None]
    solution.run()
    if settings.has_coherence:
        terms = solution.get_extra_kappa_output()
        particle, coherence = (np.ravel(terms[name][0]) for name in ("kappa_intra", "kappa_inter"))
    else:
        particle = np.ravel(solution.kappa[0])
        coherence = np.zeros(len(_AXES))
    tensor = particle + coherence
    kappa = float(tensor[:3].mean())
    if not (np.isfinite(kappa) and kappa > 0):
        raise StructureError(f"conductivity is {kappa} W/m/K, expected a positive number")
    along_x, along_y, along_z = (int(number) for number in phonons.mesh_numbers)
    conductivity = Conductivity(
        kappa_w_per_m_k=kappa,
        tensor_w_per_m_k=tuple(float(x) for x in tensor),
        particle_w_per_m_k=float(particle[:3].mean()),
        coherence_w_per_m_k=float(coherence[:3].mean()),
        max_share=_largest_share(solution),
        mesh=(along_x, along_y, along_z),
    )
    return SolvedCrystal(harmonic, cubic, phonons, solution, conductivity, low, high)


def solve_modes(
    harmonic: HarmonicConstants,
    cubic: CubicConstants,
    settings: PhononSettings,
    *,
    charges: Mapping[str, Any] | None = None,
) -> Phono3py:
    """Return the phonons of the whole mesh, and how force constants of third order let them interact.

    Args:
        harmonic: Force constants of second order.
        cubic: Of third order, of the same crystal.
        settings: Mesh, and how interactions are averaged.
        charges: As ``solve`` takes them.
    """
    phonons = build_phonons(harmonic.cell, settings, harmonic_repeats=harmonic.repeats, cubic_repeats=cubic.repeats)
    phonons.fc2, phonons.fc3 = harmonic.values, cubic.values
    # Triplets beyond a cutoff, which phono3py would sum over as well.
    phonons.fc3_nonzero_indices = cubic.values.any(axis=(-3, -2, -1)).astype(np.int8)
    if charges is not None:
        phonons.nac_params = dict(charges)
    phonons.init_phph_interaction(symmetrize_fc3q=False)
    phonons.run_phonon_solver()
    return phonons


def _find_mass_variances(phonons: Phono3py) -> Floats:
    """Return the relative variance of each atom's mass over natural isotopes, [n_atom of the primitive cell].

    Elements without any, which decay, are taken as one isotope: phono3py's table has nothing for them.
    """
    known = get_atomic_data().isotope_data
    decaying = {symbol: [(0, 1.0, 1.0)] for symbol in phonons.primitive.symbols if not known[symbol]}
    return np.asarray(get_mass_variances(phonons.primitive, isotope_data=decaying), np.float64)


def find_frequency_range(phonons: Phono3py) -> tuple[float, float]:
    """Return the lowest and highest frequency on the mesh, THz; the lowest is negative if it is imaginary."""
    frequencies = np.asarray(phonons.get_phonon_data()[0])
    return float(frequencies.min()), float(frequencies.max())


def find_lowest_mode(harmonic: HarmonicConstants, settings: PhononSettings) -> tuple[float, tuple[float, ...]]:
    """Return the lowest frequency, THz, negative if imaginary, and its wave vector in reciprocal lattice vectors.

    The mesh has even numbers of wave vectors from the zone centre on, so that it holds the zone's boundaries, where
    crystals become unstable first.
    """
    phonons = to_phonopy(harmonic, settings)
    primitive = np.array(phonons.primitive.cell)
    length = settings.mesh if isinstance(settings.mesh, float) else max(settings.mesh) * _shortest(primitive)
    numbers = [2 * max(1, round(length / (2.0 * each))) for each in np.linalg.norm(primitive, axis=1)]
    phonons.run_mesh(numbers, is_gamma_center=True)
    lowest = phonons.mesh.frequencies.min(axis=1)
    place = int(np.argmin(lowest))
    return float(lowest[place]), tuple(float(x) for x in phonons.mesh.qpoints[place])


def to_phonopy(harmonic: HarmonicConstants, settings: PhononSettings) -> Phonopy:
    """Return phonopy's object with the force constants of second order."""
    with expect_primitive_cell():
        phonons = Phonopy(
            to_phonopy_cell(harmonic.cell), np.diag(harmonic.repeats), "P" if settings.cell == "primitive" else "auto"
        )
    phonons.force_constants = harmonic.values
    return phonons


def _harmonic_phonons(harmonic: HarmonicConstants, settings: PhononSettings) -> Phono3py:
    phonons = build_phonons(
        harmonic.cell,
        settings,
        harmonic_repeats=harmonic.repeats,
        cubic_repeats=choose_cubic_repeats(harmonic.cell, settings),
    )
    phonons.fc2 = harmonic.values
    phonons.init_phph_interaction(symmetrize_fc3q=False)
    phonons.run_phonon_solver()
    return phonons


def _shortest(lattice: Floats) -> float:
    return float(np.linalg.norm(lattice, axis=1).min())


def _largest_share(solution: Any) -> float:
    """Return the largest share of the particle-like conductivity that one wave vector carries, with its equivalents."""
    capacity = np.asarray(solution.mode_heat_capacities)[0]
    squared = np.sum(np.asarray(solution.group_velocities) ** 2, axis=-1)
    width = np.asarray(solution.gamma)[0, 0]
    if solution.gamma_isotope is not None:
        width = width + np.asarray(solution.gamma_isotope)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        of_mode = np.where(width > 0.0, capacity * squared / width, 0.0)
    of_wave_vector = of_mode.sum(axis=1) * np.asarray(solution.grid_weights)
    return float(of_wave_vector.max() / of_wave_vector.sum())
