"""Structure types without anions' slots: each builds the crystal that its name promises."""

import numpy as np
import pytest
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.labels.gap_prototypes import GAP_PROTOTYPES
from paraisite.labels.prototypes import ELEMENTAL, PROTOTYPES, Prototype

FORMULAS = {  # atoms of the primitive cell, slot after slot
    "copper_gold": (1, 1),
    "sodium_thallide": (2, 2),
    "titanium_trialuminide": (1, 3),
    "molybdenum_disilicide": (1, 2),
    "aluminium_diboride": (1, 2),
    "calcium_pentacopper": (1, 5),
    "copper_dialuminide": (2, 4),
    "chromium_boride": (2, 2),
    "cubic_laves": (2, 4),
    "titanium_disilicide": (2, 4),
    "molybdenum_tetranickel": (1, 4),
    "dinickel_trialuminide": (2, 3),
    "barium_tetraaluminide": (1, 4),
    "iron_nitride": (4, 1),
    "iron_oxychloride": (2, 2, 2),
    "tetradymite": (2, 1, 2),
    "lithium_cyanamide": (2, 1, 2),
    "layered_rocksalt_alloy": (1, 1, 2),
}
WITH_MOLECULES = ("calcium_carbide", "calcium_cyanamide", "lithium_cyanamide")
STAND_INS = ("Mg", "Zn", "O")


def build(prototype: Prototype) -> Structure:
    return prototype.build(dict(zip(prototype.slots, STAND_INS, strict=False)), volume_per_atom_cubic_angstrom=12.0)


def test_names_are_new():
    names = [prototype.name for prototype in (*PROTOTYPES, *ELEMENTAL, *GAP_PROTOTYPES)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("prototype", GAP_PROTOTYPES, ids=lambda prototype: prototype.name)
def test_the_cell_has_the_space_group_the_volume_and_room_for_its_atoms(prototype: Prototype):
    cell = build(prototype)
    assert SpacegroupAnalyzer(cell, symprec=1e-2).get_space_group_symbol() == prototype.space_group
    assert cell.volume / len(cell) == pytest.approx(12.0)
    closest = 1.0 if prototype.name in WITH_MOLECULES else 1.7
    assert np.min(cell.distance_matrix + 10 * np.eye(len(cell))) > closest


@pytest.mark.parametrize("name", FORMULAS)
def test_slots_have_their_multiplicity(name: str):
    (prototype,) = (prototype for prototype in GAP_PROTOTYPES if prototype.name == name)
    cell = build(prototype)
    assert (
        tuple(cell.composition[element] for element, _ in zip(STAND_INS, prototype.slots, strict=False))
        == FORMULAS[name]
    )
