"""Textbook crystals are what they are said to be: formula, density and space group follow from cell and sites."""

from collections import Counter
from pathlib import Path

import pytest
from pymatgen.core.composition import Composition

from paraisite.data.sources.textbook import COMPUTED, MEASURED, TABLE, TextbookCrystal, load_textbook_crystals
from paraisite.errors import DataError
from paraisite.features.descriptors import find_symmetry

CRYSTALS = load_textbook_crystals()
EACH = pytest.mark.parametrize("crystal", CRYSTALS, ids=[crystal.name for crystal in CRYSTALS])


@EACH
def test_a_crystal_has_its_formula_density_and_space_group(crystal: TextbookCrystal) -> None:
    assert crystal.structure.composition.reduced_composition == Composition(crystal.formula).reduced_composition
    # The density is the handbooks', not that of the cell; a wrong site or a wrong origin changes the atoms' number.
    assert crystal.structure.density == pytest.approx(crystal.density_g_per_cm3, rel=0.025)
    assert find_symmetry(crystal.structure).get_space_group_number() == crystal.space_group


@EACH
def test_no_atoms_are_closer_than_bonds_are(crystal: TextbookCrystal) -> None:
    # 1.28 Å, carbon to oxygen in a carbonate, is the shortest.
    assert all(neighbour.nn_distance > 1.25 for site in crystal.structure.get_all_neighbors(2.0) for neighbour in site)


def test_there_are_many_structure_types_each_with_a_source() -> None:
    assert len(CRYSTALS) >= 40
    assert len({crystal.structure_type for crystal in CRYSTALS}) >= 20
    assert max(Counter(crystal.name for crystal in CRYSTALS).values()) == 1
    assert {crystal.how for crystal in CRYSTALS} == {MEASURED, COMPUTED}
    for crystal in CRYSTALS:
        assert any(f"{year}" in crystal.source for year in range(1960, 2027)), (
            f"{crystal.name} has a source with a year"
        )
        assert crystal.sample, crystal.name


@pytest.mark.parametrize(
    ("old", "new"), [("measured", "guessed"), ("2300", "-5"), ("C 0 0 0", "C 0 0"), ("name,formula", "formula,name")]
)
def test_a_table_with_a_flaw_is_refused(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(TABLE.read_text().replace(old, new, 1))
    with pytest.raises(DataError, match=r"line 2|expected columns"):
        load_textbook_crystals(path)
