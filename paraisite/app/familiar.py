"""Crystals that a reader knows, with conductivities from the literature: examples, and marks on the axis."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.app.cells import describe_crystal
from paraisite.data.sources.textbook import TextbookCrystal, load_textbook_crystals

_MARKS: Final[Mapping[str, str]] = {
    "caesium lead bromide": "CsPbBr₃",
    "bismuth telluride": "Bi₂Te₃",
    "lead telluride": "PbTe",
    "sodium chloride": "NaCl",
    "gallium arsenide": "GaAs",
    "silicon": "Si",
    "silicon carbide, 6H": "SiC",
    "diamond": "diamond",
}
"""What is written at the axis, by the name of the textbook crystal; far enough from each other to be read."""

_SUBSCRIPTS: Final = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@cache
def list_textbook_crystals() -> dict[str, TextbookCrystal]:
    """Return the textbook crystals by name, in the order of their table."""
    return {crystal.name: crystal for crystal in load_textbook_crystals()}


def list_marks() -> dict[str, float]:
    """Return conductivities, W/m/K, by what is written at the axis, ascending."""
    known = list_textbook_crystals()
    return {label: known[name].kappa_w_per_m_k for name, label in _MARKS.items()}


def find_literature(structure: Structure) -> TextbookCrystal | None:
    """Return the textbook crystal of the same formula and space group, or None."""
    same = _list_by_formula().get(structure.composition.reduced_formula)
    if not same:
        return None
    number = describe_crystal(structure).space_group_number
    return next((one for one in same if one.space_group == number), None)


@cache
def _list_by_formula() -> dict[str, list[TextbookCrystal]]:
    """Return the textbook crystals by reduced formula: thousands of crystals may be looked up."""
    found: dict[str, list[TextbookCrystal]] = {}
    for crystal in list_textbook_crystals().values():
        found.setdefault(crystal.structure.composition.reduced_formula, []).append(crystal)
    return found


def show_formula(formula: str) -> str:
    """Return a formula with its numbers as subscripts."""
    return formula.translate(_SUBSCRIPTS)
