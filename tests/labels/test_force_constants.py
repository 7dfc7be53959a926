"""Force constants, with the effective-medium potential that ASE brings."""

from dataclasses import replace

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.emt import EMT
from phono3py import Phono3py
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError
from paraisite.labels import force_constants, phonon_settings
from paraisite.labels.force_constants import (
    compute_cubic_constants,
    compute_harmonic_constants,
    standardize,
)
from paraisite.labels.mechanics import relax
from paraisite.labels.phonon_settings import PhononSettings, SupercellSize
from paraisite.labels.supercell_forces import to_phonopy_cell

SMALL = PhononSettings(
    cell="primitive",
    harmonic_supercell=(3, 3, 3),
    cubic_supercell=(3, 3, 3),
    cubic_scheme="random",
    cubic_opposites="always",
    mesh=(5, 5, 5),
)


@pytest.fixture(scope="module")
def nickel() -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.5), ["Ni"], [[0, 0, 0]])
    return relax(standardize(crystal, SMALL), EMT(), force_tolerance_ev_per_angstrom=1e-4)[0]


def test_fitted_constants_are_those_of_systematic_displacements(nickel: Structure):
    fitted = compute_cubic_constants(nickel, EMT(), SMALL)
    systematic = compute_cubic_constants(nickel, EMT(), replace(SMALL, cubic_scheme="systematic"))
    assert fitted.values.shape == systematic.values.shape == (1, 27, 27, 3, 3, 3)
    assert np.abs(fitted.values - systematic.values).max() < 0.03 * np.abs(systematic.values).max()
    assert fitted.unexplained is not None
    assert fitted.unexplained < 0.05
    assert fitted.n_free is not None
    assert fitted.n_force_call < systematic.n_force_call
    assert systematic.unexplained is None


def test_fourth_order_leaks_into_third_without_opposite_displacements(nickel: Structure):
    """The former settings lost a third of a conductivity by it."""
    few = replace(SMALL, cubic_displacement_angstrom=0.1, equations_per_constant=2.5)
    expected = compute_cubic_constants(nickel, EMT(), replace(SMALL, cubic_scheme="systematic")).values
    with_opposites, without = (
        np.abs(compute_cubic_constants(nickel, EMT(), each).values - expected).max()
        for each in (few, replace(few, cubic_opposites="never"))
    )
    assert without > 1.5 * with_opposites


def test_too_few_displacements_are_noticed():
    """The fit gives zeros without a word where its equations are too few."""
    hexagonal = Structure.from_spacegroup("P6_3/mmc", Lattice.hexagonal(2.5, 4.1), ["Ni"], [[1 / 3, 2 / 3, 0.25]])
    few = replace(SMALL, cubic_supercell=(3, 3, 2), equations_per_constant=0.5)
    with pytest.raises(StructureError, match=r"\d+ displacements do not determine \d+ force constants of third order"):
        compute_cubic_constants(hexagonal, EMT(), few)


def test_harmonic_constants_give_the_frequencies_of_finite_displacements(nickel: Structure):
    harmonic = compute_harmonic_constants(nickel, EMT(), SMALL)
    cell = to_phonopy_cell(nickel)
    phonons = Phono3py(cell, np.eye(3, dtype=int), "P", phonon_supercell_matrix=3 * np.eye(3, dtype=int))
    phonons.generate_fc2_displacements(distance=0.03, is_plusminus=True)
    moved = phonons.phonon_supercells_with_displacements
    atoms = [Atoms(each.symbols, positions=each.positions, cell=each.cell, pbc=True) for each in moved]
    for each in atoms:
        each.calc = EMT()
    phonons.phonon_forces = np.array([each.get_forces() for each in atoms])
    phonons.produce_fc2()
    phonons.symmetrize_fc2()
    assert harmonic.values.shape == (1, 27, 3, 3)
    assert np.allclose(harmonic.values, phonons.fc2[:1], atol=2e-3)
    assert harmonic.n_force_call == 1, "symmetry gives the opposite displacement"


def test_pairs_beyond_the_cutoff_are_not_displaced(nickel: Structure):
    systematic = replace(SMALL, cubic_scheme="systematic")
    whole = compute_cubic_constants(nickel, EMT(), systematic)
    cut = compute_cubic_constants(nickel, EMT(), replace(systematic, cubic_cutoff_angstrom=3.0))
    assert cut.n_force_call < whole.n_force_call
    assert np.abs(cut.values).max() == pytest.approx(np.abs(whole.values).max(), rel=0.05), "of nearest neighbours"


def test_crystals_with_very_many_constants_get_a_cutoff(nickel: Structure, monkeypatch: pytest.MonkeyPatch):
    whole = compute_cubic_constants(nickel, EMT(), SMALL)
    monkeypatch.setattr(force_constants, "MAX_FREE_CONSTANTS", 10)
    monkeypatch.setattr(phonon_settings, "_CUTOFF_ANGSTROM", 3.0)
    cut = compute_cubic_constants(nickel, EMT(), SMALL)
    assert whole.n_free is not None
    assert cut.n_free is not None
    assert cut.n_free < whole.n_free


def test_residual_forces_are_one_more_call(nickel: Structure):
    plain, subtracted = (
        compute_harmonic_constants(nickel, EMT(), replace(SMALL, subtracts_residual=value)) for value in (False, True)
    )
    assert subtracted.n_force_call == plain.n_force_call + 1
    assert np.allclose(plain.values, subtracted.values, atol=1e-3)


@pytest.mark.parametrize(
    ("lattice", "n_atom", "expected"),
    [
        (Lattice.cubic(5.64), 8, (2, 2, 2)),
        (Lattice.cubic(4.1), 2, (3, 3, 3)),
        (Lattice.hexagonal(3.2, 5.2), 4, (4, 4, 2)),
        (Lattice.hexagonal(3.2, 15.0), 6, (4, 4, 1)),
        (Lattice.cubic(12.0), 40, (1, 1, 1)),
    ],
)
def test_supercells_have_room_alike_along_equal_axes(lattice: Lattice, n_atom: int, expected: tuple[int, int, int]):
    size = SupercellSize(min_angstrom=10.0, max_atoms=128)
    assert force_constants.choose_repeats(lattice, n_atom, size) == expected


def test_a_supercell_stops_growing_before_it_has_too_many_atoms():
    size = SupercellSize(min_angstrom=30.0, max_atoms=100)
    assert force_constants.choose_repeats(Lattice.cubic(5.0), 8, size) == (2, 2, 2)
