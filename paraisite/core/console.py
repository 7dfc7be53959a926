"""The console that tables go to."""

import os
from typing import Final

from rich.console import Console

_UNLIMITED: Final = 10_000


def open_console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal; without limit in a file or a pipe, where nobody reads by the screen.

    Args:
        stderr: The standard error in the place of the standard output.
    """
    console = Console(stderr=stderr)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(stderr=stderr, width=_UNLIMITED)


def limited_width(console: Console) -> int | None:
    """Return the characters of a line that a reader sees; None in a file or a pipe."""
    return None if console.width == _UNLIMITED else console.width
