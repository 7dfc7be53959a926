"""Sources of structures by name: a path, a data set, or the Materials Project's stable crystals."""

from pathlib import Path
from typing import Final

from paraisite.artifacts.dvc_files import is_repository
from paraisite.core.files import cache_folder
from paraisite.core.paths import EXTERNAL
from paraisite.data.snapshot import MATERIALS_FILE, Snapshot
from paraisite.errors import MissingInputError
from paraisite.screening.chunks import Source
from paraisite.screening.sources import open_source

MATERIALS_PROJECT: Final = "materials_project"


def name_source(name: str) -> str:
    """Return what means the same source from every working directory: an absolute path, or a data set's name."""
    return str(Path(name).resolve()) if Path(name).exists() else name


def find_source(name: str) -> Source:
    """Return the source that a data set's name or a path means; a path wins.

    Raises:
        MissingInputError: There is no such thing.
        DataError: It is unusable.
    """
    if Path(name).exists():
        return open_source(Path(name))
    if name == MATERIALS_PROJECT:
        Snapshot.load(EXTERNAL / name)
        return open_source(EXTERNAL / name / MATERIALS_FILE)
    return _open_dataset(name)


def _open_dataset(name: str) -> Source:
    # Here, as a path needs no data set, and these take as long to import as all else.
    from paraisite.artifacts.inputs import load_data
    from paraisite.config import load_config
    from paraisite.data.datasets.imported import list_imported_names
    from paraisite.data.datasets.loaders import DATASET_NAMES

    if name in DATASET_NAMES and not is_repository():
        raise MissingInputError(f"{name} is no path here; the data set of that name is in a clone of the repository")
    if name in (*DATASET_NAMES, *list_imported_names()):
        dataset = load_data(name, load_config())
        folder = cache_folder("screening") / f"{name}-{dataset.digest[:16]}"
        dataset.save(folder)
        return open_source(folder / MATERIALS_FILE)
    known = ", ".join((MATERIALS_PROJECT, *DATASET_NAMES, *list_imported_names()))
    raise MissingInputError(f"{name} is neither a path nor a data set; known data sets are {known}")
