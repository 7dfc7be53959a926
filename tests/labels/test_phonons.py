"""Phonons as descriptors, with the effective-medium potential that ASE brings."""

import numpy as np
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure
from scipy.constants import k as boltzmann

from paraisite.errors import StructureError
from paraisite.labels import conductivity, force_constants, phonons
from paraisite.labels.conductivity import compute_lattice_conductivity
from paraisite.labels.force_constants import Effort
from paraisite.labels.mechanics import relax

FEW = Effort(min_angstrom=6.5, min_atoms=16, snapshots_per_minimum=4.0)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conductivity, "MESH", 5)
    monkeypatch.setattr(force_constants, "LABELS", FEW)
    monkeypatch.setattr(phonons, "EFFORT", FEW)


def nickel(a_angstrom: float = 3.488) -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(a_angstrom), ["Ni"], [[0, 0, 0]])
    return crystal.get_primitive_structure()


def test_at_rest_the_conductivity_is_that_of_the_labels() -> None:
    relaxed, _ = relax(nickel(), EMT())
    label = compute_lattice_conductivity(relaxed, EMT())
    found = phonons.compute_phonon_descriptors(relaxed, EMT())
    # The cells are turned against each other, so that the random displacements are others: 4 % on one processor, 7 % on
    # another, whose last digits settle the relaxed cell differently.
    assert found.kappa_potential_w_per_m_k == pytest.approx(label.kappa_w_per_m_k, rel=0.15)
    assert found.max_frequency_thz == pytest.approx(label.max_frequency_thz, rel=1e-4)
    assert found.n_force_call == label.n_force_call


def test_heat_capacity_is_near_that_of_classical_atoms_and_velocity_near_that_of_sound() -> None:
    crystal = nickel()
    found = phonons.compute_phonon_descriptors(crystal, EMT())
    classical = 3 * boltzmann / (crystal.volume * 1e-24)  # J/(cm³ K), one atom
    assert 0.85 * classical < found.heat_capacity_j_per_cubic_cm_k < classical
    assert 1.0 < found.velocity_km_per_s < 6.0  # sound in nickel: 3 km/s transverse, 5.6 longitudinal; optics none


def test_the_cell_that_is_given_counts() -> None:
    given, larger = (phonons.compute_phonon_descriptors(nickel(a), EMT()) for a in (3.45, 3.55))
    assert larger.max_frequency_thz < 0.9 * given.max_frequency_thz


def test_an_unstable_crystal_is_described_and_its_lowest_frequency_says_so() -> None:
    found = phonons.compute_phonon_descriptors(nickel(4.0), EMT())
    assert found.min_frequency_thz < -0.1
    assert found.kappa_potential_w_per_m_k > 0


def test_a_crystal_without_a_single_stable_phonon_is_refused() -> None:
    with pytest.raises(StructureError, match="expected a positive number"):
        phonons.compute_phonon_descriptors(nickel(4.3), EMT())


def test_a_hexagonal_crystal_is_repeated_alike_in_its_plane() -> None:
    crystal = Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(2.55, 4.16), ["Cu"], [[1 / 3, 2 / 3, 0.25]])
    repeats = np.diag(force_constants.repeat_cell(crystal, Effort(7.5, 40, 4.0)))
    assert repeats.tolist() == [4, 4, 2]
    assert conductivity.choose_mesh(crystal) == [5, 5, 3]


def test_a_large_cell_is_refused_before_hours_are_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonons, "MAX_SUPERCELL_ATOMS", 20)
    with pytest.raises(StructureError, match="a supercell of 27 atoms, expected at most 20"):
        phonons.compute_phonon_descriptors(nickel(), EMT())


def test_small_efforts_make_as_many_displacements_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phonons, "EFFORT", Effort(6.5, 16, 4.0, min_snapshots=30))
    found = phonons.compute_phonon_descriptors(nickel(), EMT())
    assert 30 < found.n_force_call < 40


def test_too_few_displacements_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen pairs leave a wurtzite's cubic constants undetermined: its conductivity came out at 1e10 W/m/K."""
    monkeypatch.setattr(phonons, "EFFORT", Effort(5.0, 32, 1.0, min_snapshots=8, opposite_too=True))
    places = [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.376]]
    wurtzite = Structure.from_spacegroup("P6_3mc", Lattice.hexagonal(3.6, 5.9), ["Cu", "Au"], places)
    with pytest.raises(StructureError, match="32 displacements do not determine the force constants"):
        phonons.compute_phonon_descriptors(wurtzite, EMT())


def test_opposite_displacements_keep_higher_orders_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def kappa(effort: Effort, displacement_angstrom: float) -> float:
        monkeypatch.setattr(force_constants, "ANHARMONIC_DISPLACEMENT_ANGSTROM", displacement_angstrom)
        monkeypatch.setattr(phonons, "EFFORT", effort)
        return phonons.compute_phonon_descriptors(nickel(), EMT()).kappa_potential_w_per_m_k

    single = Effort(6.5, 16, 1.0, min_snapshots=16)
    pairs = Effort(6.5, 16, 1.0, min_snapshots=8, opposite_too=True)
    exact = kappa(Effort(6.5, 16, 4.0, min_snapshots=20, opposite_too=True), 0.01)
    of_single, of_pairs = (abs(np.log(kappa(effort, 0.1) / exact)) for effort in (single, pairs))
    assert of_pairs < 0.06
    assert of_single > 2 * of_pairs
