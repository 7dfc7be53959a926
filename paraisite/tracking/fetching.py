"""Predictors from the model registry."""

from pathlib import Path

from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from paraisite.errors import TrackingError
from paraisite.folders import PREDICTOR
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.tracking.registry import ALIASES, PREDICTOR_TAG, download
from paraisite.tracking.store import open_store


def fetch_predictor(name: str, *, alias: str) -> Path:
    """Fetch what a version answers with.

    Args:
        name: Name of the registered model.
        alias: Which version.

    Returns:
        Folder with an ensemble and its reference; an ensemble's file if nothing but members was registered.

    Raises:
        TrackingError: There is no such version, or it cannot be fetched.
    """
    try:
        version = open_store().get_model_version_by_alias(name, alias)
    except MlflowException as error:
        raise TrackingError(f"the registry has no {name}@{alias}: {error.message}") from error
    return download(version, PREDICTOR if PREDICTOR_TAG in version.tags else ENSEMBLE_FILE)


def fetch_champion(name: str) -> Path | None:
    """Fetch the predictor of a registered model's champion; None if it has no champion, or that no predictor."""
    version = _champion(name)
    if version is None or PREDICTOR_TAG not in version.tags:
        return None
    return download(version, PREDICTOR)


def _champion(name: str) -> ModelVersion | None:
    try:
        return open_store().get_model_version_by_alias(name.upper(), ALIASES["Production"])
    except MlflowException:
        return None
