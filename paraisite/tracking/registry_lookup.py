"""Whether the model registry can have a model, without MLflow: its import takes longer than a prediction."""

import importlib.util
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from paraisite.core.extras import install_command
from paraisite.tracking.store_locks import DEFAULT_TRACKING_URI, database_file

logger = logging.getLogger(__name__)

ADDRESS_VARIABLE: Final = "MLFLOW_TRACKING_URI"


def may_be_registered(name: str) -> bool:
    """Return whether it is worth asking the registry for a model.

    It is not where there is no store, where the store is an SQLite file that holds no version of this name, or where
    MLflow is not installed.

    Args:
        name: Of the registered model.
    """
    address = os.environ.get(ADDRESS_VARIABLE)
    database = database_file(address or DEFAULT_TRACKING_URI)
    if not address and not (database and database.exists()):
        return False
    if importlib.util.find_spec("mlflow") is None:
        logger.info("models that are registered in MLflow are not looked at: %s", install_command("train"))
        return False
    return True if database is None else _has_version(database, name)


def _has_version(database: Path, name: str) -> bool:
    """Return whether a database has a version of a model; True where only MLflow can tell."""
    if not database.is_file():
        return True
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM model_versions WHERE name = ?", (name,)).fetchone() is not None
    except sqlite3.Error as error:
        return "no such table" not in str(error)  # as in an empty file
