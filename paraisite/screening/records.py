"""From raw rows to crystals as arrays; a row that holds none becomes a rejection with its reason.

pymatgen's dictionaries are read without making its objects, which takes a tenth of the time; whatever is unusual in one
is left to pymatgen, so that the result is the same.
"""

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import orjson
import pyarrow as pa
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS, CrystalArrays
from paraisite.data.datasets.table import reduce_formulas
from paraisite.data.record import Rejection
from paraisite.data.sources.aflow import GEOMETRY, POSITIONS
from paraisite.data.sources.own_records import ID_COLUMNS
from paraisite.data.sources.structure_table import STRUCTURE_COLUMN, parse_structure_cell
from paraisite.data.structure_columns import FRACTIONAL, LATTICE, SPECIES
from paraisite.data.structure_files import read_frame, read_structure
from paraisite.data.validation import MAX_ATOMS, find_unusable, too_many_atoms
from paraisite.errors import DataError
from paraisite.screening.chunks import Chunk, Form, Span, split_rows

ID_KEYS: Final = (*ID_COLUMNS, "mp_id")
"""Where a row's id is looked for."""

_NO_CRYSTAL: Final = f"expected a crystal: {STRUCTURE_COLUMN!r}, or {LATTICE}, {SPECIES} and {FRACTIONAL}"


@dataclass(frozen=True, eq=False)
class ScreenedCrystal:
    """One row's crystal.

    Attributes:
        material_id: Its id, or its place in the file where it has none.
        formula: Reduced.
        arrays: The crystal alone.
    """

    material_id: str
    formula: str
    arrays: CrystalArrays


Row = ScreenedCrystal | Rejection


def read_chunk(chunk: Chunk) -> list[Row]:
    """Return a chunk's rows, in order.

    Raises:
        DataError: A file has changed since the chunk was cut.
    """
    rows = [row for span in chunk.spans for row in _read_rows(span)]
    if len(rows) != chunk.n_row:
        raise DataError(f"{chunk.spans[0].path} has changed: {len(rows)} rows where there were {chunk.n_row}")
    return rows


def _read_rows(span: Span) -> Iterator[Row]:
    if span.form is Form.FILE:
        yield _build_row(span.path.name, read_structure(span.path))
        return
    if isinstance(span.content, pa.RecordBatch):
        for number, values in enumerate(span.content.to_pylist(), start=span.first + 1):
            yield _from_values(values, f"{span.path.name} {number}")
        return
    read_one = _from_line if span.form is Form.LINES else _from_frame
    for number, content in enumerate(split_rows(span.form, span.read()), start=span.first + 1):
        yield read_one(content, f"{span.path.name} {number}")


def _from_frame(content: bytes, place: str) -> Row:
    facts, structure = read_frame(content.decode(errors="replace"))
    return _build_row(_find_id(facts, place), structure)


def _from_line(content: bytes, place: str) -> Row:
    try:
        values = _parse_json(content)
    except ValueError as error:
        return Rejection(place, f"not a line of JSON: {error}")
    return _from_values(values, place) if isinstance(values, dict) else Rejection(place, _NO_CRYSTAL)


def _parse_json(content: bytes | str) -> Any:
    """Return the value that a JSON text holds; Python's own reader, which is slower, also takes NaN."""
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return json.loads(content)


def _find_id(values: Mapping[str, Any], place: str) -> str:
    return next((str(values[key]) for key in ID_KEYS if values.get(key) is not None), place)


def _from_values(values: dict[str, Any], place: str) -> Row:
    """Return the crystal of a row of named values, in any of the forms that this project reads."""
    material_id = _find_id(values, place)
    structure = values.get(STRUCTURE_COLUMN, values)
    try:
        if isinstance(structure, str) and structure.lstrip().startswith("{"):
            structure = _parse_json(structure)
        if not isinstance(structure, dict):
            return _build_row(material_id, parse_structure_cell(structure))
        if "sites" in structure:
            return _from_pymatgen(material_id, structure)
        if GEOMETRY in structure:
            cell = Lattice.from_parameters(*structure[GEOMETRY]).matrix
            return _build_crystal(material_id, cell, structure[SPECIES], structure[POSITIONS])
        if LATTICE in structure:
            return _build_crystal(material_id, structure[LATTICE], structure[SPECIES], structure[FRACTIONAL])
    except (KeyError, TypeError, ValueError) as error:
        return Rejection(material_id, f"not a readable crystal: {error}")
    return Rejection(material_id, _NO_CRYSTAL)


def _from_pymatgen(material_id: str, values: dict[str, Any]) -> Row:
    """Return the crystal of pymatgen's dictionary: at once where each site holds one element, else by pymatgen."""
    try:
        symbols, coords = [], []
        for site in values["sites"]:
            (species,) = site["species"]
            if species["occu"] != 1:
                raise ValueError(species["occu"])
            symbols.append(species["element"])
            coords.append(site["abc"])
        return _build_crystal(material_id, values["lattice"]["matrix"], symbols, coords)
    except (KeyError, TypeError, ValueError):
        return _build_row(material_id, parse_structure_cell(values))


def _build_crystal(material_id: str, lattice: Any, symbols: Sequence[str], coords: Any) -> Row:
    """Return the crystal of plain lists.

    Raises:
        KeyError: A symbol is no element's.
        ValueError: The numbers do not make a cell and as many places as symbols.
    """
    if len(symbols) > MAX_ATOMS:
        return Rejection(material_id, too_many_atoms(len(symbols)))
    places = np.array(coords, np.float64)
    if places.size != 3 * len(symbols) or not symbols:
        raise ValueError(f"{places.size} coordinates for {len(symbols)} atoms, expected three each and an atom")
    numbers = [ATOMIC_NUMBERS[symbol] for symbol in symbols]
    arrays = CrystalArrays(
        lattice_angstrom=np.array(lattice, np.float64).reshape(1, 3, 3),
        n_atom=np.array([len(numbers)]),
        frac_coords=places.reshape(-1, 3),
        atomic_number=np.array(numbers, np.int64),
    )
    if min(numbers) < 1:  # no formula of isotopes
        return Rejection(material_id, find_unusable(arrays)[0])
    count = Counter(numbers)
    divisor = math.gcd(*count.values())
    formula = _compose_formula(tuple(sorted((number, n // divisor) for number, n in count.items())))
    return ScreenedCrystal(material_id, formula, arrays)


@lru_cache(maxsize=1 << 16)
def _compose_formula(count: tuple[tuple[int, int], ...]) -> str:
    return reduce_formulas([Composition({Element.from_Z(number): n for number, n in count})])[0]


def _build_row(material_id: str, structure: Structure | str) -> Row:
    if isinstance(structure, str):
        return Rejection(material_id, structure)
    if len(structure) > MAX_ATOMS:
        return Rejection(material_id, too_many_atoms(len(structure)))
    formula = reduce_formulas([structure.composition])[0]
    return ScreenedCrystal(material_id, formula, CrystalArrays.from_structures([structure]))


def join_crystals(crystals: Sequence[ScreenedCrystal]) -> CrystalArrays:
    """Return the arrays of all crystals, one after another."""
    arrays = [crystal.arrays for crystal in crystals] or [CrystalArrays.from_structures([])]
    return CrystalArrays(*(np.concatenate([getattr(one, name) for one in arrays]) for name in _ARRAYS))


_ARRAYS: Final = ("lattice_angstrom", "n_atom", "frac_coords", "atomic_number")
