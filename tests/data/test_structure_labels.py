"""Structure types: the same for the same positions, whatever the elements are called."""

import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.structure_labels import label_structure_type, order_label
from paraisite.data.structure_types import half_heusler, rocksalt, wurtzite, zincblende


@pytest.mark.parametrize(
    ("structure", "label"),
    [
        (rocksalt("Na", "Cl", a_angstrom=5.6), "AB_cF8_225_a_b"),
        (rocksalt("Br", "Cs", a_angstrom=7.0), "AB_cF8_225_a_b"),
        (zincblende("Ga", "As", a_angstrom=5.6), "AB_cF8_216_a_c"),
        (wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377), "AB_hP4_186_b_b"),
        (half_heusler("Sn", "Ti", "Pt", a_angstrom=6.2), "ABC_cF12_216_a_b_c"),
        (half_heusler("Li", "As", "Cd", a_angstrom=6.2), "ABC_cF12_216_a_b_c"),
    ],
)
def test_known_types_have_the_labels_of_aflow(structure: Structure, label: str) -> None:
    assert label_structure_type(structure) == label
    assert label_structure_type(structure.make_supercell([2, 1, 1], in_place=False)) == label


def double_perovskite(a: str, b: str, c: str, x: str) -> Structure:
    species = [a, b, c, x]
    coords = [[0.25] * 3, [0.0] * 3, [0.5] * 3, [0.24, 0.0, 0.0]]
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(8.5), species, coords)


def test_the_order_of_symbols_plays_no_part() -> None:
    first, second = double_perovskite("Cs", "Na", "Al", "H"), double_perovskite("K", "Na", "Al", "F")
    assert label_structure_type(first) == label_structure_type(second) == "ABC2D6_cF40_225_a_b_c_e"


def test_elements_are_ordered_by_number_then_by_letters() -> None:
    assert order_label("A12BC4_cI34_204_g_a_c") == "AB4C12_cI34_204_a_c_g"
    assert order_label("A_cF4_225_a") == "A_cF4_225_a"
    assert order_label("AB2C_hR12_166_a_c_b") == order_label("ABC2_hR12_166_b_a_c") == "ABC2_hR12_166_a_b_c"
