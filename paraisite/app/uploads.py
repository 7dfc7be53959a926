"""Crystals of the files that are uploaded to the page, as far as its limits reach."""

from collections.abc import Sequence
from typing import Final

from paraisite.inference.crystals import Crystal, parse_crystals

MAX_FILES: Final = 200
MAX_BYTES: Final = 100_000_000
MAX_CRYSTALS: Final = 2_000
"""What the page reads at once: it answers whoever is at the browser, and `screen` is for more."""


def crystals_of_files(files: Sequence[tuple[str, bytes]], n_file: int) -> tuple[list[Crystal], str]:
    """Return the crystals of uploaded files as far as the limits reach, and a sentence about what was left out.

    Args:
        files: Name and content of each.
        n_file: How many were uploaded.
    """
    crystals: list[Crystal] = []
    n_read, n_bytes = 0, 0
    for name, content in files[:MAX_FILES]:
        n_bytes += len(content)
        if n_bytes > MAX_BYTES or len(crystals) >= MAX_CRYSTALS:
            break
        crystals += parse_crystals(name, content)
        n_read += 1
    if n_read == n_file and len(crystals) <= MAX_CRYSTALS:
        return crystals, ""
    return crystals[:MAX_CRYSTALS], (
        f"{n_read} of {n_file} files and {min(len(crystals), MAX_CRYSTALS)} crystals were read: the page takes at most "
        f"{MAX_FILES} files, {MAX_BYTES / 1e6:.0f} MB and {MAX_CRYSTALS} crystals; `paraisite screen` takes more"
    )


def crystals_of_text(text: str) -> tuple[list[Crystal], str]:
    """Return the crystals of a text that was pasted, within the same limits, and a sentence about what was left out."""
    return crystals_of_files([("pasted text", text.encode(errors="backslashreplace"))], 1)
