"""Names of structure types."""

import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.structure_labels import label_structure_type
from paraisite.data.structure_type_names import _NAMES, UNKNOWN_TYPE, describe_structure_type
from tests.graphs.crystals import rocksalt, wurtzite

CUBIC = {
    "fcc": ("Fm-3m", ["Cu"], [[0, 0, 0]]),
    "diamond": ("Fd-3m", ["Si"], [[0, 0, 0]]),
    "bcc": ("Im-3m", ["Fe"], [[0, 0, 0]]),
    "zincblende": ("F-43m", ["Ga", "As"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
    "CsCl": ("Pm-3m", ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
    "fluorite": ("Fm-3m", ["Ca", "F"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
    "pyrite": ("Pa-3", ["Fe", "S"], [[0, 0, 0], [0.385, 0.385, 0.385]]),
    "skutterudite": ("Im-3", ["Co", "Sb"], [[0.25, 0.25, 0.25], [0, 0.335, 0.16]]),
    "Cu3Au": ("Pm-3m", ["Au", "Cu"], [[0, 0, 0], [0.5, 0.5, 0]]),
    "half-Heusler": ("F-43m", ["Ti", "Sn", "Ni"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]),
    "Heusler": ("Fm-3m", ["Mn", "Al", "Cu"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]),
    "cubic perovskite": ("Pm-3m", ["Sr", "Ti", "O"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0]]),
    "double perovskite": ("Fm-3m", ["Cs", "Ag", "Bi", "Br"], [[0.25] * 3, [0, 0, 0], [0.5] * 3, [0.25, 0, 0]]),
    "K2PtCl6": ("Fm-3m", ["K", "Pt", "Cl"], [[0.25, 0.25, 0.25], [0, 0, 0], [0.24, 0, 0]]),
    "spinel": ("Fd-3m", ["Mg", "Al", "O"], [[0.125] * 3, [0.5, 0.5, 0.5], [0.26, 0.26, 0.26]]),
}


@pytest.mark.parametrize("name", CUBIC)
def test_a_crystal_of_a_type_has_its_name(name: str):
    group, species, places = CUBIC[name]
    crystal = Structure.from_spacegroup(group, Lattice.cubic(8.0), species, places)
    assert describe_structure_type(label_structure_type(crystal)) == name


def test_rocksalt_and_wurtzite_have_their_names():
    assert describe_structure_type(label_structure_type(rocksalt(5.64))) == "rocksalt"
    assert describe_structure_type(label_structure_type(wurtzite())) == "wurtzite"


@pytest.mark.parametrize(
    ("group", "lattice", "species", "places", "name"),
    [
        ("P4_2/mnm", Lattice.tetragonal(4.59, 2.96), ["Ti", "O"], [[0, 0, 0], [0.305, 0.305, 0]], "rutile"),
        ("P-3m1", Lattice.hexagonal(4.24, 6.84), ["Cd", "I"], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]], "CdI2"),
        ("P6_3/mmc", Lattice.hexagonal(3.6, 5.0), ["Ni", "As"], [[0, 0, 0], [1 / 3, 2 / 3, 0.25]], "NiAs"),
        ("P6_3/mmc", Lattice.hexagonal(3.16, 12.3), ["Mo", "S"], [[1 / 3, 2 / 3, 0.25], [1 / 3, 2 / 3, 0.62]],
         "2H-MoS2"),
        ("R-3m", Lattice.hexagonal(4.38, 30.5), ["Bi", "Te", "Te"], [[0, 0, 0.4], [0, 0, 0], [0, 0, 0.21]], "Bi2Te3"),
        ("R-3c", Lattice.hexagonal(4.76, 12.99), ["Al", "O"], [[0, 0, 0.352], [0.306, 0, 0.25]], "corundum"),
        ("R-3c", Lattice.hexagonal(4.99, 17.06), ["Ca", "C", "O"], [[0, 0, 0], [0, 0, 0.25], [0.257, 0, 0.25]],
         "calcite"),
        ("I-42d", Lattice.tetragonal(5.29, 10.42), ["Cu", "Fe", "S"], [[0, 0, 0], [0, 0, 0.5], [0.257, 0.25, 0.125]],
         "chalcopyrite"),
        ("I4/mmm", Lattice.tetragonal(3.84, 10.0), ["Th", "Cr", "Si"], [[0, 0, 0], [0, 0.5, 0.25], [0, 0, 0.37]],
         "ThCr2Si2"),
        ("I4/mmm", Lattice.tetragonal(4.0, 13.0), ["K", "Ni", "F", "F"],
         [[0, 0, 0.35], [0, 0, 0], [0, 0.5, 0], [0, 0, 0.15]], "K2NiF4"),
        ("P-3m1", Lattice.hexagonal(4.1, 7.0), ["Ca", "Al", "Si"],
         [[0, 0, 0], [1 / 3, 2 / 3, 0.63], [1 / 3, 2 / 3, 0.27]], "CaAl2Si2"),
    ],
)  # fmt: skip
def test_types_of_lower_symmetry_have_their_names(
    group: str, lattice: Lattice, species: list[str], places: list[list[float]], name: str
):
    crystal = Structure.from_spacegroup(group, lattice, species, places)
    assert describe_structure_type(label_structure_type(crystal)) == name


def test_other_labels_are_formula_and_space_group():
    assert describe_structure_type("ABC2D4_tP8_123_a_b_h_i") == "ABC2D4, P4/mmm"
    assert describe_structure_type("A_tI8_139_h") == "A, I4/mmm"


@pytest.mark.parametrize("label", ["zincblende", "my own type", "A_x_1", "AB_cF8_999_a_b"])
def test_what_is_no_label_stays(label: str):
    assert describe_structure_type(label) == label


def test_no_name_is_longer_than_a_column_of_a_table():
    assert max(map(len, _NAMES.values())) <= 24


@pytest.mark.parametrize("label", [None, ""])
def test_a_type_that_is_not_known_is_said_in_one_way(label: str | None):
    assert describe_structure_type(label) == UNKNOWN_TYPE
