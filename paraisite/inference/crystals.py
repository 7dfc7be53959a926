"""The crystals to predict for: from files, folders and standard input, each with a name."""

import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.core.shown_text import escape_undecodable
from paraisite.data.structure_files.formats import list_structure_files, name_crystal
from paraisite.data.structure_files.reading import FoundCrystal, parse_content, read_file, to_structure

STANDARD_INPUT: Final = Path("-")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Crystal:
    """A crystal to predict for.

    Attributes:
        name: Its file, and "#" with its number from 1 where that holds several.
        found: The structure, or the reason why there is none.
    """

    name: str
    found: Structure | str

    @property
    def formula(self) -> str | None:
        """Reduced formula; None where there is no structure."""
        return None if isinstance(self.found, str) else self.found.composition.reduced_formula


def read_crystals(paths: Sequence[Path]) -> list[Crystal]:
    """Return the crystals of all files, in the order given.

    Args:
        paths: Files; folders, which stand for the structure files in them; ``STANDARD_INPUT``.
    """
    return [crystal for path in paths for crystal in _read_path(path)]


def parse_crystals(name: str, content: bytes | str) -> list[Crystal]:
    """Return the crystals of a content of any format that ``parse_content`` knows; ``name`` is what it is called."""
    return list(_name_crystals(name, parse_content(content, name)))


def _read_path(path: Path) -> Iterator[Crystal]:
    if path == STANDARD_INPUT:
        if sys.stdin.isatty():
            logger.info("the terminal is read: paste a structure and end it with Ctrl-D (Ctrl-C leaves)")
        stream = getattr(sys.stdin, "buffer", sys.stdin)  # bytes, which may be packed
        yield from parse_crystals(str(path), stream.read())
        return
    # An empty folder stays, so that it becomes a row with a reason.
    for file in _list_files(path) or [path]:
        yield from _name_crystals(str(file), read_file(file))


def _list_files(path: Path) -> list[Path]:
    """Return the structure files of a folder; none for anything else, which may be no name that a file can have."""
    try:
        return list_structure_files(path) if path.is_dir() else []
    except OSError:
        return []


def _name_crystals(name: str, crystals: Sequence[FoundCrystal]) -> Iterator[Crystal]:
    name = escape_undecodable(name)
    if not crystals:
        yield Crystal(name, "it holds no structure")
    for number, one in enumerate(crystals, start=1):
        yield Crystal(name_crystal(name, number, is_only=len(crystals) == 1), to_structure(one.crystal))
