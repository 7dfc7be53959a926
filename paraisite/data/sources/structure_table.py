"""A parquet table of structures and values, as records to make."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.data.record import Record
from paraisite.data.sources.own_records import ID_COLUMNS, ImportOptions, Item, make_record
from paraisite.data.structure_columns import STRUCTURE_SCHEMA
from paraisite.data.structure_files.json_documents import STRUCTURE
from paraisite.data.structure_files.reading import read_row, to_structure
from paraisite.errors import DataError
from paraisite.schema import PROTOTYPE


def list_table_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield the rows of a parquet table: structures as this project writes them, or as text that pymatgen reads."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no readable parquet table: {error}") from error
    if options.column not in table.column_names:
        raise DataError(f"{path} has no column {options.column!r}, but {', '.join(table.column_names)}: see --column")
    as_lists = set(STRUCTURE_SCHEMA.names) <= set(table.column_names)
    if not as_lists and STRUCTURE not in table.column_names:
        raise DataError(
            f"{path} has neither the columns {', '.join(STRUCTURE_SCHEMA.names)} nor {STRUCTURE!r} "
            "(pymatgen's JSON, a CIF or a POSCAR as text)"
        )
    id_column = next((name for name in ID_COLUMNS if name in table.column_names), None)
    for number in range(table.num_rows):
        values = table.slice(number, 1).to_pylist()[0]
        material_id = str((values[id_column] if id_column else None) or f"row {number + 1}")

        def make(values: dict[str, Any] = values, material_id: str = material_id) -> Record:
            structure = to_structure(read_row(values))
            prototype = values.get(PROTOTYPE)
            return make_record(material_id, structure, values[options.column], options, prototype=prototype or None)

        yield material_id, make
