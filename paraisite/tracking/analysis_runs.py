"""Runs of analyses after training: tables, figures and documents as artifacts."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from paraisite.core.files import write_whole
from paraisite.tracking.store import open_store, provenance_tags
from paraisite.tracking.writing import log_values


@contextmanager
def logged_folder(target: Path, *, run_id: str) -> Iterator[Path]:
    """Hold a folder open to write into; at the end its files are logged into an open run and stand in ``target``.

    Whatever else lies in ``target`` is neither logged nor touched.

    Args:
        target: Where the files are to be.
        run_id: The run.

    Yields:
        The folder to write into.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        open_store().log_artifacts(run_id, name)
        for file in folder.rglob("*.*"):
            write_whole(target / file.relative_to(folder), file.read_bytes())


def log_numbers(metrics: Mapping[str, float], *, run_id: str) -> None:
    """Log numbers into an open run, and where code and data come from.

    Args:
        metrics: By names that a store can show; those that are not finite are left out.
        run_id: The run.
    """
    finite = {name: value for name, value in metrics.items() if np.isfinite(value)}
    log_values(open_store(), run_id, metrics=finite, tags=provenance_tags())
