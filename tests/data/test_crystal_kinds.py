"""Kinds of crystals follow from formula and structure type."""

import pytest

from paraisite.data.crystal_kinds import LABEL_OF_TYPE, name_chemistry, name_crystal_system, name_structure_type
from paraisite.data.structure_labels import label_structure_type
from paraisite.data.structure_types import half_heusler, rocksalt, wurtzite, zincblende


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("Si", "elements"),
        ("NiAl", "intermetallics"),
        ("Mg2Si", "intermetallics"),
        ("CaCO3", "oxides"),
        ("LaOF", "fluorides"),
        ("BiOCl", "oxides"),
        ("Cs2SnI6", "iodides"),
        ("K2PtCl6", "chlorides"),
        ("CuGaS2", "sulfides"),
        ("NaAlH4", "hydrides"),
        ("CoSb3", "pnictides"),
        ("SiC", "carbides"),
        ("BN", "nitrides"),
        ("MgB2", "borides"),
    ],
)
def test_a_compound_is_named_by_what_takes_the_electrons(formula: str, expected: str) -> None:
    assert name_chemistry(formula) == expected


def test_the_words_of_structure_types_have_the_labels_that_their_crystals_get() -> None:
    crystals = {
        "rocksalt": rocksalt("Na", "Cl", a_angstrom=5.6),
        "zincblende": zincblende("Zn", "S", a_angstrom=5.4),
        "wurtzite": wurtzite("Zn", "O", a_angstrom=3.25, c_angstrom=5.2, u=0.38),
        "half_heusler": half_heusler("Ti", "Sn", "Ni", a_angstrom=5.9),
    }
    found = {name: label_structure_type(crystal) for name, crystal in crystals.items()}
    assert found == LABEL_OF_TYPE
    assert name_structure_type("rocksalt") == name_structure_type("AB_cF8_225_a_b") == "AB_cF8_225_a_b"


@pytest.mark.parametrize(
    ("number", "expected"),
    [(2, "triclinic"), (3, "monoclinic"), (74, "orthorhombic"), (75, "tetragonal"), (166, "trigonal"),
     (186, "hexagonal"), (195, "cubic")],
)  # fmt: skip
def test_a_crystal_system_is_that_of_the_labels_space_group(number: int, expected: str) -> None:
    assert name_crystal_system(f"AB_cF8_{number}_a_b") == expected
