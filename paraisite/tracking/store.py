"""Which MLflow store is used, and where a run comes from: git commit, DVC hashes, package version."""

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.environment_variables import MLFLOW_HTTP_REQUEST_MAX_RETRIES, MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
from mlflow.utils.file_utils import local_file_uri_to_path
from mlflow.utils.uri import is_local_uri
from sqlalchemy import create_engine
from sqlalchemy.exc import NoSuchModuleError
from sqlalchemy.pool import NullPool

import paraisite
from paraisite.core.extras import install_command
from paraisite.core.files import name_temporary, remove_leftovers
from paraisite.core.folders import check_writable
from paraisite.core.secrets import hide_secrets
from paraisite.errors import TrackingError
from paraisite.tracking.store_errors import store_errors_as_sentences
from paraisite.tracking.store_locks import DEFAULT_TRACKING_URI, database_file, store_locked

logger = logging.getLogger(__name__)

UNKNOWN: Final = "unknown"
_VARIABLE: Final = '"$MLFLOW_TRACKING_URI"'
"""What stands in a command in place of an address with a password."""

_reached: set[tuple[str, Path]] = set()
"""Stores that have answered this process, each with the folder that a relative address is seen from."""


def open_store() -> MlflowClient:
    """Return a client of the store that MLFLOW_TRACKING_URI names, else of ``mlflow.db`` in the working folder.

    An SQLite store that is not there yet is made, by one process at a time: MLflow's own makes its tables twice where
    two begin at once, and both fail.

    Raises:
        TrackingError: The store is damaged, cannot be reached, or refuses the user.
    """
    if not MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.is_set():
        MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.set(True)  # two lines for each of ten runs would hide the table
    place = (store_uri(), Path.cwd())
    if place not in _reached:
        _reach(place[0])
        _reached.add(place)
    return MlflowClient()


def store_uri() -> str:
    """Return the address of the store in use, with all that it holds: not to be shown."""
    if not mlflow.is_tracking_uri_set():
        mlflow.set_tracking_uri(DEFAULT_TRACKING_URI)
    return str(mlflow.get_tracking_uri())


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn failures of the store in use into one sentence; see ``store_errors_as_sentences``."""
    with store_errors_as_sentences(store_uri()):
        yield


def check_outputs_writable(folder: Path) -> None:
    """Raise if what a run makes could not be kept: asked before what takes long.

    A store that is a server or a database of its own says so where a run is made.

    Args:
        folder: Of its files, there or yet to be made.

    Raises:
        OSError: The folder cannot be written, or that of a store in a file, where SQLite has a journal, too.
        TrackingError: The store's file cannot be written.
    """
    check_writable(folder)
    uri = store_uri()
    if (file := database_file(uri)) is None:
        return
    check_writable(file.absolute().parent)
    if file.exists() and not os.access(file, os.W_OK):
        raise TrackingError(hide_secrets(f"the experiment store {uri} is read-only: nothing can be logged there"))


def check_artifacts_writable(client: MlflowClient, run: Run) -> None:
    """Raise if a run cannot take files, by which its models, tables and figures would be lost.

    Args:
        client: Of the store.
        run: That was just made. Where its files do not lie on this machine, a first small one is sent.

    Raises:
        OSError: The folder of its files cannot be written.
    """
    uri = str(run.info.artifact_uri)
    if is_local_uri(uri):
        check_writable(Path(local_file_uri_to_path(uri)))
    else:
        client.log_dict(run.info.run_id, provenance_tags(), "provenance.json")


def _reach(uri: str) -> None:
    """Ask a store for something small, so that one that cannot be used is told at once and not after a training."""
    with store_errors_as_sentences(uri), store_locked(uri, "begin"):
        file = database_file(uri)
        if file is not None and (not file.exists() or file.stat().st_size == 0):
            _make_database(file.absolute())
        if "://" in uri and not uri.startswith(("http:", "https:", "file:", "databricks")):
            _check_database(uri)
        retries = MLFLOW_HTTP_REQUEST_MAX_RETRIES.get_raw()
        MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(1)  # by default a server that is down is asked again for minutes
        try:
            MlflowClient().search_experiments(max_results=1)
        finally:
            if retries is None:
                MLFLOW_HTTP_REQUEST_MAX_RETRIES.unset()
            else:
                MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(retries)


def _make_database(file: Path) -> None:
    """Make an SQLite store's tables beside its place, then put it there.

    They are made in some fifty steps: where a process is killed on the way, no other one can go on.
    """
    from mlflow.store.db.utils import _initialize_tables  # here, as it takes half a second

    file.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(file)
    folder = name_temporary(file)
    folder.mkdir()
    try:
        engine = create_engine(f"sqlite:///{folder / file.name}", poolclass=NullPool)
        _initialize_tables(engine)
        engine.dispose()
        (folder / file.name).replace(file)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_database(uri: str) -> None:
    """Connect to a database once: MLflow tries for minutes, whatever the reason that it cannot.

    Raises:
        TrackingError: Its driver is absent, or an SQLite file is shorter than it says.
    """
    file = database_file(uri)
    if file is not None and not file.exists():
        return
    try:
        engine = create_engine(uri, poolclass=NullPool)
    except (ImportError, NoSuchModuleError) as error:
        raise TrackingError(
            hide_secrets(
                f"the experiment store {uri} needs a driver ({error}); for PostgreSQL: {install_command('postgresql')}"
            )
        ) from error
    try:
        with engine.connect() as connection:
            if file is None:
                return
            n_page, page_size = (
                connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
            )
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
    finally:
        engine.dispose()
    if file.stat().st_size < n_page * page_size:
        raise TrackingError(
            f"the experiment store {uri} is damaged: {file} holds {file.stat().st_size} bytes where its header says "
            f"{n_page * page_size}; restore it from a copy, or move the file away to begin anew"
        )


def ui_hint() -> str:
    """Return the line that opens the UI of the store in use: a command, or a server's address; without passwords."""
    uri = store_uri()
    shown = hide_secrets(uri)
    if uri.startswith(("http://", "https://")):
        return shown
    return f"mlflow ui --backend-store-uri {uri if shown == uri else _VARIABLE}"


def provenance_tags(folder: Path = Path()) -> dict[str, str]:
    """Return tags that name the code and data of a run.

    Args:
        folder: The project's folder, with ``data.dvc``.

    Returns:
        ``git_commit`` (ends in "-dirty" if files were changed), ``dvc_data_md5``, ``paraisite_version``; "unknown"
        where something cannot be found.
    """
    return {
        "git_commit": _git_commit(folder),
        "dvc_data_md5": _dvc_md5(folder / "data.dvc"),
        "paraisite_version": paraisite.__version__,
    }


def _git_commit(folder: Path) -> str:
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError) as error:
        logger.debug("no git commit: %s", error)
        return UNKNOWN
    return done.stdout.strip()


def _dvc_md5(path: Path) -> str:
    try:
        outputs = yaml.safe_load(path.read_text())["outs"]
        return ", ".join(str(output["md5"]) for output in outputs)
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        logger.debug("no DVC hash: %s", error)
        return UNKNOWN
