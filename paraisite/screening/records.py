"""From raw rows to crystals as arrays; a row that holds none becomes a rejection with its reason.

No pymatgen object is made of a crystal on its way here, which takes a tenth of the time.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import Element

from paraisite.core.shown_text import escape_undecodable
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.parquet_rows import list_rows
from paraisite.data.record import Rejection
from paraisite.data.reduced_formulas import reduce_formulas
from paraisite.data.sources.own_records import ID_COLUMNS
from paraisite.data.structure_columns import FRACTIONAL, LATTICE, SPECIES
from paraisite.data.structure_files.content import MAX_FILE_BYTES
from paraisite.data.structure_files.extended_xyz import read_frame
from paraisite.data.structure_files.formats import name_crystal
from paraisite.data.structure_files.json_documents import STRUCTURE
from paraisite.data.structure_files.json_values import parse_json
from paraisite.data.structure_files.reading import read_file_once, read_row
from paraisite.data.validation import MAX_ATOMS, too_many_atoms
from paraisite.errors import DataError
from paraisite.screening.chunks import Chunk, Form, Span

ID_KEYS: Final = (*ID_COLUMNS, "mp_id")
"""Where a row's id is looked for."""

_NO_CRYSTAL: Final = f"expected a crystal: {STRUCTURE!r}, or {LATTICE}, {SPECIES} and {FRACTIONAL}"
_TOO_LONG: Final = f"the row has more than the {MAX_FILE_BYTES / 1e6:g} MB expected at most"
_CHANGED: Final = "the file has changed: it holds fewer crystals than when it was listed"


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
        found = read_file_once(span.path)
        name = name_crystal(span.path.name, span.first + 1, is_only=len(found) == 1)
        yield _build_row(name, found[span.first].crystal if span.first < len(found) else _CHANGED)
        return
    if isinstance(span.content, pa.RecordBatch):
        for number, values in enumerate(list_rows(span.content), start=span.first + 1):
            place = name_crystal(span.path.name, number)
            yield Rejection(place, values) if isinstance(values, str) else _from_values(values, place)
        return
    read_one = _from_line if span.form is Form.LINES else _from_frame
    for number, content in enumerate(span.rows(), start=span.first + 1):
        place = name_crystal(span.path.name, number, is_only=span.is_only)
        yield read_one(content, place) if len(content) <= MAX_FILE_BYTES else Rejection(place, _TOO_LONG)


def _from_frame(content: bytes, place: str) -> Row:
    facts, crystal = read_frame(content.decode(errors="replace"))
    return _build_row(_find_id(facts, place), crystal)


def _from_line(content: bytes, place: str) -> Row:
    try:
        values = parse_json(content)
    except ValueError as error:
        return Rejection(place, f"not a line of JSON: {error}")
    return _from_values(values, place) if isinstance(values, dict) else Rejection(place, _NO_CRYSTAL)


def _find_id(values: Mapping[str, Any], place: str) -> str:
    return next((str(values[key]) for key in ID_KEYS if _is_id(values.get(key))), place)


def _is_id(value: object) -> bool:
    """Return whether a value names a row: a text that is not blank, or a number."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip() != ""


def _from_values(values: dict[str, Any], place: str) -> Row:
    """Return the crystal of a row of named values, in any of the forms that this project reads."""
    return _build_row(_find_id(values, place), read_row(values))


def _build_row(material_id: str, crystal: CrystalArrays | str) -> Row:
    material_id = escape_undecodable(material_id)
    if isinstance(crystal, str):
        return Rejection(material_id, crystal)
    if crystal.n_atom[0] > MAX_ATOMS:
        return Rejection(material_id, too_many_atoms(int(crystal.n_atom[0])))
    count = Counter(crystal.atomic_number.tolist())
    divisor = math.gcd(*count.values())
    formula = _compose_formula(tuple(sorted((number, n // divisor) for number, n in count.items())))
    return ScreenedCrystal(material_id, formula, crystal)


@lru_cache(maxsize=1 << 16)
def _compose_formula(count: tuple[tuple[int, int], ...]) -> str:
    return reduce_formulas([Composition({Element.from_Z(number): n for number, n in count})])[0]


def join_crystals(crystals: Sequence[ScreenedCrystal]) -> CrystalArrays:
    """Return the arrays of all crystals, one after another."""
    arrays = [crystal.arrays for crystal in crystals] or [CrystalArrays.from_structures([])]
    return CrystalArrays(*(np.concatenate([getattr(one, name) for one in arrays]) for name in _ARRAYS))


_ARRAYS: Final = ("lattice_angstrom", "n_atom", "frac_coords", "atomic_number")
