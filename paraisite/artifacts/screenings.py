"""Screenings below ``build/screen/``: their folders, and which of them is the last one."""

import json
from pathlib import Path

from paraisite.core.paths import SCREENINGS
from paraisite.errors import DataError, MissingInputError
from paraisite.screening.output import SOURCE_KEY, SUMMARY_FILE, ScreeningFolder


def screening_folder(source: str, model: str) -> Path:
    """Return the default folder of a screening with one model."""
    return SCREENINGS / f"{_name(source)}-{Path(model).stem}".lower()


def all_models_file(source: str) -> Path:
    """Return the default file of a screening with all final models."""
    return SCREENINGS / f"{_name(source)}-all.parquet".lower()


def _name(source: str) -> str:
    name = Path(source).name
    return Path(source).resolve().name if name in ("", "..") else name


def source_of_screening(folder: Path) -> str:
    """Return the path or data set that a complete screening is of.

    A screening of version 0.1 does not say so: its folder is named after the source.

    Raises:
        MissingInputError: There is no complete screening.
        DataError: Its summary is damaged, or neither that nor the folder's name tells the source.
    """
    ScreeningFolder(folder).require_complete()
    try:
        recorded = json.loads((folder / SUMMARY_FILE).read_text()).get(SOURCE_KEY)
    except (OSError, ValueError, AttributeError) as error:
        raise DataError(f"{folder / SUMMARY_FILE} is no readable summary: {error!r}") from error
    if source := recorded or folder.name.rpartition("-")[0]:
        return str(source)
    raise DataError(f"{folder} does not say what was screened: `select` takes it as --source, or screen it again")


def last_screening() -> Path:
    """Return the folder of the last complete screening.

    Raises:
        MissingInputError: There is none.
    """
    if not (complete := list_screenings()):
        raise MissingInputError(f"no complete screening below {SCREENINGS}: run `python -m paraisite screen` first")
    return complete[0]


def list_screenings() -> list[Path]:
    """Return the folders of all complete screenings, the last one first."""
    complete = sorted(SCREENINGS.glob(f"*/{SUMMARY_FILE}"), key=lambda file: file.stat().st_mtime, reverse=True)
    return [file.parent for file in complete]
