"""The atoms that a CIF's block lists, and all their images under its symmetry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, ISOTOPES
from paraisite.data.structure_files.cif_block import UNKNOWN, CifBlock, as_number
from paraisite.data.structure_files.cif_elements import (
    ISOTOPE_LABEL,
    check_labels,
    element_of_label,
    element_of_type,
    find_suspect,
    hidden_hydrogen,
)
from paraisite.data.structure_files.cif_symmetry import is_no_transform
from paraisite.data.structure_files.space_groups import SpaceGroupSetting
from paraisite.data.validation import MAX_ATOMS, MAX_FRACTIONAL, isotope, too_many_atoms
from paraisite.errors import StructureError

COORDINATES: Final = tuple(f"_atom_site_fract_{axis}" for axis in "xyz")
_CARTESIAN: Final = ("_atom_site_cartn_x",)

MERGE_ANGSTROM: Final = 0.15
"""Images of one atom nearer than this are the same atom, at a place that was rounded: no two fully occupied sites can
be so near each other."""

ROUNDED_THIRDS: Final = 4e-5
"""How far four digits of a third, as in 0.3333, lie from it; 0.6667 likewise."""

_MULTIPLICITIES: Final = (
    "_atom_site_symmetry_multiplicity",
    "_atom_site_site_symmetry_multiplicity",
    "_atom_site_site_symmetry_order",
)
_SETTING_OF_SITES: Final = "_space_group_magn_transforms_pp_abc"
_OF_EACH_SITE: Final = (
    *_MULTIPLICITIES,
    "_atom_site_type_symbol",
    "_atom_site_occupancy",
    "_atom_site_calc_flag",
    "_atom_site_disorder_group",
    "_atom_site_attached_hydrogens",
)
_ELEMENT_LABEL: Final = re.compile(r"(?:[A-Z][a-z]|O)(?![A-Za-z])")
_HYDROGEN_OF_MOIETY: Final = re.compile(r"[HD](?![a-z])")
_HYDROGEN_OF_NAME: Final = re.compile(r"hydroxide|(?<!an)(?<!de)hydrate(?!d)|ammonium", re.IGNORECASE)
_NO_POSITION: Final = "holds H, of which no atom has a position: the crystal is incomplete"
MOIETY: Final = "_chemical_formula_moiety"
_NAMES: Final = ("_chemical_name_systematic", "_chemical_name_common")
MAX_OCCUPANCY: Final = 1.001


@dataclass(frozen=True, eq=False)
class CifSites:
    """The sites that a block lists.

    Attributes:
        labels: As in the file.
        symbols: Of their elements or isotopes.
        occupancy: float64 [n_site], more than 0.
        frac_coords: float64 [n_site, 3].
        multiplicity: float64 [n_site], how many atoms of the cell the file says that each site stands for; NaN if it
            does not.
        hydrogen_suspect: Label of a site that usually stands for hydroxyl or water, while no hydrogen has a place.
    """

    labels: tuple[str, ...]
    symbols: tuple[str, ...]
    occupancy: npt.NDArray[np.float64]
    frac_coords: npt.NDArray[np.float64]
    multiplicity: npt.NDArray[np.float64]
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
    if len(names) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(names)))
    _check_columns(block, len(names))
    _check_attached_hydrogens(block, names)
    _check_alternatives(block)
    occupancy = _read_occupancy(block, names)
    calculated = block.column("_atom_site_calc_flag")
    kept = [
        row
        for row in range(len(names))
        if occupancy[row] > 0 and not (calculated and calculated[row].strip().lower() == "dum")
    ]
    if not kept:
        raise StructureError("there are no atoms")
    different = dict.fromkeys(types[row] for row in kept if types)  # in order: the first wrong one is the reason
    known = {symbol: element_of_type(symbol, formula_elements) for symbol in different if symbol.strip() not in UNKNOWN}
    symbols = [
        (known.get(types[row]) if types else None) or element_of_label(names[row], formula_elements) for row in kept
    ]
    if labels and types and not formula_elements:
        typed = [(names[row], symbol) for row, symbol in zip(kept, symbols, strict=True) if types[row] in known]
        check_labels([name for name, _ in typed], [symbol for _, symbol in typed])
    for row, symbol in zip(kept, symbols, strict=True):
        if symbol == "H" and (isotope_label := ISOTOPE_LABEL.match(names[row].strip())):
            raise StructureError(isotope(f"{isotope_label[0]} by its label"))
        if not formula_elements and (named := _ELEMENT_LABEL.match(names[row])) and _is_other(named[0], symbol):
            raise StructureError(f"the site {names[row]} is of {symbol} by its type and of {named[0]} by its label")
    coords = np.array([[_coordinate(column[row], names[row]) for column in columns if column] for row in kept])
    if (far := np.abs(coords).max()) > MAX_FRACTIONAL:
        raise StructureError(f"a fractional coordinate is {far:.4g}, expected within ±{MAX_FRACTIONAL:g}")
    return CifSites(
        labels=tuple(names[row] for row in kept),
        symbols=tuple(symbols),
        occupancy=occupancy[kept],
        frac_coords=_round_thirds(coords),
        multiplicity=_read_multiplicity(block, len(names))[kept],
        hydrogen_suspect=find_suspect([names[row] for row in kept], symbols),
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


def _is_other(name: str, symbol: str) -> bool:
    """Return whether a label's letters are another element, and not one with a letter of the site's, as in Ca of C."""
    return ATOMIC_NUMBERS.get(name, 0) > 0 and name[0] != symbol[0]


def _coordinate(text: str, label: str) -> float:
    if text.strip() in UNKNOWN:
        raise StructureError(f"the site {label} has no position: a coordinate is not known")
    return as_number(text, what=f"a coordinate of the site {label}")


def _round_thirds(coords: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    thirds = np.rint(coords * 3) / 3
    whole = np.abs(thirds - np.rint(thirds)) < 0.1
    return np.where(~whole & (np.abs(coords - thirds) < ROUNDED_THIRDS), thirds, coords)


def _check_columns(block: CifBlock, n_site: int) -> None:
    """Raise if what is said of the sites stands in several lists that are not of the same sites."""
    for tag in (*COORDINATES, *_OF_EACH_SITE):
        if (values := block.values.get(tag)) is not None and len(values) != n_site:
            raise StructureError(f"{tag} has {len(values)} values for {n_site} sites")


def _read_multiplicity(block: CifBlock, n_site: int) -> npt.NDArray[np.float64]:
    settings = block.column(_SETTING_OF_SITES)
    is_of_cell = not settings or any(map(is_no_transform, settings))  # else they count the atoms of another cell
    texts = (block.column(*_MULTIPLICITIES) if is_of_cell else None) or [""] * n_site
    return np.array([float(text) if text.isdecimal() and text.isascii() else np.nan for text in texts])


def check_multiplicity(sites: CifSites, n_image: npt.NDArray[np.int64], n_operation: int) -> None:
    """Raise if sites stand for another number of atoms than the file says.

    Args:
        sites: Of a block.
        n_image: How many atoms of the cell each of them makes, [n_site].
        n_operation: Of the space group. Some programs write how many of them leave the site where it is.
    """
    wrong = ~np.isnan(sites.multiplicity) & (sites.multiplicity != n_image)
    wrong &= sites.multiplicity * n_image != n_operation
    if wrong.any():
        site = int(np.argmax(wrong))
        raise StructureError(
            f"the site {sites.labels[site]} makes {n_image[site]} atoms of the cell, while the file says "
            f"{sites.multiplicity[site]:g} (or so many operations leave it in place): is the symmetry not complete?"
        )


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


def _check_alternatives(block: CifBlock) -> None:
    """Raise if sites are alternatives: groups of one assembly, of which a crystal holds one here and another there."""
    groups = block.column("_atom_site_disorder_group") or []
    assemblies = block.column("_atom_site_disorder_assembly") or [""] * len(groups)
    found: dict[str, set[str]] = {}
    for assembly, group in zip(assemblies, groups, strict=False):
        if group.strip() not in (*UNKNOWN, "0"):
            found.setdefault(assembly.strip(), set()).add(group.strip().lstrip("-"))
    if any(len(names) > 1 for names in found.values()):
        raise StructureError("sites are alternatives of a disordered crystal: partial occupancy is not supported")


def _check_attached_hydrogens(block: CifBlock, labels: Sequence[str]) -> None:
    for label, value in zip(labels, block.column("_atom_site_attached_hydrogens") or (), strict=False):
        if value.strip() not in UNKNOWN and as_number(value, what=f"the attached hydrogen of the site {label}") != 0:
            raise StructureError(
                f"the site {label} has {value} hydrogen atoms attached that have no position: the crystal is incomplete"
            )


def check_hydrogens(sites: CifSites, *, formula_without_hydrogen: bool) -> None:
    """Raise if a label stands for hydroxyl or water while no hydrogen has a place.

    Args:
        sites: Of a block.
        formula_without_hydrogen: Whether the block states a formula that has none.
    """
    if sites.hydrogen_suspect is not None and not formula_without_hydrogen:
        raise StructureError(hidden_hydrogen(sites.hydrogen_suspect))


def check_named_hydrogen(sites: CifSites, block: CifBlock) -> None:
    """Raise if a formula by moieties, such as "Mg 2+, 2(H O 1-)", or a name holds hydrogen while no site does."""
    if set(sites.symbols) & {"H", *ISOTOPES}:
        return
    moiety = block.text(MOIETY) or ""
    if _HYDROGEN_OF_MOIETY.search(moiety):
        raise StructureError(f"the formula {moiety[:60]} {_NO_POSITION}")
    for name in filter(None, map(block.text, _NAMES)):
        if _HYDROGEN_OF_NAME.search(name):
            raise StructureError(f"the name {name[:60]!r} {_NO_POSITION}")
