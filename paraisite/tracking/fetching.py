"""Members and predictors from the model registry."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Final

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.utils.uri import is_local_uri

from paraisite.core.files import cache_folder, file_sha256
from paraisite.core.folders import folder_written_whole
from paraisite.core.paths import PREDICTOR
from paraisite.core.secrets import hide_secrets
from paraisite.errors import TrackingError
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.tracking.evidence_files import read_evidence
from paraisite.tracking.progress_bars import no_progress_bar
from paraisite.tracking.registry import PREDICTOR_TAG, SHA256_TAG
from paraisite.tracking.stages import current_version, version_of_alias
from paraisite.tracking.store import open_store, store_errors

_CACHE: Final = "registry"
"""Kind of content in the user's cache: what a server's registry has sent."""


@dataclass(frozen=True)
class RegistryModel:
    """A model fetched from the registry.

    Attributes:
        path: Local path of the ensemble file.
        version: Number of the version, as text.
        metrics: Means over the splits by metric name; empty for a model that was registered from a file.
    """

    path: Path
    version: str
    metrics: dict[str, float]


def is_registered(name: str) -> bool:
    """Return whether the registry has a version that ``load_from_registry`` would fetch."""
    client = open_store()
    with store_errors():
        return _find_version(client, name) is not None


def load_from_registry(name: str, *, folder: Path | None = None) -> RegistryModel | None:
    """Fetch the champion of a registered model, else its challenger.

    Args:
        name: Name of the registered model.
        folder: Where to put the file; by default where it is on this machine, or the user's cache.

    Returns:
        The model, or None if there is none with either alias or stage.

    Raises:
        TrackingError: The file cannot be fetched, or is not the one that was registered.
    """
    client = open_store()
    with store_errors():
        version = _find_version(client, name)
    if version is None:
        return None
    path = _download(version, ENSEMBLE_FILE, folder=folder)
    expected = version.tags.get(SHA256_TAG)
    if expected is not None and file_sha256(path) != expected:
        raise TrackingError(f"{path}: {name} version {version.version} should have SHA-256 {expected}, but has another")
    evidence = read_evidence(version)
    return RegistryModel(path=path, version=str(version.version), metrics={} if evidence is None else evidence.means)


def fetch_predictor(name: str, *, alias: str) -> Path:
    """Fetch the predictor of a version.

    Args:
        name: Name of the registered model.
        alias: Which version.

    Returns:
        Folder with an ensemble and its calibration set; an ensemble's file if nothing but members was registered.

    Raises:
        TrackingError: There is no such version, or it cannot be fetched.
    """
    client = open_store()
    try:
        version = version_of_alias(client, name, alias)
    except MlflowException as error:
        raise TrackingError(hide_secrets(f"the registry has no {name}@{alias}: {error.message}")) from error
    return _download(version, PREDICTOR if PREDICTOR_TAG in version.tags else ENSEMBLE_FILE)


def fetch_champion(name: str) -> Path | None:
    """Fetch the predictor of a registered model's champion; None if it has no champion, or that no predictor."""
    client = open_store()
    with store_errors():
        version = current_version(client, name, "Production")
    if version is None or PREDICTOR_TAG not in version.tags:
        return None
    return _download(version, PREDICTOR)


def _find_version(client: MlflowClient, name: str) -> ModelVersion | None:
    return current_version(client, name, "Production") or current_version(client, name, "Staging")


def _download(version: ModelVersion, artifact: str, *, folder: Path | None = None) -> Path:
    """Return the local path of a version's file or folder.

    Args:
        version: The version.
        artifact: Its name among what was registered.
        folder: Where to put it; by default it stays where it is on this machine, or is kept in the user's cache if a
            server has it, as each prediction asks for it.

    Raises:
        TrackingError: It cannot be fetched.
    """
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            return _fetch(version, artifact, folder)
        if _is_on_this_machine(version):
            return _fetch(version, artifact, None)
        content = (version.name, str(version.version), str(version.source), str(version.creation_timestamp), artifact)
        kept = cache_folder(_CACHE) / hashlib.sha256("\0".join(content).encode()).hexdigest()[:24]
        if not kept.exists():
            with folder_written_whole(kept) as temporary:
                _fetch(version, artifact, temporary).rename(temporary / artifact)
        return kept / artifact
    except (MlflowException, OSError) as error:
        raise TrackingError(
            hide_secrets(f"{version.name} version {version.version} cannot be fetched from the registry: {error}")
        ) from error


def _is_on_this_machine(version: ModelVersion) -> bool:
    address = MlflowClient().get_model_version_download_uri(version.name, version.version)
    return is_local_uri(address) or bool(PureWindowsPath(address).drive)


def _fetch(version: ModelVersion, artifact: str, target: Path | None) -> Path:
    uri = f"models:/{version.name}/{version.version}/artifacts/{artifact}"
    with no_progress_bar():
        return Path(
            mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=None if target is None else str(target))
        )
