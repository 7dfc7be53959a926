"""Descriptors of any crystal: the same for every cell that describes it, and right where they can be counted."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.operations import SymmOp
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import StructureError
from paraisite.features.crystal_descriptors import (
    CRYSTAL_DESCRIPTORS,
    FAMILIES,
    FAMILY_OF_DESCRIPTOR,
    compute_crystal_descriptors,
)
from paraisite.features.element_properties import covalent_radii_angstrom, tabulate_elements
from paraisite.features.environments import compute_stiffness
from paraisite.features.neighbour_shells import find_pairs, find_shells
from tests.graphs.crystals import diamond, perovskite, rocksalt, simple_cubic, symmetric_crystals, wurtzite

NAMES = [descriptor.name for descriptor in CRYSTAL_DESCRIPTORS]


def describe(*structures: Structure) -> np.ndarray:
    return compute_crystal_descriptors(CrystalArrays.from_structures(structures))


def value(structure: Structure, name: str) -> float:
    return float(describe(structure)[0, NAMES.index(name)])


def test_each_has_a_name_of_its_own_and_a_family():
    assert len(set(NAMES)) == len(NAMES) == len(FAMILY_OF_DESCRIPTOR)
    assert sorted(set(FAMILY_OF_DESCRIPTOR.tolist())) == list(range(len(FAMILIES)))
    assert all(descriptor.meaning.endswith(".") for descriptor in CRYSTAL_DESCRIPTORS)


@settings(max_examples=15, deadline=None)
@given(symmetric_crystals(), st.integers(0, 2**31))
def test_they_are_those_of_the_crystal_not_of_its_cell(structure: Structure, seed: int):
    rng = np.random.default_rng(seed)
    other = structure.make_supercell([[1, 1, 0], [0, 1, 0], [0, 0, 2]], in_place=False)
    other.apply_operation(SymmOp.from_axis_angle_and_translation(rng.normal(size=3), rng.uniform(0, 360)))
    other.translate_sites(list(range(len(other))), rng.uniform(size=3))
    shuffled = Structure.from_sites([other[place] for place in rng.permutation(len(other))])
    found, expected = describe(shuffled)[0], describe(structure)[0]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_a_crystal_is_described_alike_alone_and_among_others():
    several = [rocksalt(), perovskite(), diamond(), wurtzite()]
    np.testing.assert_allclose(describe(*several), np.vstack([describe(each) for each in several]), atol=1e-12)
    assert describe().shape == (0, len(CRYSTAL_DESCRIPTORS))


def test_values_are_those_that_the_default_model_was_fitted_on():
    """Computed with every pair of bonds and of atoms spelt out, by the version that the model was first fitted with."""
    expected = json.loads((Path(__file__).parent / "crystal_descriptors.json").read_text())
    rutile = Structure.from_spacegroup(136, Lattice.tetragonal(4.6, 2.95), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]])
    cell = Lattice.from_parameters(5.1, 6.3, 7.7, 81, 97, 104)
    places = [[0.02, 0.11, 0.97], [0.48, 0.52, 0.31], [0.22, 0.75, 0.6], [0.81, 0.33, 0.58], [0.55, 0.05, 0.2]]
    found = describe(rutile, Structure(cell, ["Cs", "Ag", "S", "S", "Bi"], places))
    for values, of_crystal in zip(found, expected.values(), strict=True):
        assert list(of_crystal) == NAMES
        # An order that is zero by symmetry is the root of what rounding leaves.
        np.testing.assert_allclose(values, list(of_crystal.values()), rtol=1e-9, atol=3e-7)


def test_rock_salt_has_what_can_be_counted():
    a, salt = 5.69, rocksalt(5.69)
    radii, mass = covalent_radii_angstrom(), 10.0 ** tabulate_elements()["log10_mass"]
    reduced = a / 2 / (radii[11] + radii[17])
    assert value(salt, "log10_volume_per_atom") == pytest.approx(np.log10(a**3 / 8))
    assert value(salt, "log10_atoms_in_primitive_cell") == pytest.approx(np.log10(2))
    assert value(salt, "log10_reduced_nearest_mean") == pytest.approx(np.log10(reduced))
    assert value(salt, "log10_mean_mass") == pytest.approx(np.log10((mass[11] + mass[17]) / 2))
    assert value(salt, "share_alkali") == value(salt, "share_group_17") == value(salt, "share_anions") == 0.5
    assert value(salt, "log10_mass_of_cations") == pytest.approx(np.log10(mass[11]))
    # All sites are octahedral: no dipole, no quadrupole, and no asymmetry of degree three.
    for degree in (1, 2, 3):
        assert value(salt, f"order_{degree}_mean") == pytest.approx(0.0, abs=1e-3)
    # A spring in every direction, in both directions alike.
    assert value(salt, "log10_softest_over_stiffest_exponential_mean") == pytest.approx(0.0, abs=1e-6)


def test_tetrahedra_differ_from_octahedra_as_they_should():
    # cos 109.47° is -1/3 for all pairs of bonds in a tetrahedron.
    assert value(diamond(), "angles_2_mean") > 0.95
    assert value(rocksalt(), "angles_2_mean") < 0.1
    assert value(diamond(), "order_3_mean") == pytest.approx(0.745, abs=0.01)  # Steinhardt's Q3 of a tetrahedron
    lead_telluride = rocksalt(6.46, ("Pb", "Te"))  # radii are alike, so that only the six nearest are in the shell
    assert value(lead_telluride, "order_4_mean") == pytest.approx(0.764, abs=0.01)  # Q4 of an octahedron
    assert value(lead_telluride, "log10_coordination_narrow_mean") == pytest.approx(np.log10(6), abs=1e-3)


def test_stretching_softens_every_spring():
    soft, hard = describe(rocksalt(6.0))[0], describe(rocksalt(5.4))[0]
    for name in ("log10_spring_modulus_power", "log10_spring_velocity_exponential", "log10_packing_covalent"):
        assert soft[NAMES.index(name)] < hard[NAMES.index(name)]


def test_the_softest_direction_is_that_of_lapack():
    shaken = [each.copy().perturb(0.1) for each in (wurtzite(), perovskite())]
    crystals = CrystalArrays.from_structures([rocksalt(), wurtzite(), *shaken])
    shells = find_shells(crystals, find_pairs(crystals)[0])
    first = crystals.atom_offset[:-1]
    for law, stiffness in compute_stiffness(crystals, shells).items():
        tensors = np.einsum("an,ian,jan->aij", stiffness, shells.direction, shells.direction)
        softest, _, stiffest = np.linalg.eigvalsh(tensors).T
        found = compute_crystal_descriptors(crystals)[:, NAMES.index(f"log10_softest_over_stiffest_{law}_lowest")]
        np.testing.assert_allclose(found, np.minimum.reduceat(np.log10(softest / stiffest), first), atol=1e-7)


@pytest.mark.parametrize(("number", "centre"), list(enumerate([-1.0, -1.0 / 2.0, -1.0 / 3.0, 0.0, 1.0 / 2.0])))
def test_all_angles_of_diamond_are_the_tetrahedrons(number: int, centre: float):
    share = np.exp(-(((-1.0 / 3.0 - centre) / 0.15) ** 2))
    assert value(diamond(), f"angles_{number}_mean") == pytest.approx(share, abs=1e-6)


def cage(centre: str, shell: str, edge: float) -> Structure:
    """CaB6: each atom of the centre has 24 neighbours that are equally far."""
    coords = [[0, 0, 0], [0.202, 0.5, 0.5]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(edge), [centre, shell], coords)


def test_an_atom_with_24_neighbours_equally_far_has_all_of_them():
    """The last one's weight is zero, and so were all."""
    hexaboride = cage("Ca", "B", 4.145)
    assert np.isfinite(describe(hexaboride)).all()
    assert value(hexaboride, "log10_coordination_medium_highest") > np.log10(16.0)
    sodium = Structure.from_spacegroup(
        "Fm-3c", Lattice.cubic(12.28), ["Na", "Zn", "Zn"], [[0.25] * 3, [0, 0, 0], [0, 0.1806, 0.1192]]
    )
    several = [rocksalt(), hexaboride, diamond(), sodium, wurtzite()]
    np.testing.assert_allclose(describe(*several), np.vstack([describe(each) for each in several]), atol=1e-12)


def test_such_an_atom_can_be_moved_without_a_jump():
    """A tenth of the way makes a tenth of the change, or nearly."""

    def largest_change(n_step: int) -> float:
        found = []
        for way in np.linspace(0.02, 0.04, n_step + 1):
            moved = cage("Ca", "B", 4.145)
            moved.translate_sites([0], [way, 0.0, 0.0], frac_coords=False)
            found.append(value(moved, "log10_coordination_medium_highest"))
        return float(np.abs(np.diff(found)).max())

    assert largest_change(200) < 0.2 * largest_change(20)


def test_distant_neighbours_are_found_and_lone_atoms_refused():
    caesium = describe(simple_cubic(9.0, "Cs"))
    assert np.isfinite(caesium).all()
    lone = Structure(Lattice.cubic(80.0), ["Ar"], [[0, 0, 0]])
    with pytest.raises(StructureError, match="fewer than 24 others within 60 Å"):
        describe(lone)
    with pytest.raises(StructureError, match="a site holds several elements or none"):
        describe(simple_cubic(3.0, {"Cu": 0.5, "Au": 0.5}))


def test_properties_of_elements_are_known_or_stand_for_the_unknown():
    table = tabulate_elements()
    for name, values in table.items():
        assert np.isnan(values[0]) or values[0] == 0 or np.isfinite(values[0]), name
        assert np.isfinite(values[1:]).all(), name
    assert table["electronegativity"][9] == pytest.approx(3.98)
    assert (table["s_electrons"][11], table["p_electrons"][17], table["d_electrons"][26]) == (1.0, 5.0, 6.0)
    assert covalent_radii_angstrom()[6] == pytest.approx(0.75, abs=0.03)
