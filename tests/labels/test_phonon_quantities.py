"""What phonons give beside the conductivity, for a crystal whose values are known from its forces."""

from dataclasses import replace

import numpy as np
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from scipy.constants import k as boltzmann

from paraisite.labels.conductivity import SolvedCrystal, compute_lattice_conductivity
from paraisite.labels.force_constants import compute_harmonic_constants
from paraisite.labels.mechanics import compute_elastic_tensor
from paraisite.labels.phonon_quantities import PhononQuantities, compute_phonon_quantities
from paraisite.labels.phonon_settings import PhononSettings

SETTINGS = PhononSettings(
    cell="primitive",
    harmonic_supercell=(4, 4, 4),
    cubic_supercell=(3, 3, 3),
    cubic_scheme="random",
    cubic_opposites="always",
    mesh=(5, 5, 5),
)


def nickel(a_angstrom: float = 3.488) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])


@pytest.fixture(scope="module")
def solved() -> SolvedCrystal:
    return compute_lattice_conductivity(nickel(), EMT(), SETTINGS)


@pytest.fixture(scope="module")
def quantities(solved: SolvedCrystal) -> PhononQuantities:
    return compute_phonon_quantities(solved, SETTINGS)


def test_heat_capacity_is_near_that_of_classical_atoms(quantities: PhononQuantities, solved: SolvedCrystal):
    classical = 3 * boltzmann / (solved.harmonic.cell.volume * 1e-24)  # J/(cm³ K), one atom
    assert 0.85 * classical < quantities.heat_capacity_j_per_cubic_cm_k < classical


def test_sound_is_that_of_the_elastic_tensor(quantities: PhononQuantities, solved: SolvedCrystal):
    cell = solved.harmonic.cell
    tensor = compute_elastic_tensor(cell, EMT())
    density = float(cell.density)  # g/cm³
    longitudinal = np.sqrt((tensor.k_vrh + 4.0 / 3.0 * tensor.g_vrh) / density)
    transverse = np.sqrt(tensor.g_vrh / density)
    assert quantities.longitudinal_sound_km_per_s == pytest.approx(longitudinal, rel=0.08)
    assert quantities.transverse_sound_km_per_s == pytest.approx(transverse, rel=0.08)
    assert 1.0 < quantities.velocity_km_per_s < quantities.longitudinal_sound_km_per_s


def test_gruneisen_parameter_is_the_frequencies_response_to_volume(quantities: PhononQuantities):
    logarithms = []
    for a in (3.478, 3.498):
        harmonic = compute_harmonic_constants(
            Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Ni"], [[0, 0, 0]]).get_primitive_structure(),
            EMT(),
            replace(SETTINGS, relaxes=False),
        )
        logarithms.append(np.log(np.abs(harmonic.values[0, 0, 0, 0])) / 2.0)  # frequency goes as its root
    response = -(logarithms[1] - logarithms[0]) / (3.0 * np.log(3.498 / 3.478))
    assert quantities.gruneisen == pytest.approx(response, rel=0.15)
    assert quantities.gruneisen_rms >= quantities.gruneisen


def test_moments_are_in_order(quantities: PhononQuantities, solved: SolvedCrystal):
    assert quantities.geometric_frequency_thz < quantities.mean_frequency_thz < quantities.rms_frequency_thz
    assert quantities.rms_frequency_thz < solved.max_frequency_thz


def test_second_moment_is_the_mean_force_constant(quantities: PhononQuantities, solved: SolvedCrystal):
    """The sum of squared frequencies is the trace of the dynamical matrix, whatever the mesh."""
    on_site = np.trace(solved.harmonic.values[0, 0]) / 3.0  # eV/Å²
    mass = solved.phonons.primitive.masses[0]
    expected = np.sqrt(on_site / mass) * 15.633302  # sqrt(eV/Å²/u) in THz
    assert quantities.rms_frequency_thz == pytest.approx(expected, rel=0.01)


def test_phase_space_is_that_of_counting_pairs(quantities: PhononQuantities, solved: SolvedCrystal):
    """Of all pairs of branches and wave vectors, 3 x 3 per mode, the share that conserves energy, over a frequency."""
    assert 0.1 < quantities.phase_space_per_thz * solved.max_frequency_thz < 3 * 3
