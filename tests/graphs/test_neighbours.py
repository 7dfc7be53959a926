"""Bonds against a brute-force search, and megnet's conventions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.neighbours import Bonds, find_bonds
from tests.graphs.crystals import CUTOFF, diamond, perovskite, random_crystals, rocksalt, simple_cubic, wurtzite


def bonds_of(*structures: Structure) -> Bonds:
    return find_bonds(CrystalArrays.from_structures(structures), cutoff_angstrom=CUTOFF)


def brute_force(structure: Structure) -> list[tuple[int, int, float]]:
    """Return every (centre, neighbour, distance) among 11³ images."""
    images = np.array(list(itertools.product(range(-5, 6), repeat=3)))
    found = []
    for i, j in itertools.product(range(len(structure)), repeat=2):
        offset = structure.frac_coords[j] - structure.frac_coords[i] + images
        distance = np.linalg.norm(offset @ structure.lattice.matrix, axis=1)
        found += [(i, j, d) for d in distance if 1e-8 < d <= CUTOFF + 1e-9]
    return sorted(found)


@given(random_crystals())
@settings(max_examples=40, deadline=None)
def test_bonds_are_those_of_a_brute_force_search(structure: Structure):
    found = bonds_of(structure)
    triples = sorted(zip(found.centre, found.neighbour, found.distance_angstrom, strict=True))
    expected = brute_force(structure)
    assert [t[:2] for t in triples] == [t[:2] for t in expected]
    np.testing.assert_allclose([t[2] for t in triples], [t[2] for t in expected], atol=1e-9)


def test_bonds_of_many_crystals_follow_each_other_sorted_by_centre():
    structures = [rocksalt(), perovskite(), diamond(), wurtzite()]
    together = bonds_of(*structures)
    assert np.all(np.diff(together.centre) >= 0)
    first_atom = np.cumsum([0, 2, 5, 2])
    alone = [bonds_of(structure) for structure in structures]
    np.testing.assert_array_equal(
        together.neighbour,
        np.concatenate([bonds.neighbour + first for bonds, first in zip(alone, first_atom, strict=True)]),
    )


@pytest.mark.parametrize(("a", "n_bond"), [(4.0, 6), (4.0 - 1e-6, 6), (4.0 + 1e-6, 0)])
def test_an_atom_bonds_to_its_images_up_to_the_cutoff_included(a: float, n_bond: int):
    """As in megnet: the cutoff itself is inside, and an atom is no neighbour of itself."""
    assert len(bonds_of(simple_cubic(a)).centre) == n_bond


def test_coordinates_far_outside_the_cell_change_nothing():
    """Stops a crash: unwrapped, the compiled search allocates the whole box between such atoms."""
    moved = Structure(rocksalt().lattice, ["Na", "Cl"], [[0, 0, 0], [1e6 + 0.5, 0.5, -1e6 + 0.5]], to_unit_cell=False)
    found, expected = bonds_of(moved), bonds_of(rocksalt())
    np.testing.assert_allclose(np.sort(found.distance_angstrom), np.sort(expected.distance_angstrom), atol=1e-8)


def test_bonds_of_some_crystals_are_those_of_these_crystals_alone():
    crystals = CrystalArrays.from_structures([rocksalt(), perovskite(), diamond(), wurtzite()])
    rows = np.array([1, 3])
    found = find_bonds(crystals, cutoff_angstrom=CUTOFF).take_crystals(crystals, rows)
    expected = find_bonds(crystals.take(rows), cutoff_angstrom=CUTOFF)
    np.testing.assert_array_equal(found.centre, expected.centre)
    np.testing.assert_array_equal(found.neighbour, expected.neighbour)
    np.testing.assert_array_equal(found.distance_angstrom, expected.distance_angstrom)


def test_arrays_hold_what_the_structures_hold():
    structures = [perovskite(), wurtzite()]
    crystals = CrystalArrays.from_structures(structures)
    assert crystals.atomic_number.tolist() == [z for s in structures for z in s.atomic_numbers]
    np.testing.assert_array_equal(crystals.frac_coords, np.concatenate([s.frac_coords for s in structures]))
    np.testing.assert_allclose(
        crystals.cart_coords_angstrom, np.concatenate([s.cart_coords for s in structures]), atol=1e-12
    )


def test_no_crystals_have_no_bonds():
    assert len(bonds_of().centre) == 0
