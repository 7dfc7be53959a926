"""How rows come out of a verb: as a table for people, as JSON lines or as CSV for programs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any, Final


class RowFormat(Enum):
    """What rows are printed as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


_CHOSEN: Final = ContextVar("row_format", default=RowFormat.TABLE)


def chosen_format() -> RowFormat:
    """Return what tables are printed as."""
    return _CHOSEN.get()


@contextmanager
def tables_as(row_format: RowFormat) -> Iterator[None]:
    """Print the tables of a verb in this format."""
    token = _CHOSEN.set(row_format)
    try:
        yield
    finally:
        _CHOSEN.reset(token)


def print_records(records: Sequence[Mapping[str, Any]], row_format: RowFormat) -> None:
    """Print rows for a program.

    Args:
        records: Rows with the same keys; for CSV their values are numbers and texts.
        row_format: JSON, an object on each line, or CSV.
    """
    if row_format is RowFormat.CSV:
        import pandas as pd  # JSON needs none of it

        from paraisite.core.csv_tables import format_csv

        # Counts of which some are missing stay whole numbers.
        print(format_csv(pd.DataFrame(records).convert_dtypes(convert_floating=False)), end="")  # noqa: T201
        return
    for record in records:
        print(json.dumps(record, ensure_ascii=False, allow_nan=False))  # noqa: T201
