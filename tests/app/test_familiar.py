"""Crystals that a reader knows: found by formula and space group, whatever the cell."""

import pytest

from paraisite.app.familiar import find_literature, list_textbook_crystals, show_formula
from tests.graphs.crystals import rocksalt, wurtzite


@pytest.mark.parametrize("name", ["silicon", "boron nitride, hexagonal", "dolomite", "quartz"])
def test_a_textbook_crystal_is_found_in_its_primitive_cell(name: str):
    known = list_textbook_crystals()[name]
    assert find_literature(known.structure.get_primitive_structure()) is known


def test_another_structure_of_the_same_formula_is_not():
    assert find_literature(rocksalt(4.5, ("Ga", "N"))) is None
    found = find_literature(wurtzite())
    assert found is not None
    assert found.name == "gallium nitride"


def test_numbers_of_a_formula_are_subscripts():
    assert show_formula("Y3Al5O12") == "Y₃Al₅O₁₂"
