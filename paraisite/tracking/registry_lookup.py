"""Whether the model registry can have a model, without MLflow: its import takes longer than a prediction."""

import importlib.util
import logging
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from paraisite.core.extras import install_command

logger = logging.getLogger(__name__)

ADDRESS_VARIABLE: Final = "MLFLOW_TRACKING_URI"
DEFAULT_DATABASE: Final = Path("mlflow.db")
_SQLITE: Final = "sqlite:///"


def may_be_registered(name: str) -> bool:
    """Return whether it is worth asking the registry for a model.

    It is not where there is no store, where the store is an SQLite file that holds no version of this name, or where
    MLflow is not installed.

    Args:
        name: Of the registered model.
    """
    address = os.environ.get(ADDRESS_VARIABLE)
    if not (address or DEFAULT_DATABASE.exists()):
        return False
    if importlib.util.find_spec("mlflow") is None:
        logger.info("models that are registered in MLflow are not looked at: %s", install_command("train"))
        return False
    if address is None:
        return _has_version(DEFAULT_DATABASE, name)
    return _has_version(Path(address.removeprefix(_SQLITE)), name) if address.startswith(_SQLITE) else True


def _has_version(database: Path, name: str) -> bool:
    """Return whether a database has a version of a model; True where only MLflow can tell."""
    if not database.is_file():
        return True
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM model_versions WHERE name = ?", (name,)).fetchone() is not None
    except sqlite3.Error:
        return True
