"""A parquet table of structures and values, as records to make."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.data.record import Record
from paraisite.data.sources.own_records import ID_COLUMNS, ImportOptions, Item, make_record
from paraisite.data.structure_columns import STRUCTURE_SCHEMA, read_structure_columns
from paraisite.errors import DataError
from paraisite.schema import PROTOTYPE

STRUCTURE_COLUMN: Final = "structure"


def list_table_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield the rows of a parquet table: structures as this project writes them, or as text that pymatgen reads."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no readable parquet table: {error}") from error
    if options.column not in table.column_names:
        raise DataError(f"{path} has no column {options.column!r}, but {', '.join(table.column_names)}: see --column")
    as_lists = set(STRUCTURE_SCHEMA.names) <= set(table.column_names)
    if not as_lists and STRUCTURE_COLUMN not in table.column_names:
        raise DataError(
            f"{path} has neither the columns {', '.join(STRUCTURE_SCHEMA.names)} nor {STRUCTURE_COLUMN!r} "
            "(pymatgen's JSON, a CIF or a POSCAR as text)"
        )
    id_column = next((name for name in ID_COLUMNS if name in table.column_names), None)
    for number in range(table.num_rows):
        row = table.slice(number, 1)
        values = row.drop_columns([name for name in STRUCTURE_SCHEMA.names if name in row.column_names]).to_pylist()[0]
        material_id = str((values[id_column] if id_column else None) or f"row {number + 1}")

        def make(row: pa.Table = row, values: dict[str, Any] = values, material_id: str = material_id) -> Record:
            structure = _read_structure_lists(row) if as_lists else parse_structure_cell(values[STRUCTURE_COLUMN])
            prototype = values.get(PROTOTYPE)
            return make_record(material_id, structure, values[options.column], options, prototype=prototype or None)

        yield material_id, make


def _read_structure_lists(row: pa.Table) -> Structure | str:
    try:
        return read_structure_columns(row)[0]
    except (ValueError, TypeError, IndexError, KeyError) as error:
        return f"the columns {', '.join(STRUCTURE_SCHEMA.names)} make no crystal: {error}"


def parse_structure_cell(text: object) -> Structure | str:
    """Return the structure of pymatgen's dictionary or JSON, or of a CIF's or POSCAR's text, or why there is none."""
    if isinstance(text, dict):
        try:
            return Structure.from_dict(text)
        except Exception as error:  # pymatgen raises almost any exception on what is no structure
            return f"no structure as pymatgen writes it: {type(error).__name__} {error}"
    content = str(text)
    kind: Literal["json", "cif", "poscar"] = (
        "json" if content.lstrip().startswith("{") else "cif" if "_cell_length_a" in content else "poscar"
    )
    try:
        # Python's own reader takes NaN, so that it is the crystal that is refused, with the reason that all give.
        return Structure.from_dict(json.loads(content)) if kind == "json" else Structure.from_str(content, fmt=kind)
    except Exception as error:  # as above
        return f"not a readable {kind}: {' '.join(str(error).split())[:200] or type(error).__name__}"
