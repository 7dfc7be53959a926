"""Locks that processes share which use one store: while its tables are made, and while a version gets its stage."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from paraisite.core.files import cache_folder

logger = logging.getLogger(__name__)

DEFAULT_TRACKING_URI: Final = "sqlite:///mlflow.db"
"""The store of a user who names none."""

_SQLITE: Final = "sqlite:///"


def database_file(uri: str) -> Path | None:
    """Return the file of an SQLite store, None for any other store."""
    if not uri.startswith(_SQLITE):
        return None
    name = uri.removeprefix(_SQLITE).partition("?")[0]
    return Path(name) if name and name != ":memory:" else None


@contextmanager
def store_locked(uri: str, purpose: str) -> Iterator[None]:
    """Let one process at a time do something with a store.

    The lock of an SQLite store lies beside its file; that of any other in the user's cache folder, so that it holds
    for one user's processes on one machine. Where no file can be written there is no lock.

    Args:
        uri: Of the store.
        purpose: What is locked, as part of the lock's name.
    """
    database = database_file(uri)
    if database is not None:
        path = database.absolute().with_name(f"{database.name}-{purpose}.lock")
    else:
        path = cache_folder("locks") / f"{hashlib.sha256(uri.encode()).hexdigest()[:24]}-{purpose}.lock"
    from filelock import FileLock  # comes with MLflow's extra: names of stores are asked for without it

    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire()
    except OSError as error:  # a read-only folder, somebody else's lock file, or a file system without locks
        logger.debug("no lock for %s: %s", purpose, error)
    try:
        yield
    finally:
        lock.release()
