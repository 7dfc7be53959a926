"""Output on the terminal: a table below its title, a line."""

import pandas as pd
from rich.console import Console

from paraisite.core.secrets import hide_secrets
from paraisite.reports.tables import render


def print_table(table: pd.DataFrame, *, title: str) -> None:
    """Print a table of text below its title."""
    Console().print(render(table, title=title))


def print_line(text: str) -> None:
    """Print text that a terminal may wrap but that stays one line in a file."""
    Console().print(hide_secrets(text), soft_wrap=True, highlight=False, markup=False)
