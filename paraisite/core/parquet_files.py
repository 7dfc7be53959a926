"""Parquet files: written whole or not at all, and compact where they go into the store."""

from io import BytesIO
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.core.files import write_whole

COMPACT: Final[dict[str, Any]] = {
    "compression": "zstd",
    "compression_level": 19,
    "use_dictionary": False,
    "write_statistics": False,
}
"""How tables are written that go into the store: they are read whole, so that dictionaries and statistics of their
columns would only make them longer, by a third where they hold structures."""


def write_parquet(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a table whole.

    Args:
        table: It.
        path: The file; its folder is made.
        options: Of ``pyarrow.parquet.write_table``, as ``COMPACT``.

    Raises:
        OSError: The file cannot be written; what was there before stays.
    """
    content = BytesIO()
    pq.write_table(table, content, **options)
    write_whole(path, content.getvalue())
