"""Import a user's own files as a data set: ``data import``."""

from pathlib import Path
from typing import Final

from paraisite.artifacts.dvc_files import track_with_dvc
from paraisite.core.folders import check_writable
from paraisite.core.paths import EXTERNAL
from paraisite.core.progress import CountProgress
from paraisite.data.datasets.imported import check_name, save_imported
from paraisite.data.datasets.table import build_dataset
from paraisite.data.sources.own_data import load_own_data
from paraisite.data.sources.own_records import ImportOptions
from paraisite.errors import ConfigError
from paraisite.labels.phono3py_run import compute_kappa
from paraisite.workflows.describe_data import summarise_dataset

_SECONDS_BETWEEN_LINES: Final = 10.0


def import_dataset(name: str, path: Path, options: ImportOptions, *, replace: bool) -> None:
    """Import a user's files as a data set in ``external/``, which all verbs then take by its name.

    Raises:
        ConfigError: The name is not valid, or taken.
        MissingInputError: There is no such path.
        DataError: No material is usable.
    """
    folder = EXTERNAL / check_name(name)
    if folder.exists() and not replace:
        raise ConfigError(f"{folder} exists: choose another name, or replace it with --replace")
    check_writable(EXTERNAL)
    with CountProgress(name, unit="rows", seconds_between_lines=_SECONDS_BETWEEN_LINES) as progress:
        records, rejections = load_own_data(
            path, options, on_row=lambda n_row: progress.update(n_done=n_row), compute_kappa=compute_kappa
        )
    dataset = build_dataset(name, records, rejections)
    save_imported(dataset, source=options.source, origin=str(path))
    track_with_dvc("add", str(folder))
    summarise_dataset(name, dataset)
