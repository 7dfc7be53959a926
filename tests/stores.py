"""A store of a test's own, copied from one that was made once."""

import contextlib
import sqlite3
from pathlib import Path


def copy_store(template: Path, folder: Path, *, artifacts: Path | None = None) -> None:
    """Put a copy of a store into a folder.

    Args:
        template: The store.
        folder: Where its copy lies.
        artifacts: Where the artifacts of its runs go; by default beside it.
    """
    path = folder / "mlflow.db"
    path.write_bytes(template.read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute(
            "UPDATE experiments SET artifact_location = ? || '/mlruns/' || experiment_id", (str(artifacts or folder),)
        )
