"""Tables of text: for the terminal, and as markdown."""

import re
from collections.abc import Sequence
from typing import Final

import pandas as pd
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from paraisite.core.shown_text import escape_controls

NOTHING: Final = "–"
"""Stands in a cell that has no value."""

_LIKE_NUMBER: Final = re.compile(rf"\s*([-+±~<>≈*]*\s*[\d.]|{NOTHING}|-|nan|$)")


def render(table: pd.DataFrame, *, title: str) -> Table:
    """Return a table of text for ``rich.console.Console().print``; columns of numbers are aligned right."""
    rendered = Table(title=escape(title), title_justify="left")
    rendered.add_column(str(table.index.name), no_wrap=True)
    for place, name in enumerate(table.columns):
        of_numbers = all(map(_starts_like_number, table.iloc[:, place]))
        rendered.add_column(str(name), justify="right" if of_numbers else "left", overflow="fold")
    for recipe, cells in zip(table.index, table.to_numpy(), strict=True):
        rendered.add_row(*(Text(escape_controls(str(cell))) for cell in (recipe, *cells)))
    return rendered


def _starts_like_number(cell: object) -> bool:
    """Return whether a cell shows a number, with what stands behind it, or that there is none."""
    return _LIKE_NUMBER.match(str(cell)) is not None


def to_markdown(table: pd.DataFrame, *, of_numbers: bool = True) -> str:
    """Return a table as GitHub's markdown.

    Args:
        table: Of text; the index is the first column.
        of_numbers: Whether the columns besides the first are aligned right.
    """
    lines = [
        _markdown_row([str(table.index.name), *map(str, table.columns)]),
        _markdown_row(["---", *["---:" if of_numbers else "---"] * len(table.columns)]),
    ]
    for name, cells in zip(table.index, table.to_numpy(), strict=True):
        lines.append(_markdown_row([str(name), *map(str, cells)]))
    return "\n".join(lines) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
