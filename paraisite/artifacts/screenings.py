"""Screenings below ``build/screen/``: their folders, and which of them is the last one."""

from pathlib import Path

from paraisite.core.paths import SCREENINGS
from paraisite.errors import MissingInputError
from paraisite.screening.output import SUMMARY_FILE


def screening_folder(source: str, model: str) -> Path:
    """Return the default folder of a screening with one model."""
    return SCREENINGS / f"{Path(source).name}-{Path(model).stem}".lower()


def all_models_file(source: str) -> Path:
    """Return the default file of a screening with all final models."""
    return SCREENINGS / f"{Path(source).name}-all.parquet".lower()


def source_of_screening(folder: Path) -> str:
    """Return the source that a screening's folder is named after."""
    return folder.name.rpartition("-")[0]


def is_screening(folder: Path) -> bool:
    """Return whether a folder holds a complete screening."""
    return (folder / SUMMARY_FILE).exists()


def last_screening() -> Path:
    """Return the folder of the last complete screening.

    Raises:
        MissingInputError: There is none.
    """
    complete = sorted(SCREENINGS.glob(f"*/{SUMMARY_FILE}"), key=lambda file: file.stat().st_mtime)
    if not complete:
        raise MissingInputError(f"no complete screening below {SCREENINGS}: run `python -m paraisite screen` first")
    return complete[-1].parent
