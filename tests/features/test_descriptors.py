"""Descriptors of crystals: known values, and nothing that depends on how a crystal is written down."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.structure_types import rocksalt, wurtzite, zincblende
from paraisite.errors import StructureError
from paraisite.features.descriptors import (
    IONIC_DESCRIPTORS,
    PHYSICAL_DESCRIPTORS,
    compute_composition_descriptors,
    compute_ionic_descriptors,
    compute_physical_descriptors,
)

SALT = rocksalt("Na", "Cl", a_angstrom=5.69)


def test_physical_descriptors_of_rocksalt_and_zincblende():
    table = compute_physical_descriptors([SALT, zincblende("Ga", "As", a_angstrom=5.65)])
    assert list(table) == [descriptor.name for descriptor in PHYSICAL_DESCRIPTORS]
    salt, arsenide = table.to_dict("records")
    assert 10 ** salt["log10_mean_mass"] == pytest.approx((22.98977 + 35.453) / 2, rel=1e-5)
    assert 10 ** salt["log10_lightest_mass"] == pytest.approx(22.98977, rel=1e-5)
    assert 10 ** salt["log10_heaviest_mass"] == pytest.approx(35.453, rel=1e-4)
    assert 10 ** salt["log10_volume_per_atom"] == pytest.approx(5.69**3 / 8)
    assert 10 ** salt["log10_nearest_distance"] == pytest.approx(5.69 / 2)
    assert 10 ** salt["log10_atoms_in_primitive_cell"] == pytest.approx(2)
    assert salt["electronegativity_range"] == pytest.approx(3.16 - 0.93)
    assert salt["mean_electronegativity"] == pytest.approx((3.16 + 0.93) / 2)
    assert (salt["neighbours"], arsenide["neighbours"]) == (6, 4)


def test_composition_descriptors_weigh_elements_by_their_share():
    fluorite = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.46), ["Ca", "F"], [[0, 0, 0], [0.25] * 3])
    (row,) = compute_composition_descriptors([fluorite]).to_dict("records")
    calcium, fluorine = 40.078, 18.998403
    mean = (calcium + 2 * fluorine) / 3
    assert row["atomic_mass_mean"] == pytest.approx(mean, rel=1e-5)
    assert (row["atomic_mass_lowest"], row["atomic_mass_highest"]) == pytest.approx((fluorine, calcium), rel=1e-5)
    variance = ((calcium - mean) ** 2 + 2 * (fluorine - mean) ** 2) / 3
    assert row["atomic_mass_deviation"] == pytest.approx(np.sqrt(variance), rel=1e-5)


def test_ions_are_told_by_their_electronegativity():
    salt, elemental = compute_ionic_descriptors([SALT, Structure(Lattice.cubic(3.35), ["Po"], [[0, 0, 0]])]).to_numpy()
    np.testing.assert_allclose(salt, [1, 3, 1.8, 17, 3, 1.0])
    np.testing.assert_array_equal(elemental[:3], elemental[3:])


def test_an_element_without_a_value_gets_one():
    crystals = [Structure(Lattice.cubic(4), [symbol], [[0, 0, 0]]) for symbol in ("Ar", "Pu", "Rn", "He")]
    for describe in (compute_composition_descriptors, compute_ionic_descriptors):
        assert np.isfinite(describe(crystals).to_numpy(np.float64)).all()


@pytest.mark.parametrize("other", ["supercell", "shifted", "reordered"])
def test_descriptors_do_not_depend_on_the_cell(other: str):
    crystal = wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377)
    if other == "supercell":
        written = crystal.make_supercell([2, 1, 2], in_place=False)
    elif other == "shifted":
        written = crystal.copy().translate_sites(range(len(crystal)), [0.3, 0.1, 0.7])
    else:
        written = Structure.from_sites(list(reversed(crystal.sites)))
    for describe in (compute_physical_descriptors, compute_composition_descriptors, compute_ionic_descriptors):
        np.testing.assert_allclose(describe([written]), describe([crystal]), rtol=1e-9)


@pytest.mark.parametrize("scaling", [1, [1, 2, 1], [[0, 1, 1], [1, 0, 1], [1, 1, 0]]])
@pytest.mark.parametrize("moved_angstrom", [0.0, 0.1, 0.5])
def test_atoms_of_the_primitive_cell_are_counted_as_pymatgen_counts_them(scaling: object, moved_angstrom: float):
    """A search that is spared must not be one that would have found something."""
    crystals = [SALT, wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377)]
    for crystal in crystals:
        written = crystal.make_supercell(scaling, in_place=False)
        written.translate_sites([0], [moved_angstrom, 0, 0], frac_coords=False)
        found = compute_physical_descriptors([written])["log10_atoms_in_primitive_cell"]
        assert 10 ** found[0] == pytest.approx(len(written.get_primitive_structure()))


def test_a_shell_beyond_the_first_search_is_found_among_crystals_that_need_none():
    """In sparse hydrogen, each atom has six others at 6 Å; its neighbours in the list need no such search."""
    sparse = Structure(Lattice.cubic(6.0), ["H"], [[0, 0, 0]])
    table = compute_physical_descriptors([SALT, sparse, SALT])
    np.testing.assert_allclose(10 ** table["log10_nearest_distance"], [5.69 / 2, 6.0, 5.69 / 2])
    assert table["neighbours"].tolist() == [6, 6, 6]


def test_a_site_of_several_elements_is_a_clear_error():
    alloy = Structure(Lattice.cubic(4), [{"Au": 0.5, "Cu": 0.5}], [[0, 0, 0]])
    for describe in (compute_physical_descriptors, compute_ionic_descriptors):
        with pytest.raises(StructureError, match="a site holds several elements"):
            describe([SALT, alloy])


def test_no_crystals_have_no_descriptors():
    assert compute_physical_descriptors([]).shape == (0, len(PHYSICAL_DESCRIPTORS))
    assert compute_ionic_descriptors([]).shape == (0, len(IONIC_DESCRIPTORS))


def test_a_lone_atom_is_a_clear_error():
    with pytest.raises(StructureError, match="Xe: an atom has no other within 16 Å"):
        compute_physical_descriptors([Structure(Lattice.cubic(20), ["Xe"], [[0, 0, 0]])])
