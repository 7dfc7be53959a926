"""The same crystal in every cell that it can be drawn in."""

import pytest

from paraisite.app.cells import AS_GIVEN, CELLS, CONVENTIONAL, PRIMITIVE, SUPERCELL, build_cell, describe_crystal
from paraisite.app.familiar import list_textbook_crystals
from tests.graphs.crystals import rocksalt

N_ATOMS = {CONVENTIONAL: 8, PRIMITIVE: 2, AS_GIVEN: 8, SUPERCELL: 64}


@pytest.mark.parametrize("cell", CELLS)
def test_each_cell_has_its_atoms_and_the_same_density(cell: str):
    structure = list_textbook_crystals()["silicon"].structure
    drawn = build_cell(structure, cell)
    assert len(drawn) == N_ATOMS[cell]
    assert drawn.density == pytest.approx(structure.density)


def test_facts_are_those_of_the_textbook():
    facts = describe_crystal(rocksalt(5.64))
    assert (facts.space_group, facts.crystal_system, facts.n_primitive) == ("Fm-3m (225)", "cubic", 2)
    assert facts.density_g_per_cm3 == pytest.approx(2.16, abs=0.01)
    assert facts.volume_per_atom_angstrom3 == pytest.approx(5.64**3 / 8)
