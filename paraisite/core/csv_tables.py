"""Tables as CSV for people: text that a spreadsheet would run as a formula stays text."""

from collections.abc import Callable
from typing import Any

import pandas as pd

from paraisite.core.shown_text import escape_formula, restore_formula


def format_csv(table: pd.DataFrame, *, float_format: str | None = None) -> str:
    """Return a table without its index as CSV.

    Args:
        table: Its texts, those in the header among them, come from anywhere.
        float_format: As pandas takes it.
    """
    return _map_texts(table, escape_formula).to_csv(index=False, float_format=float_format)


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
