"""Kinds of crystals, by which errors are told apart: chemistry, crystal system, structure type."""

from typing import Final

from pymatgen.core.composition import Composition

from paraisite.data.structure_files.space_groups import find_crystal_system
from paraisite.data.structure_types import HALF_HEUSLER, ROCKSALT, WURTZITE, ZINCBLENDE

CLASS_OF_ANION: Final = {
    "F": "fluorides",
    "O": "oxides",
    "Cl": "chlorides",
    "N": "nitrides",
    "Br": "bromides",
    "I": "iodides",
    "S": "sulfides",
    "Se": "selenides",
    "Te": "tellurides",
    "C": "carbides",
    "H": "hydrides",
    "P": "pnictides",
    "As": "pnictides",
    "Sb": "pnictides",
    "Bi": "pnictides",
    "B": "borides",
}
"""Class of a compound by the first of these elements that it holds: the one that takes the electrons of the others.

Phosphates, sulfates and carbonates are oxides, and so is what holds oxygen beside a heavier halogen; fluorine comes
before oxygen.
"""

ELEMENTS: Final = "elements"
INTERMETALLICS: Final = "intermetallics"
"""Compounds of none of these anions, silicides and germanides among them."""

LABEL_OF_TYPE: Final = {
    ROCKSALT: "AB_cF8_225_a_b",
    ZINCBLENDE: "AB_cF8_216_a_c",
    WURTZITE: "AB_hP4_186_b_b",
    HALF_HEUSLER: "ABC_cF12_216_a_b_c",
}
"""Labels, as ``structure_labels`` makes them, of the structure types that tables name by words."""


def name_chemistry(formula: str) -> str:
    """Return the class of a formula's chemistry, e.g. "oxides"."""
    symbols = {element.symbol for element in Composition(formula).elements}
    if len(symbols) == 1:
        return ELEMENTS
    return next((name for anion, name in CLASS_OF_ANION.items() if anion in symbols), INTERMETALLICS)


def name_structure_type(prototype: str) -> str:
    """Return a structure type's label, whether it is given as such or by its word."""
    return LABEL_OF_TYPE.get(prototype, prototype)


def name_crystal_system(label: str) -> str:
    """Return the crystal system of a structure type's label, e.g. of ``AB_cF8_225_a_b``."""
    return find_crystal_system(int(label.split("_")[2]))
