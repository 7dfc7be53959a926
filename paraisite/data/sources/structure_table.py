"""A parquet table of structures and values, as records to make."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.data.parquet_rows import check_sizes, iterate_batches, list_rows, open_table
from paraisite.data.record import Record
from paraisite.data.sources.own_records import (
    ID_COLUMNS,
    ImportOptions,
    Item,
    check_column,
    is_condition,
    make_record,
    refuse_record,
)
from paraisite.data.structure_columns import STRUCTURE_SCHEMA
from paraisite.data.structure_files.json_documents import STRUCTURE, is_cif_key
from paraisite.data.structure_files.reading import read_row, to_structure
from paraisite.data.structure_files.stated_facts import compared_columns
from paraisite.errors import DataError
from paraisite.schema import PROTOTYPE

MAX_ROWS: Final = 1_000_000
"""Of a table with values, all of which are held in memory; a screening takes more."""

_ROWS_AT_ONCE: Final = 256


def list_table_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield the rows of a parquet table: structures as this project writes them, or as text that pymatgen reads."""
    try:
        with open_table(path) as table:
            columns = _choose_columns(path, table, options)
            number = 0
            for batch in iterate_batches(table, _ROWS_AT_ONCE, columns):
                for values in list_rows(batch):
                    number += 1
                    yield _make_item(values, f"row {number}", options)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no readable parquet table: {error}") from error


def _choose_columns(path: Path, table: pq.ParquetFile, options: ImportOptions) -> list[str]:
    """Return the columns that matter.

    Raises:
        DataError: There are no structures or values among them, or more rows than an import takes.
    """
    names = table.schema_arrow.names
    check_column(options)
    if options.column not in names:
        raise DataError(f"{path} has no column {options.column!r}, but {', '.join(names)}: see --column")
    structure = STRUCTURE_SCHEMA.names if set(STRUCTURE_SCHEMA.names) <= set(names) else [STRUCTURE]
    if not set(structure) <= set(names):
        raise DataError(
            f"{path} has neither the columns {', '.join(STRUCTURE_SCHEMA.names)} nor {STRUCTURE!r} "
            "(pymatgen's JSON, a CIF or a POSCAR as text)"
        )
    if table.metadata.num_rows > MAX_ROWS:
        raise DataError(f"{path} has {table.metadata.num_rows} rows, expected at most {MAX_ROWS}")
    further = [name for name in (options.column, PROTOTYPE, STRUCTURE, *ID_COLUMNS) if name in names]
    further += [name for name in names if is_condition(name) or is_cif_key(name)]
    columns = list(dict.fromkeys([*structure, *further, *compared_columns(names)]))
    check_sizes(path, table.metadata, columns)
    return columns


def _make_item(values: dict[str, Any] | str, place: str, options: ImportOptions) -> Item:
    if isinstance(values, str):
        return place, refuse_record(values)
    id_column = next((name for name in ID_COLUMNS if name in values), None)
    material_id = str((values[id_column] if id_column else None) or place)

    def make() -> Record:
        structure = to_structure(read_row(values))
        prototype = values.get(PROTOTYPE)
        return make_record(material_id, structure, values, options, prototype=prototype or None)

    return material_id, make
