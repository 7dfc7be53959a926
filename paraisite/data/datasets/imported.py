"""Data sets that a user has imported: a folder each, known by name, as usable as the project's own."""

import re
from pathlib import Path
from typing import Final

from paraisite.core.folders import restore_folders
from paraisite.core.paths import EXTERNAL
from paraisite.data.datasets.loaders import DATASET_NAMES
from paraisite.data.datasets.table import Dataset
from paraisite.data.snapshot import MATERIALS_FILE, Snapshot, snapshot_written_whole
from paraisite.errors import ConfigError

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NAME: Final = 40
RESERVED_NAMES: Final = (*DATASET_NAMES, "materials_project")


def check_name(name: str) -> str:
    """Return a name that a data set can have: it becomes a folder, and a part of recipes' and models' names.

    Raises:
        ConfigError: It cannot, or belongs to a data set of the project.
    """
    if name in RESERVED_NAMES:
        raise ConfigError(f"{name} is the name of a data set of the project: choose another")
    if not _NAME.fullmatch(name) or len(name) > _MAX_NAME:
        raise ConfigError(
            f"{name!r} cannot name a data set: expected at most {_MAX_NAME} lower-case letters, digits and single "
            "hyphens, a letter first"
        )
    return name


def list_imported_names() -> list[str]:
    """Return the names of all imported data sets."""
    restore_folders(EXTERNAL)
    cards = EXTERNAL.glob("*/dataset.json")
    return sorted(card.parent.name for card in cards if _NAME.fullmatch(card.parent.name))


def save_imported(dataset: Dataset, *, source: str, origin: str, database_version: str | None = None) -> Path:
    """Write a data set below ``external/``, in place of what had its name; return its folder.

    Args:
        dataset: Named by ``check_name``.
        source: Where the data come from, for people.
        origin: What was imported.
        database_version: As the source names it, or None where it names none.

    Raises:
        DataError: The folder cannot be written; what was there before stays.
    """
    folder = EXTERNAL / check_name(dataset.name)
    n_row = len(dataset) + len(dataset.rejected)
    with snapshot_written_whole(folder) as new:
        dataset.save(new)
        Snapshot.of(
            new,
            MATERIALS_FILE,
            n_row=n_row,
            source=source,
            query=origin,
            database_version=database_version,
        ).save(new)
    return folder
