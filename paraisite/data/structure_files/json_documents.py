"""Crystals of JSON: pymatgen's structures, and the documents of databases that hold one.

Dictionaries are read without making pymatgen's objects, which takes a tenth of the time, and every value is looked at:
pymatgen takes true for 1 and a species that is a dictionary for what stands first in it.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from pymatgen.core.lattice import Lattice

from paraisite.data.crystal_arrays import (
    ATOMIC_NUMBERS,
    IMPLICIT_HYDROGENS,
    NO_ELEMENT,
    PARTLY_OCCUPIED,
    WITH_HYDROGEN,
    CrystalArrays,
)
from paraisite.data.sources.aflow import GEOMETRY, POSITIONS
from paraisite.data.structure_columns import FRACTIONAL, LATTICE, SPECIES
from paraisite.data.structure_files.isotopes import check_masses
from paraisite.data.structure_files.stated_facts import StatedFacts, check_stated, parse_formula, read_stated_values
from paraisite.data.validation import MAX_ATOMS, too_many_atoms
from paraisite.errors import StructureError

STRUCTURE: Final = "structure"
CIF_KEY: Final = "cif"
CELL_TOLERANCE: Final = 0.01
"""Relative, of a cell's lengths and volume that stand beside its vectors."""

PLACE_TOLERANCE_ANGSTROM: Final = 0.05
_UNSUPPORTED_FEATURES: Final = {
    "disorder": "partial occupancy",
    "implicit_atoms": "atoms without a position",
    "site_attachments": "atoms attached to sites",
    "assemblies": "alternative assemblies of sites",
}


def parse_json(content: bytes | str) -> Any:
    """Return the value that a JSON text holds; Python's own reader, which is slower, also takes NaN.

    Raises:
        ValueError: It is no JSON.
    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        try:
            return json.loads(content)
        except (RecursionError, UnicodeDecodeError) as nested:
            raise ValueError(str(nested) or "not JSON") from error


def crystal_of_document(document: Mapping[str, Any]) -> CrystalArrays | str:
    """Return the crystal of one document, or the reason why there is none."""
    try:
        return build_crystal(document)
    except StructureError as error:
        return str(error)
    except (KeyError, TypeError, ValueError, OverflowError, IndexError, AttributeError) as error:
        return f"not a readable crystal: {_one_line(error)}"


def list_documents(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the documents of a JSON value: itself, the items of a list, or of a server's answer.

    Raises:
        StructureError: It holds something else; the message says what.
    """
    if isinstance(value, Mapping) and isinstance(value.get("data"), list | Mapping) and "lattice" not in value:
        value = value["data"]  # an answer of OPTIMADE or of the Materials Project
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list) and value:
        for number, item in enumerate(value, start=1):
            if not isinstance(item, Mapping):
                raise StructureError(f"item {number} of the list is {name_of(item)}, expected a crystal")
            yield item
    else:
        raise StructureError(f"the JSON holds {name_of(value)}, expected a crystal or a list of crystals")


def build_crystal(document: Mapping[str, Any]) -> CrystalArrays:
    """Return the crystal of a document, compared with what stands beside it.

    Args:
        document: pymatgen's structure; a document with such a ``structure``, as a ComputedStructureEntry or the
            Materials Project's summary; OPTIMADE's; or plain lists, as this project and AFLUX write them.

    Raises:
        StructureError: It is none of these, or cannot be used.
        KeyError: As TypeError, ValueError, OverflowError, IndexError and AttributeError: something is missing, or of
            another kind.
    """
    inner = _inner(document)
    if "lattice_vectors" in inner:
        crystal, stated = _read_optimade(inner)
    elif "sites" in inner and "lattice" in inner:
        crystal, stated = _read_pymatgen(inner), read_stated_values(document)
    elif GEOMETRY in inner:
        cell = np.array(Lattice.from_parameters(*_reals(inner[GEOMETRY], 6)).matrix)
        crystal, stated = build_plain(cell, inner[SPECIES], inner[POSITIONS]), read_stated_values(document)
    elif LATTICE in inner:
        crystal = build_plain(inner[LATTICE], inner[SPECIES], inner[FRACTIONAL])
        stated = read_stated_values(document)
    elif inner is document and STRUCTURE in document:
        raise StructureError(f"expected a crystal, found no structure, but {name_of(document[STRUCTURE])}: {_FORMS}")
    elif inner is document:
        raise StructureError(f"expected a crystal, found {name_of(document)}: {_FORMS}")
    else:
        raise StructureError(f"{name_of(document)} holds no structure, but {name_of(inner)}: {_FORMS}")
    if (crystal.atomic_number > 0).all():  # of others there is no formula
        check_stated(crystal, stated)
    return crystal


def _inner(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a document that describes the crystal: itself, its ``structure`` or OPTIMADE's attributes."""
    if isinstance(attributes := document.get("attributes"), Mapping) and "lattice_vectors" in attributes:
        return attributes
    structure = document.get(STRUCTURE)
    if isinstance(structure, str):
        structure = parse_json(structure)
    return structure if isinstance(structure, Mapping) else document


_FORMS: Final = (
    "known are pymatgen's structure, a document with such a 'structure', OPTIMADE's structures, and "
    f"{LATTICE}, {SPECIES} and {FRACTIONAL}"
)


def build_plain(lattice: Any, species: Any, coords: Any, *, cartesian: bool = False) -> CrystalArrays:
    """Return the crystal of plain lists.

    Args:
        lattice: Nine numbers, or three vectors, Å.
        species: Element symbol of each atom.
        coords: Three numbers for each atom, in one list or in lists of three.
        cartesian: Whether the coordinates are, Å.

    Raises:
        StructureError: There are too many atoms, or one is no element.
        ValueError: The numbers do not make a cell and as many places as symbols.
        TypeError: A number is none, or a symbol is no text.
    """
    if isinstance(species, str) or not isinstance(species, Sequence):
        raise TypeError(f"the species are {name_of(species)}, expected a list of symbols")
    if len(species) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(species)))
    if wrong := [name for name in species if not isinstance(name, str)]:
        raise TypeError(f"a species is {name_of(wrong[0])}, expected an element's symbol")
    places = _flat(coords)
    if places.size != 3 * len(species) or not len(species):
        raise ValueError(f"{places.size} coordinates for {len(species)} atoms, expected three each and an atom")
    cell = _flat(lattice)
    if cell.size != 9:
        raise ValueError(f"the cell has {cell.size} numbers, expected three vectors of three")
    matrix, places = cell.reshape(3, 3), places.reshape(-1, 3)
    if cartesian:
        places = np.array(np.linalg.solve(matrix.T, places.T).T, np.float64)
    return _arrays(matrix, [_number_of(name) for name in species], places)


def _arrays(matrix: npt.NDArray[np.float64], numbers: Sequence[int], places: npt.NDArray[np.float64]) -> CrystalArrays:
    return CrystalArrays(matrix[None], np.array([len(numbers)]), places, np.array(numbers, np.int64))


def _number_of(symbol: str) -> int:
    if symbol not in ATOMIC_NUMBERS:
        raise StructureError(f"unknown element {symbol[:40]!r}")
    return ATOMIC_NUMBERS[symbol]


def _flat(values: Any) -> npt.NDArray[np.float64]:
    """Return numbers in lists, or in lists of lists, one after another; what is true or a text is no number."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind not in "fiu":
            raise TypeError(f"an array of {values.dtype}, expected numbers")
        return np.array(values, np.float64).ravel()
    items = list(values)
    if items and isinstance(items[0], list | tuple | np.ndarray):
        items = list(chain.from_iterable(items))
    kinds = set(map(type, items))
    if not kinds <= {int, float} and (wrong := [item for item in items if type(item) not in (int, float)]):
        raise TypeError(f"{name_of(wrong[0])} stands where a number is expected")
    return np.array(items, np.float64)


def _reals(values: Any, count: int) -> list[float]:
    numbers = _flat(values)
    if numbers.size != count:
        raise ValueError(f"{numbers.size} numbers, expected {count}")
    return [float(number) for number in numbers]


def _read_pymatgen(values: Mapping[str, Any]) -> CrystalArrays:
    """Return the crystal of pymatgen's dictionary; the cell's lengths and the Cartesian places are compared, too."""
    sites, cell = values["sites"], values["lattice"]
    if not isinstance(sites, list) or not isinstance(cell, Mapping):
        raise TypeError("sites or lattice of another kind than pymatgen writes")
    if len(sites) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(sites)))
    if not sites:
        raise StructureError("there are no atoms")
    matrix = _read_cell(cell)
    numbers = [_read_site_species(site, place) for place, site in enumerate(sites)]
    places = _flat([site["abc"] for site in sites])
    if places.size != 3 * len(sites):
        raise ValueError(f"{places.size} coordinates for {len(sites)} atoms, expected three each")
    crystal = _arrays(matrix, numbers, places.reshape(-1, 3))
    _check_cartesian(crystal, sites)
    return crystal


def _read_cell(cell: Mapping[str, Any]) -> npt.NDArray[np.float64]:
    parameters = [cell.get(name) for name in ("a", "b", "c", "alpha", "beta", "gamma")]
    if "matrix" not in cell:
        return np.array(Lattice.from_parameters(*_reals(parameters, 6)).matrix, np.float64)
    matrix = _flat(cell["matrix"])
    if matrix.size != 9:
        raise ValueError(f"the cell has {matrix.size} numbers, expected three vectors of three")
    matrix = matrix.reshape(3, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(matrix, axis=1)
        volume = abs(np.linalg.det(matrix))
    for name, value, expected in zip(
        ("a", "b", "c", "volume"), (*lengths, volume), (*parameters[:3], cell.get("volume")), strict=True
    ):
        if expected is not None and not abs(value - _reals([expected], 1)[0]) <= CELL_TOLERANCE * abs(value):
            raise StructureError(f"the cell's {name} is {value:.4g} by its vectors, while the file says {expected:.4g}")
    return matrix


def _read_site_species(site: Any, place: int) -> int:
    """Return the atomic number of what sits on a site, or what keeps it from having one."""
    if (site.get("properties") or {}).get(IMPLICIT_HYDROGENS):
        return WITH_HYDROGEN
    species = site["species"]
    if not isinstance(species, list) or not species:
        raise TypeError(f"the species of site {place} are {name_of(species)}, expected a list")
    total = 0.0
    for one in species:
        if not isinstance(one, Mapping) or not isinstance(one.get("element"), str):
            raise TypeError(f"a species of site {place} is {name_of(one)}, expected an element and its occupancy")
        total += _reals([one["occu"]], 1)[0]
    if len(species) != 1 or total != 1:
        return PARTLY_OCCUPIED
    name = re.sub(r"\d*[+-]$", "", species[0]["element"])
    if species[0].get("@class") == "DummySpecies" or name not in ATOMIC_NUMBERS:
        if "oxidation_state" in species[0] or species[0].get("@class") == "DummySpecies":
            return NO_ELEMENT
        raise StructureError(f"unknown element {name[:40]!r}")
    return ATOMIC_NUMBERS[name]


def _check_cartesian(crystal: CrystalArrays, sites: Sequence[Mapping[str, Any]]) -> None:
    """Compare the fractional places with the Cartesian ones that stand beside them, but for lattice vectors."""
    stated = [site["xyz"] for site in sites if "xyz" in site]
    matrix = crystal.lattice_angstrom[0]
    if len(stated) != len(sites) or not np.isfinite(matrix).all() or not np.isfinite(crystal.frac_coords).all():
        return
    if abs(np.linalg.det(matrix)) < 1e-6:
        return
    places = _flat(stated)
    if places.size != crystal.frac_coords.size:
        raise ValueError(f"{places.size} Cartesian coordinates for {len(sites)} atoms, expected three each")
    shift = places.reshape(-1, 3) @ np.linalg.inv(matrix) - crystal.frac_coords
    shift -= np.rint(shift)
    far = np.linalg.norm(shift @ matrix, axis=1)
    if not (far <= PLACE_TOLERANCE_ANGSTROM).all():
        site = int(np.argmax(~(far <= PLACE_TOLERANCE_ANGSTROM)))
        raise StructureError(f"the fractional and the Cartesian coordinates of site {site} are {far[site]:.3g} Å apart")


def _read_optimade(values: Mapping[str, Any]) -> tuple[CrystalArrays, StatedFacts]:
    """Return the crystal of OPTIMADE's attributes, and what stands beside it.

    Source: OPTIMADE specification 1.2, section "Structures Entries".
    """
    if found := [
        text for key, text in _UNSUPPORTED_FEATURES.items() if key in (values.get("structure_features") or ())
    ]:
        raise StructureError(f"OPTIMADE's structure has {' and '.join(found)}, which is not supported")
    periodic = values.get("dimension_types")
    if periodic is not None and list(periodic) != [1, 1, 1]:
        raise StructureError("not periodic in three directions, expected a crystal")
    names = list(values["species_at_sites"])
    known = {one["name"]: one for one in values.get("species") or ()}
    numbers = [
        _number_of_optimade(known[name], place) if known else _number_of(name) for place, name in enumerate(names)
    ]
    symbols = ["H"] * len(names)
    crystal = build_plain(values["lattice_vectors"], symbols, values["cartesian_site_positions"], cartesian=True)
    crystal = _arrays(crystal.lattice_angstrom[0], numbers, crystal.frac_coords)
    masses = [
        (number, known[name]["mass"][0])
        for number, name in zip(numbers, names, strict=True)
        if number > 0 and known and known[name].get("mass")
    ]
    if masses:
        check_masses(np.array([number for number, _ in masses]), _flat([mass for _, mass in masses]))
    formula = values.get("chemical_formula_reduced")
    return crystal, replace(
        read_stated_values(values),
        formula=parse_formula(formula) if isinstance(formula, str) else None,
        n_atom=_reals([values["nsites"]], 1)[0] if values.get("nsites") is not None else None,
    )


def _number_of_optimade(species: Mapping[str, Any], place: int) -> int:
    if species.get("attached"):
        raise StructureError(f"site {place} has atoms attached that have no position: the crystal is incomplete")
    symbols, shares = species["chemical_symbols"], _flat(species["concentration"])
    if len(symbols) != 1 or shares.tolist() != [1.0] or symbols[0] == "vacancy":
        return PARTLY_OCCUPIED
    return NO_ELEMENT if symbols[0] == "X" else _number_of(symbols[0])


def name_of(value: Any) -> str:
    """Return what a JSON value is, for people."""
    if isinstance(value, Mapping):
        kind = value.get("@class")
        keys = ", ".join(str(key)[:30] for key in list(value)[:6])
        return f"a {kind}" if isinstance(kind, str) else f"a document with {keys or 'no key'}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return "nothing" if value is None else f"the {type(value).__name__} {str(value)[:40]!r}"


def _one_line(error: Exception) -> str:
    lines = str(error).splitlines()
    text = lines[0][:200] if lines else type(error).__name__
    return f"{text} is missing" if isinstance(error, KeyError) else text
