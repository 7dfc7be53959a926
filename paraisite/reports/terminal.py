"""Output on the terminal: a table below its title, a line; for programs a table's rows alone."""

from typing import Any

import numpy as np
import pandas as pd
from rich.table import Table

from paraisite.core.console import open_console
from paraisite.core.row_format import RowFormat, add_records, chosen_format
from paraisite.core.secrets import hide_secrets
from paraisite.reports.tables import render


def print_table(table: pd.DataFrame, *, title: str, numbers: pd.DataFrame | None = None) -> None:
    """Print a table of text below its title; as JSON or CSV, where that was asked for, its rows without title.

    Args:
        table: What people read.
        title: What stands above it.
        numbers: The same for programs, not rounded and not joined to text; None: they get the table's own cells.
    """
    if chosen_format() is RowFormat.TABLE:
        print_framed(render(table, title=title))
    else:
        add_records(_to_records(table if numbers is None else numbers), title=title)


def print_framed(table: Table) -> None:
    """Print a table; in a file or a pipe without its frame, so that other programs find nothing but words in lines."""
    console = open_console()
    if not console.is_terminal:
        table.box = None
    console.print(table)


def print_line(text: str) -> None:
    """Print text that a terminal may wrap but that stays one line in a file; beside rows for a program, as an error."""
    console = open_console(stderr=chosen_format() is not RowFormat.TABLE)
    console.print(hide_secrets(text), soft_wrap=True, highlight=False, markup=False)


def _to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows, the index in front; what is no number or text is its text, and NaN is None."""
    is_numbered = isinstance(table.index, pd.RangeIndex) and table.index.name is None
    named = table if is_numbered else table.rename_axis(index=str(table.index.name or "row")).reset_index()
    return [{str(key): _plain(value) for key, value in record.items()} for record in named.to_dict("records")]


def _plain(value: Any) -> Any:
    if pd.isna(value) or value in (np.inf, -np.inf):
        return None
    return value if isinstance(value, str | int | float | bool) else str(value)
