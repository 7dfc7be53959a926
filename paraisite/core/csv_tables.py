"""Tables as CSV for people: text that a spreadsheet would run as a formula stays text."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from paraisite.core.files import write_whole
from paraisite.core.shown_text import escape_formula, escape_undecodable, restore_formula


def format_csv(table: pd.DataFrame, *, float_format: str | None = None, header: bool = True) -> str:
    """Return a table without its index as CSV.

    Args:
        table: Its texts, those in the header among them, come from anywhere.
        float_format: As pandas takes it.
        header: Whether the columns' names come first.
    """
    return _map_texts(table, escape_formula).to_csv(index=False, float_format=float_format, header=header)


def write_csv(table: pd.DataFrame, path: Path, *, float_format: str | None = None) -> None:
    """Write a table without its index as CSV, whole; packed by gzip, without a time, where the name ends on ``.gz``.

    Equal tables are equal files.

    Args:
        table: As ``format_csv`` takes it.
        path: The file.
        float_format: As pandas takes it.
    """
    content = escape_undecodable(format_csv(table, float_format=float_format)).encode()
    write_whole(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)


def restore_texts(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table that was read from what ``format_csv`` wrote, with the texts that it was given."""
    return _map_texts(table, restore_formula)


def _map_texts(table: pd.DataFrame, change: Callable[[str], str]) -> pd.DataFrame:
    changed = table.copy()
    for name in table.select_dtypes(exclude=["number", "bool"]).columns:
        changed[name] = pd.Series([_change(value, change) for value in table[name]], index=table.index, dtype=object)
    return changed.rename(columns=lambda name: _change(name, change))


def _change(value: Any, change: Callable[[str], str]) -> Any:
    return change(value) if isinstance(value, str) else value
