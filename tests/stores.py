"""A store of a test's own, copied from one that was made once."""

import contextlib
import sqlite3
from pathlib import Path


def copy_store(template: Path, folder: Path) -> None:
    """Put a copy of a store into a folder, where the artifacts of its runs then lie, too."""
    path = folder / "mlflow.db"
    path.write_bytes(template.read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute("UPDATE experiments SET artifact_location = ? || '/mlruns/' || experiment_id", (str(folder),))
