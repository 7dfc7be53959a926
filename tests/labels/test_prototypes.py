"""Structure types: each builds the crystal that its name promises."""

import numpy as np
import pytest
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.labels.prototypes import PROTOTYPES, Prototype

ELEMENTS = {"A": "Mg", "B": "Al", "C": "Zn", "X": "O", "Y": "F"}
FORMULAS = {  # of the primitive cell, by slot
    "rocksalt": {"A": 1, "X": 1},
    "cuprite": {"A": 4, "X": 2},
    "rutile": {"A": 2, "X": 4},
    "corundum": {"A": 4, "X": 6},
    "perovskite": {"A": 1, "B": 1, "X": 3},
    "spinel": {"A": 2, "B": 4, "X": 8},
    "chalcopyrite": {"A": 2, "B": 2, "X": 4},
    "delafossite": {"A": 1, "B": 1, "X": 2},
    "heusler": {"A": 2, "B": 1, "X": 1},
    "potassium_hexachloroplatinate": {"A": 2, "B": 1, "X": 6},
    "elpasolite": {"A": 2, "B": 1, "C": 1, "X": 6},
    "stannite": {"A": 2, "B": 1, "C": 1, "X": 4},
}


def elements_of(prototype: Prototype) -> dict[str, str]:
    return {slot: ELEMENTS[slot] for slot in prototype.slots}


def test_there_are_many_and_each_has_its_own_name():
    assert len({prototype.name for prototype in PROTOTYPES}) == len(PROTOTYPES) >= 25


@pytest.mark.parametrize("prototype", PROTOTYPES, ids=lambda prototype: prototype.name)
def test_the_cell_has_the_space_group_the_volume_and_room_for_its_atoms(prototype: Prototype):
    cell = prototype.build(elements_of(prototype), volume_per_atom_cubic_angstrom=12.0)
    assert SpacegroupAnalyzer(cell, symprec=1e-2).get_space_group_symbol() == prototype.space_group
    assert cell.volume / len(cell) == pytest.approx(12.0)
    assert np.min(cell.distance_matrix + 10 * np.eye(len(cell))) > 1.7


@pytest.mark.parametrize("name", FORMULAS)
def test_slots_have_their_multiplicity(name: str):
    prototype = next(prototype for prototype in PROTOTYPES if prototype.name == name)
    cell = prototype.build(elements_of(prototype), volume_per_atom_cubic_angstrom=12.0)
    assert {slot: cell.composition[ELEMENTS[slot]] for slot in prototype.slots} == FORMULAS[name]


def test_every_anion_slot_exists():
    for prototype in PROTOTYPES:
        assert set(prototype.anions) < set(prototype.slots), prototype.name
