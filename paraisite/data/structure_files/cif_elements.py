"""The elements that a CIF's type symbols and labels name, and what stands for more than one atom."""

import re
from collections.abc import Sequence
from typing import Final

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, ISOTOPES
from paraisite.data.structure_files.isotopes import is_mass_number
from paraisite.data.validation import isotope
from paraisite.errors import StructureError

MAX_SYMBOL: Final = 100
"""Characters of a type symbol."""

_TYPE: Final = re.compile(r"([A-Za-z]{1,2})(?:\d*\.?\d*[+-]|[+-]\d*\.?\d*|\d+)?")
_MIXED: Final = re.compile(r"[A-Za-z].*[,/+][\s\d.]*[A-Z]|[A-Z][a-z]?0?\.\d+[A-Z]")
ISOTOPE_LABEL: Final = re.compile(r"[DT](?![A-Za-z])|[23]H(?![A-Za-z])")
"""Label of an isotope of hydrogen, whatever its type symbol is."""

_MASS_NUMBER: Final = re.compile(r"\(?\d+\)?([A-Z][a-z]?)\d*[+-]?")
_NUMBER_FIRST: Final = re.compile(r"\(?(\d{1,3})\)?[A-Z][a-z]?(?![A-Za-z])")
_MOLECULE: Final = re.compile(r"(?:O-?H|H[23]O|H-?O-?H|[Ww]at(?:er)?|WAT(?:ER)?|NH[34]?|CH[1234]?)(?![a-z])")
_WITH_DEUTERIUM: Final = re.compile(r"OD|D[23]O|ND[34]?")  # of types only: among labels there are OA, OB, OC and OD
_OXYGEN_OF_WATER: Final = re.compile(r"(?:[Ww]at(?:er)?|WAT(?:ER)?)(?![a-z])")
_HYDROGEN_OR_WATER: Final = re.compile(r"H(?:[12]O|-?O-?H)\d*$")
_VACANCY: Final = re.compile(r"(?:Va|Vac|VAC|vac)(?![A-Za-z])")
_WATER: Final = re.compile(r"O?(?:[Ww](?:at(?:er)?|AT(?:ER)?)?|[Aa]q(?:ua)?|AQ(?:UA)?|HO)[A-Za-z]?|HOH[A-Z]?")
_HYDROXYL: Final = re.compile(r"OO?(?:[Hh][A-Za-z]?|[Hh]yd[a-z]*|HYD[A-Z]*)|Hyd[a-z]*")
"""The letters of an oxygen's label, as of O_W1, O1aq and O3(H2O), or of Oh1 and (OH)2."""

_WORD: Final = re.compile(r"[A-Z][a-z]{2,}")


def element_of_type(symbol: str, formula_elements: frozenset[str]) -> str:
    """Return the element of a type symbol, such as O2-.

    Raises:
        StructureError: It names none, or several.
    """
    if len(symbol) > MAX_SYMBOL:
        raise StructureError(f"unknown element {symbol[:40]!r}")
    text = re.sub(r"<[^>]*>", "", symbol).strip()
    for pattern in (_MOLECULE, _WITH_DEUTERIUM):
        if pattern.fullmatch(re.sub(r"[\d+-]*$", "", text)) or pattern.fullmatch(text):
            raise StructureError(hidden_hydrogen(text))
    if _MASS_NUMBER.fullmatch(text):
        raise StructureError(isotope(text))
    _check_unmixed(text)
    match = _TYPE.fullmatch(text.removesuffix("val"))
    element = match and _choose_element(match[1], text, formula_elements)
    if not element or (match and len(match[1]) > len(element)):
        raise StructureError(f"unknown element {text!r}")
    return element


def element_of_label(label: str, formula_elements: frozenset[str]) -> str:
    """Return the element of a label, such as Na1.

    Raises:
        StructureError: It begins with none, or with several atoms.
    """
    text = label.strip()[:MAX_SYMBOL]
    _check_unmixed(text)
    if _MASS_NUMBER.match(text):
        raise StructureError(isotope(text))
    if _OXYGEN_OF_WATER.match(text):
        return "O"
    if _MOLECULE.match(text):
        return text[0]  # of H2O, too, which may be a hydrogen atom's label
    if _VACANCY.match(text):
        raise StructureError(f"the site {text!r} is a vacancy, expected an element")
    match = re.match(r"[A-Za-z]{1,2}", text)
    element = match and _choose_element(match[0], text, formula_elements)
    is_word = not formula_elements and _WORD.match(text)  # as Site1 or Oct2, which are no silicon and no oxygen
    if not element or is_word or (element in ISOTOPES and text[1:2].islower()):
        raise StructureError(f"the site {text!r} names no element")
    return element


def check_labels(labels: Sequence[str], symbols: Sequence[str]) -> None:
    """Raise if a site's label stands for several elements, none or an isotope, while its type symbol names an element.

    Args:
        labels: Of the sites.
        symbols: Of their elements, by their type symbols.
    """
    numbered = []
    for label, symbol in zip(map(str.strip, labels), symbols, strict=True):
        _check_unmixed(label)
        if _VACANCY.match(label) and symbol != "V":
            raise StructureError(f"the site {label!r} is a vacancy by its label, and {symbol} by its type")
        if match := _NUMBER_FIRST.match(label):
            numbered.append((label, symbol, int(match[1])))
    # Where such numbers count the sites, some of them are no mass numbers.
    if numbered and all(is_mass_number(number, symbol) for _, symbol, number in numbered):
        raise StructureError(isotope(f"{numbered[0][0]} by its label"))


def _choose_element(letters: str, text: str, formula_elements: frozenset[str]) -> str | None:
    """Return the element that one or two letters mean, or None.

    Raises:
        StructureError: It may be one element or two, as CO.
    """
    pair, first = letters.capitalize(), letters[0].upper()
    found = [name for name in dict.fromkeys((pair, first)) if name in ATOMIC_NUMBERS]
    if len(found) == 2 and letters.isupper() and letters[1] in ATOMIC_NUMBERS:
        stated = [name for name in found if name in formula_elements]
        if not stated:
            raise StructureError(f"{text!r} may begin with {pair} or with {first}, expected a symbol such as {pair}")
        return stated[0]
    return found[0] if found else None


def _check_unmixed(text: str) -> None:
    if _MIXED.search(text):
        raise StructureError(
            f"a site of {text} is not fully occupied by one element: partial occupancy is not supported"
        )


def find_suspect(labels: Sequence[str], symbols: Sequence[str]) -> str | None:
    """Return a label that usually stands for hydroxyl or water, or None; where hydrogen has a place, none does.

    Args:
        labels: Of the sites.
        symbols: Of their elements.
    """
    hydrogens = [label.strip() for label, symbol in zip(labels, symbols, strict=True) if symbol in ("H", *ISOTOPES)]
    waters = [label for label in hydrogens if _HYDROGEN_OR_WATER.match(label)]
    if hydrogens and len(waters) == len(hydrogens) and not any(label.startswith("H1O") for label in waters):
        return waters[0]  # H2O alone is water, while H1O and H2O are the hydrogen atoms of an oxygen
    if hydrogens:
        return None
    stripped = [label.strip() for label in labels]
    for label, symbol in zip(stripped, symbols, strict=True):
        if symbol in ("O", "N", "C") and _MOLECULE.match(re.sub(r"[^A-Za-z0-9]", "", label)):
            return label
        if symbol != "O":
            continue
        letters = re.sub(r"[^A-Za-z]", "", label)
        is_water = _WATER.fullmatch(letters) and "W" not in symbols
        if is_water or (_HYDROXYL.fullmatch(letters) and not _is_of_series(label, stripped)):
            return label
    return None


def _is_of_series(label: str, labels: Sequence[str]) -> bool:
    """Return whether a label such as O1H stands behind O1G, so that its H only counts on."""
    series = (("h", "g"), ("H", "G"))
    return any(letter in label and label.replace(letter, before) in labels for letter, before in series)


def hidden_hydrogen(label: str) -> str:
    """Return the reason of a site that stands for several atoms."""
    return f"the site {label} stands for atoms with hydrogen that has no position: the crystal is incomplete"
