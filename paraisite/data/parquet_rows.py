"""Rows of parquet tables from anywhere: their sizes are checked before they are read, and a bad row costs no other."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from paraisite.errors import DataError

MAX_VALUES: Final = 300_000_000
"""Of a column in one row group, which a file of kilobytes can hold where they repeat: gigabytes of memory."""


MAX_PACKED_BYTES: Final = 500_000_000
_MAX_RATIO: Final = 1000
"""A row group's column that is more than these, and so many times what it takes in the file, can be a single page, and
that is unpacked as a whole."""

_MAX_BYTES_AT_ONCE: Final = 64_000_000
_BUFFER_BYTES: Final = 1 << 20
_UNREADABLE: Final = (ValueError, OverflowError, pa.ArrowException)


def open_table(path: Path) -> pq.ParquetFile:
    """Open a table to be read in small pieces, however large its row groups are.

    Equal texts of a column stay one in memory, as they are in the file, where it is small. Of a large one, pyarrow
    would hold all texts that it has read so far.

    Raises:
        OSError: As pyarrow's exceptions: it is no readable parquet table.
    """
    metadata, schema = pq.read_metadata(path), pq.read_schema(path)
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    columns = (group.column(place) for group in groups for place in range(group.num_columns))
    large = {column.path_in_schema for column in columns if column.total_uncompressed_size > _MAX_BYTES_AT_ONCE}
    texts = [field.name for field in schema if _is_text(field.type) and "." not in field.name]
    kept_equal = [name for name in texts if name not in large]
    # Without these two a row group's whole column is in memory before its first row.
    return pq.ParquetFile(path, read_dictionary=kept_equal, buffer_size=_BUFFER_BYTES, pre_buffer=False)


def iterate_batches(table: pq.ParquetFile, n_row: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield a table's rows in batches, in which a text that stands in many rows is one only if all would be too much.

    Args:
        table: As ``open_table`` opens it.
        n_row: Of a batch.
        columns: What to read.
    """
    for batch in table.iter_batches(n_row, columns=list(columns)):
        if _count_bytes(batch) > _MAX_BYTES_AT_ONCE:
            yield batch
            continue
        plain = [each.dictionary_decode() if pa.types.is_dictionary(each.type) else each for each in batch.columns]
        yield pa.RecordBatch.from_arrays(plain, names=batch.schema.names)


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def check_sizes(path: Path, metadata: pq.FileMetaData, columns: Sequence[str]) -> None:
    """Do nothing if columns can be read in parts that memory holds.

    Raises:
        DataError: A row group declares more values than ``MAX_VALUES`` in one of them, or less than none; or far more
            bytes than it has in the file.
    """
    wanted = set(columns)
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for place in range(group.num_columns):
            column = group.column(place)
            name = column.path_in_schema.partition(".")[0]
            n_byte, n_packed = column.total_uncompressed_size, column.total_compressed_size
            if name in wanted and n_byte > max(MAX_PACKED_BYTES, _MAX_RATIO * n_packed):
                raise DataError(
                    f"{path}: column {name!r} has {n_byte / 1e6:.0f} MB in row group {number}, of which the file holds "
                    f"{n_packed / 1e6:.2f} MB, expected at most {MAX_PACKED_BYTES / 1e6:g} MB where so little is held: "
                    "write it in smaller row groups"
                )
            if name in wanted and not 0 <= column.num_values <= MAX_VALUES:
                raise DataError(
                    f"{path}: column {name!r} has {column.num_values} values in row group {number}, expected at most "
                    f"{MAX_VALUES}: write it in smaller row groups"
                )


def list_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | str]:
    """Yield the values of each row by their columns, or the reason why it has none, as text that is no UTF-8."""
    for rows in [batch] if _count_bytes(batch) <= _MAX_BYTES_AT_ONCE else _split(batch):
        try:
            values = rows.to_pylist()
        except _UNREADABLE:  # one of them is bad
            values = [_read_one(row) for row in _split(rows)]
        yield from values


def _count_bytes(batch: pa.RecordBatch) -> int:
    """Return how much memory the rows take at most, with each text that stands there several times."""
    texts = (column.dictionary for column in batch.columns if pa.types.is_dictionary(column.type))
    longest = (pc.max(pc.binary_length(text)).as_py() or 0 for text in texts if _is_text(text.type))
    return int(batch.nbytes + batch.num_rows * sum(longest))


def _split(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    return (batch.slice(number, 1) for number in range(batch.num_rows))


def _read_one(row: pa.RecordBatch) -> dict[str, Any] | str:
    try:
        (values,) = row.to_pylist()
    except _UNREADABLE as error:
        return f"the row cannot be read: {' '.join(str(error).split())[:200]}"
    return dict(values)
