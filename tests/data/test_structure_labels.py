"""Structure types: the same for the same positions, whatever the elements are called."""

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.crystal_kinds import LABEL_OF_TYPE
from paraisite.data.structure_labels import label_structure_type, order_label
from paraisite.data.structure_type_names import _NAMES
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


def cubic(group: str, species: list[str], coords: list[list[float]]) -> Structure:
    return Structure.from_spacegroup(group, Lattice.cubic(8.0), species, coords)


@pytest.mark.parametrize(
    ("group", "coords", "first", "second"),
    [
        ("Fd-3m", [[0.0] * 3, [0.625] * 3], ["Mg", "Cu"], ["Ce", "Co"]),  # Laves phases
        ("Pm-3m", [[0.0] * 3, [0.5, 0.0, 0.0]], ["Re", "O"], ["Al", "F"]),
        ("Fd-3m", [[0.0] * 3, [0.625] * 3, [0.386] * 3], ["Zn", "Sc", "S"], ["Cd", "Sc", "Se"]),  # spinels
    ],
)
def test_the_order_of_symbols_does_not_choose_the_origin(
    group: str, coords: list[list[float]], first: list[str], second: list[str]
) -> None:
    """Labels that differ in the origin alone were two types, and one of them trained where the other was tested."""
    labels = {label_structure_type(cubic(group, species, coords)) for species in (first, second)}
    assert len(labels) == 1
    moved = [(np.asarray(place) + 0.5).tolist() for place in coords]
    assert {label_structure_type(cubic(group, first, moved))} == labels


def test_a_label_is_ordered_once_for_all() -> None:
    for label in (*_NAMES, *LABEL_OF_TYPE.values()):
        assert order_label(label) == label
    for before in ("AB2_cF24_227_b_c", "AB3_cP4_221_b_c", "AB2C4_cF56_227_b_c_e"):
        assert order_label(order_label(before)) == order_label(before) != before


def test_elements_are_ordered_by_number_then_by_letters() -> None:
    assert order_label("A12BC4_cI34_204_g_a_c") == "AB4C12_cI34_204_a_c_g"
    assert order_label("A_cF4_225_a") == "A_cF4_225_a"
    assert order_label("AB2C_hR12_166_a_c_b") == order_label("ABC2_hR12_166_b_a_c") == "ABC2_hR12_166_a_b_c"
