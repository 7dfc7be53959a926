"""The crystals of a source as pymatgen structures, and the columns of numbers beside them."""

from collections.abc import Iterator
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.core.damaged_files import refuse_damaged
from paraisite.data.structure_files.json_values import parse_json
from paraisite.screening.chunks import Chunk, Form, Source
from paraisite.screening.records import ScreenedCrystal, read_chunk
from paraisite.screening.sources import TableSource

_ROWS_AT_ONCE: Final = 1024


def read_structures(source: Source) -> list[Structure | None]:
    """Return the crystal of every row, in order; None where a row holds none or its sites hold several elements.

    Raises:
        DataError: The source cannot be read to its end.
    """
    rows = (row for chunk in source.chunks(_ROWS_AT_ONCE) for row in read_chunk(chunk))
    return [_structure(row) if isinstance(row, ScreenedCrystal) else None for row in rows]


def read_numbers(source: Source) -> pd.DataFrame:
    """Return the columns of numbers, or of true and false, that a table or JSON lines bring along, one row for each.

    Other sources bring none: the table is then empty.

    Raises:
        DataError: The source cannot be read to its end.
    """
    if isinstance(source, TableSource):
        with refuse_damaged(source.path, remedy="write the table anew"):
            schema = pq.read_schema(source.path)
            names = [field.name for field in schema if _is_number(field.type)]
            return pq.read_table(source.path, columns=names).to_pandas()
    return pd.DataFrame([row for chunk in source.chunks(_ROWS_AT_ONCE) for row in _of_lines(chunk)])


def _structure(crystal: ScreenedCrystal) -> Structure | None:
    return crystal.arrays.structures()[0] if crystal.arrays.atomic_number.all() else None


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def _of_lines(chunk: Chunk) -> Iterator[dict[str, Any]]:
    for span in chunk.spans:
        if span.form is Form.LINES:
            yield from map(_numbers, span.rows())


def _numbers(line: bytes) -> dict[str, Any]:
    try:
        values = parse_json(line)
    except ValueError:
        return {}
    if not isinstance(values, dict):
        return {}
    return {name: value for name, value in values.items() if isinstance(value, bool | int | float)}
