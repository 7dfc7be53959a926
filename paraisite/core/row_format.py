"""How rows come out of a verb: as a table for people, as JSON lines or as CSV for programs."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import Enum
from typing import Any, Final

from paraisite.core.shown_text import escape_controls


class RowFormat(Enum):
    """What rows are printed as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Record = Mapping[str, Any]

_CHOSEN: Final = ContextVar("row_format", default=RowFormat.TABLE)
_TABLES: Final[ContextVar[list[tuple[str, Sequence[Record]]] | None]] = ContextVar("tables", default=None)
_TABLE: Final = "table"
"""Column that tells the rows of a verb's tables apart, where it prints several."""


def chosen_format() -> RowFormat:
    """Return what tables are printed as."""
    return _CHOSEN.get()


@contextmanager
def tables_as(row_format: RowFormat) -> Iterator[None]:
    """Print the tables of a verb in this format; those for programs at its end, as one: CSV has one line of names."""
    tables: list[tuple[str, Sequence[Record]]] = []
    tokens = _CHOSEN.set(row_format), _TABLES.set(tables)
    try:
        yield
    finally:
        _CHOSEN.reset(tokens[0])
        _TABLES.reset(tokens[1])
        print_records(_join(tables), row_format)


def add_records(records: Sequence[Record], *, title: str) -> None:
    """Print a table's rows for a program, in the format that was chosen, when its verb has all of them."""
    tables = _TABLES.get()
    if tables is None:
        print_records(records, chosen_format())
    else:
        tables.append((title, records))


def _join(tables: Sequence[tuple[str, Sequence[Record]]]) -> Sequence[Record]:
    if len(tables) == 1:
        return tables[0][1]
    return [{_TABLE: title, **record} for title, records in tables for record in records]


def print_records(records: Sequence[Record], row_format: RowFormat) -> None:
    """Print rows for a program; nothing where there are none.

    Args:
        records: Rows; for CSV their values are numbers and texts, and a column stays empty where a row lacks it.
        row_format: JSON, an object on each line, or CSV.
    """
    if not records:
        return
    if row_format is RowFormat.CSV:
        import pandas as pd  # JSON needs none of it

        from paraisite.core.csv_tables import format_csv

        # Counts of which some are missing stay whole numbers.
        _print(format_csv(pd.DataFrame(records).convert_dtypes(convert_floating=False)).removesuffix("\n"))
        return
    for record in records:
        _print(json.dumps(record, ensure_ascii=False, allow_nan=False))


def _print(text: str) -> None:
    """Print lines as they are, but on a terminal, where control characters of a name would act."""
    if sys.stdout.isatty():
        text = "\n".join(map(escape_controls, text.split("\n")))
    print(text)  # noqa: T201
