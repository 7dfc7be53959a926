"""The atoms that a CIF's block lists, and all their images under its symmetry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS
from paraisite.data.structure_files.cif_block import UNKNOWN, CifBlock, as_number
from paraisite.data.structure_files.space_groups import SpaceGroupSetting
from paraisite.data.validation import MAX_ATOMS, isotope, too_many_atoms
from paraisite.errors import StructureError

COORDINATES: Final = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
_CARTESIAN: Final = ("_atom_site_cartn_x",)

MERGE_ANGSTROM: Final = 0.15
"""Images of one atom nearer than this are the same atom, at a place that was rounded: no two fully occupied sites can
be so near each other."""

ROUNDED_THIRDS: Final = 4e-5
"""How far four digits of a third, as in 0.3333, lie from it; 0.6667 likewise."""

MAX_OCCUPANCY: Final = 1.001

_TYPE: Final = re.compile(r"([A-Za-z]{1,2})(?:\d*\.?\d*[+-]|[+-]\d*\.?\d*|\d+)?")
_MIXED: Final = re.compile(r"[A-Za-z].*[,/+][\s\d.]*[A-Z]")
_MASS_NUMBER: Final = re.compile(r"\(?\d+\)?([A-Z][a-z]?)\d*[+-]?")
_MOLECULE: Final = re.compile(r"(?:O-?H|OD|H[23]O|D2O|[Ww]at|WAT|NH[34]?|ND[34]?|CH[1234]?)(?![a-z])")
_OXYGEN_OF_WATER: Final = re.compile(r"(?:[HD][23]O|[Ww]at|WAT)(?![a-z])")
_VACANCY: Final = re.compile(r"(?:Va|Vac|VAC|vac)(?![A-Za-z])")
_WATER: Final = re.compile(r"O[wW](?![a-z])")


@dataclass(frozen=True, eq=False)
class CifSites:
    """The sites that a block lists.

    Attributes:
        labels: As in the file.
        symbols: Of their elements or isotopes.
        occupancy: float64 [n_site], more than 0.
        frac_coords: float64 [n_site, 3].
        hydrogen_suspect: Label of a site that usually stands for hydroxyl or water, while no hydrogen has a place.
    """

    labels: tuple[str, ...]
    symbols: tuple[str, ...]
    occupancy: npt.NDArray[np.float64]
    frac_coords: npt.NDArray[np.float64]
    hydrogen_suspect: str | None


def has_sites(block: CifBlock) -> bool:
    """Return whether a block lists atoms."""
    return any(tag in block.values for tag in (COORDINATES[0], *_CARTESIAN))


def read_sites(block: CifBlock, formula_elements: frozenset[str]) -> CifSites:
    """Return the sites of a block that hold anything.

    Args:
        block: Of a CIF.
        formula_elements: Of the formula that it states, which tell Co from CO; none if it states no formula.

    Raises:
        StructureError: An element, a place or an occupancy cannot be read, or an atom has no place.
    """
    columns = [block.column(tag) for tag in COORDINATES]
    if any(column is None for column in columns):
        raise StructureError("the coordinates are Cartesian or not complete, expected fractional ones of three axes")
    types, labels = block.column("_atom_site_type_symbol"), block.column("_atom_site_label", "_atom_site_id")
    names = labels or types
    if names is None:
        raise StructureError("the sites have neither _atom_site_label nor _atom_site_type_symbol")
    _check_attached_hydrogens(block, names)
    occupancy = _read_occupancy(block, names)
    calculated = block.column("_atom_site_calc_flag")
    kept = [
        row
        for row in range(len(names))
        if occupancy[row] > 0 and not (calculated and calculated[row].strip().lower() == "dum")
    ]
    if not kept:
        raise StructureError("there are no atoms")
    known = {
        symbol: _element_of_type(symbol, formula_elements)
        for symbol in {types[row] for row in kept if types}
        if symbol.strip() not in UNKNOWN
    }
    symbols = [
        (known.get(types[row]) if types else None) or _element_of_label(names[row], formula_elements) for row in kept
    ]
    coords = np.array([[_coordinate(column[row], names[row]) for column in columns if column] for row in kept])
    return CifSites(
        labels=tuple(names[row] for row in kept),
        symbols=tuple(symbols),
        occupancy=occupancy[kept],
        frac_coords=_round_thirds(coords),
        hydrogen_suspect=_find_suspect([names[row] for row in kept], symbols),
    )


def expand(
    sites: CifSites, setting: SpaceGroupSetting, lattice_angstrom: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return which site each atom of the cell is an image of, [n_atom], and its fractional coordinates, [n_atom, 3].

    A place that was rounded is moved to the special position that it stands for.

    Raises:
        StructureError: There are too many atoms.
    """
    n_operation = len(setting.rotations)
    if len(sites.labels) * n_operation > 200 * MAX_ATOMS:
        raise StructureError(too_many_atoms(len(sites.labels) * n_operation))
    if n_operation == 1:
        return np.arange(len(sites.labels)), sites.frac_coords % 1.0
    coords = sites.frac_coords
    for _ in range(2):  # what has been moved may lie nearer to a position of higher symmetry
        shift = _images(setting, coords) - coords[:, None]
        shift -= np.rint(shift)
        same = np.linalg.norm(shift @ lattice_angstrom, axis=2) < MERGE_ANGSTROM
        coords = coords + (shift * same[..., None]).sum(axis=1) / same.sum(axis=1)[:, None]
    images = _images(setting, coords) % 1.0
    count = n_operation // same.sum(axis=1)
    origin, atoms = [], []
    for site, (places, n_image) in enumerate(zip(images, count, strict=True)):
        distinct = _distinct(places, int(n_image), lattice_angstrom)
        atoms.append(distinct)
        origin.append(np.full(len(distinct), site))
    return np.concatenate(origin), np.concatenate(atoms)


def _images(setting: SpaceGroupSetting, coords: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    moved: npt.NDArray[np.float64] = np.einsum("nij,sj->sni", setting.rotations, coords) + setting.translations
    return moved


def _distinct(
    places: npt.NDArray[np.float64], n_expected: int, lattice_angstrom: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return one of each group of places that are the same."""
    if n_expected == len(places):
        return places
    # Rounded to a grid that no fraction of a cell lies between the points of; the count tells where that failed.
    grid = np.floor(places * 999_983 + 0.137).astype(np.int64) % 999_983
    _, first = np.unique((grid[:, 0] << 40) + (grid[:, 1] << 20) + grid[:, 2], return_index=True)
    if len(first) == n_expected:
        return places[np.sort(first)]
    kept: list[int] = []
    for row, place in enumerate(places):
        shift = places[kept] - place
        if not (np.linalg.norm((shift - np.rint(shift)) @ lattice_angstrom, axis=1) < MERGE_ANGSTROM).any():
            kept.append(row)
    return places[kept]


def _coordinate(text: str, label: str) -> float:
    if text.strip() in UNKNOWN:
        raise StructureError(f"the site {label} has no position: a coordinate is not known")
    return as_number(text, what=f"a coordinate of the site {label}")


def _round_thirds(coords: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    thirds = np.rint(coords * 3) / 3
    whole = np.abs(thirds - np.rint(thirds)) < 0.1
    return np.where(~whole & (np.abs(coords - thirds) < ROUNDED_THIRDS), thirds, coords)


def _read_occupancy(block: CifBlock, labels: Sequence[str]) -> npt.NDArray[np.float64]:
    values = block.column("_atom_site_occupancy")
    if values is None:
        return np.ones(len(labels))
    occupancy = np.ones(len(values))
    for row, value in enumerate(values):
        if value.strip() not in UNKNOWN:
            occupancy[row] = as_number(value, what=f"the occupancy of the site {labels[row]}")
            if not 0 <= occupancy[row] <= MAX_OCCUPANCY:
                raise StructureError(f"the occupancy of the site {labels[row]} is {value}, expected 0 to 1")
    return np.minimum(occupancy, 1.0)


def _check_attached_hydrogens(block: CifBlock, labels: Sequence[str]) -> None:
    for label, value in zip(labels, block.column("_atom_site_attached_hydrogens") or (), strict=False):
        if value.strip() not in (*UNKNOWN, "0"):
            raise StructureError(
                f"the site {label} has {value} hydrogen atoms attached that have no position: the crystal is incomplete"
            )


def _element_of_type(symbol: str, formula_elements: frozenset[str]) -> str:
    """Return the element of a type symbol, such as O2-.

    Raises:
        StructureError: It names none, or several.
    """
    text = re.sub(r"<[^>]*>", "", symbol).strip()
    if _MOLECULE.fullmatch(re.sub(r"[\d+-]*$", "", text)) or _MOLECULE.fullmatch(text):
        raise StructureError(_hidden_hydrogen(text))
    if _MASS_NUMBER.fullmatch(text):
        raise StructureError(isotope(text))
    _check_unmixed(text)
    match = _TYPE.fullmatch(text.removesuffix("val"))
    element = match and _choose_element(match[1], text, formula_elements)
    if not element or (match and len(match[1]) > len(element)):
        raise StructureError(f"unknown element {text!r}")
    return element


def _element_of_label(label: str, formula_elements: frozenset[str]) -> str:
    """Return the element of a label, such as Na1.

    Raises:
        StructureError: It begins with none, or with several atoms.
    """
    text = label.strip()
    _check_unmixed(text)
    if _MASS_NUMBER.match(text):
        raise StructureError(isotope(text))
    if _OXYGEN_OF_WATER.match(text):
        return "O"
    if _MOLECULE.match(text):
        return text[0]
    if _VACANCY.match(text):
        raise StructureError(f"the site {text!r} is a vacancy, expected an element")
    match = re.match(r"[A-Za-z]{1,2}", text)
    element = match and _choose_element(match[0], text, formula_elements)
    if not element:
        raise StructureError(f"the site {text!r} names no element")
    return element


def _choose_element(letters: str, text: str, formula_elements: frozenset[str]) -> str | None:
    """Return the element that one or two letters mean, or None.

    Raises:
        StructureError: It may be one element or two, as CO.
    """
    pair, first = letters.capitalize(), letters[0].upper()
    found = [name for name in dict.fromkeys((pair, first)) if name in ATOMIC_NUMBERS]
    if len(found) == 2 and letters.isupper() and letters[1] in ATOMIC_NUMBERS:
        stated = [name for name in found if name in formula_elements]
        if len(stated) != 1:
            raise StructureError(f"{text!r} may begin with {pair} or with {first}, expected a symbol such as {pair}")
        return stated[0]
    return found[0] if found else None


def _check_unmixed(text: str) -> None:
    if _MIXED.search(text):
        raise StructureError(
            f"a site of {text} is not fully occupied by one element: partial occupancy is not supported"
        )


def _find_suspect(labels: Sequence[str], symbols: Sequence[str]) -> str | None:
    if any(symbol in ("H", "D", "T") for symbol in symbols):
        return None
    for label, symbol in zip(labels, symbols, strict=True):
        water = _WATER.match(label.strip()) and symbol == "O" and "W" not in symbols
        if symbol in ("O", "N", "C") and (_MOLECULE.match(label.strip()) or water):
            return label
    return None


def _hidden_hydrogen(label: str) -> str:
    return f"the site {label} stands for atoms with hydrogen that has no position: the crystal is incomplete"


def check_hydrogens(sites: CifSites, *, formula_without_hydrogen: bool) -> None:
    """Raise if a label stands for hydroxyl or water while no hydrogen has a place.

    Args:
        sites: Of a block.
        formula_without_hydrogen: Whether the block states a formula that has none.
    """
    if sites.hydrogen_suspect is not None and not formula_without_hydrogen:
        raise StructureError(_hidden_hydrogen(sites.hydrogen_suspect))
