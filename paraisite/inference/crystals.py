"""The crystals to predict for: from files, folders and standard input, each with a name."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.data.structure_files import (
    EXTENDED_XYZ_SUFFIXES,
    parse_structures,
    read_frames,
    read_structure,
    structure_files,
)

STANDARD_INPUT: Final = Path("-")


@dataclass(frozen=True, eq=False)
class Crystal:
    """A crystal to predict for.

    Attributes:
        name: Its file, and "#" with the frame's number from 1 where that holds several.
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


def parse_crystals(name: str, text: str) -> list[Crystal]:
    """Return the crystals in a text of any format that ``parse_structures`` knows; ``name`` is what it is called."""
    return list(_name_frames(name, parse_structures(text)))


def _read_path(path: Path) -> Iterator[Crystal]:
    if path == STANDARD_INPUT:
        yield from parse_crystals(str(path), sys.stdin.read())
        return
    # An empty folder stays, so that it becomes a row with a reason.
    for file in (_list_files(path) if path.is_dir() else []) or [path]:
        if file.suffix.lower() in EXTENDED_XYZ_SUFFIXES:
            yield from _name_frames(str(file), [found for _, found in read_frames(file)])
        else:
            yield Crystal(str(file), read_structure(file))


def _list_files(folder: Path) -> list[Path]:
    frames = [file for suffix in EXTENDED_XYZ_SUFFIXES for file in folder.glob(f"*{suffix}")]
    return sorted({*structure_files(folder), *frames})


def _name_frames(name: str, frames: Sequence[Structure | str]) -> Iterator[Crystal]:
    if not frames:
        yield Crystal(name, "it holds no structure")
    for number, found in enumerate(frames, start=1):
        yield Crystal(name if len(frames) == 1 else f"{name}#{number}", found)
