"""Structure types as labels that depend neither on the elements nor on their order.

A label has the form of AFLOW's: anonymous formula, Pearson symbol, space group, Wyckoff letters of each element; rock
salt is ``AB_cF8_225_a_b``. Two crystals of one label have their elements on the same Wyckoff positions, so that they
are of one structure type unless free coordinates make them different: the label is finer than a space group, coarser
than a comparison of distances.

Source: Hicks et al., Comput. Mater. Sci. 199, 110450 (2021), 10.1016/j.commatsci.2021.110450 (the labels); Goodall et
al., Sci. Adv. 8, eabn4117 (2022), 10.1126/sciadv.abn4117 (the choice among equivalent settings, as pymatgen makes it).
"""

import re
import warnings
from functools import cache
from operator import itemgetter
from string import ascii_uppercase
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.errors import StructureError

SYMPREC_ANGSTROM: Final = 0.1
"""How far atoms may lie from their Wyckoff positions."""

_ELEMENT: Final = re.compile(r"[A-Z](\d*)")
_POSITIONS: Final = re.compile(r"(\d*)([A-Za-z])")
"""How many times an element occupies a Wyckoff position, and the position's letter."""


def label_structure_type(structure: Structure) -> str:
    """Return a crystal's structure type.

    Raises:
        StructureError: No symmetry was found.
    """
    from pymatgen.analysis.prototypes import get_protostructure_label_from_spglib  # takes five seconds

    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # spglib's deprecations, and pymatgen's of elements without electronegativity
            found = get_protostructure_label_from_spglib(structure, init_symprec=SYMPREC_ANGSTROM, raise_errors=True)
    except Exception as error:  # pymatgen and spglib raise almost any exception on a cell whose symmetry they miss
        raise StructureError(f"no structure type: {type(error).__name__} {error}") from error
    if not found:
        raise StructureError("no structure type: no symmetry was found")
    return order_label(found.partition(":")[0])


@cache
def order_label(label: str) -> str:
    """Return a label that depends neither on the elements' symbols nor on the origin of the cell.

    Elements are ordered by number, then by Wyckoff letters; pymatgen orders them by symbol. The double perovskites
    Cs2NaAlH6 (``AB2C6D_cF40_225_a_c_e_b``) and K2NaAlF6 (``AB6C2D_cF40_225_a_e_c_b``) are thus of one type,
    ``ABC2D6_cF40_225_a_b_c_e``. Of all letters that other origins and axes give the same positions those are taken that
    come first in the alphabet, as pymatgen does, but in this order of the elements: with that of the symbols the Laves
    phases MgCu2 (``AB2_cF24_227_a_d``) and CeCo2 (``AB2_cF24_227_b_c``) would be of two types.
    """
    from pymatgen.analysis.prototypes import WYCKOFF_POSITION_RELAB_DICT  # takes five seconds

    formula, pearson, space_group, *letters = label.split("_")
    numbers = [int(number or 1) for number in _ELEMENT.findall(formula)]
    settings = []
    for equivalent in WYCKOFF_POSITION_RELAB_DICT[space_group]:
        positions = [_POSITIONS.findall(each.translate(str.maketrans(equivalent))) for each in letters]
        elements = sorted(
            (number, "".join(map("".join, sorted(each, key=itemgetter(1)))))
            for number, each in zip(numbers, positions, strict=True)
        )
        settings.append((sum(ord(letter) for each in positions for _, letter in each), elements))
    _, elements = min(settings)
    ordered = "".join(
        f"{name}{number if number > 1 else ''}" for name, (number, _) in zip(ascii_uppercase, elements, strict=False)
    )
    return "_".join([ordered, pearson, space_group, *(letter for _, letter in elements)])
