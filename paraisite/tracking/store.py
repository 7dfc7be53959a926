"""Which MLflow store is used, and where a run comes from: git commit, DVC hashes, package version."""

import logging
import subprocess
from pathlib import Path
from typing import Final

import mlflow
import yaml
from mlflow import MlflowClient
from mlflow.environment_variables import MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT
from mlflow.exceptions import MlflowException

import paraisite
from paraisite.errors import TrackingError

logger = logging.getLogger(__name__)

DEFAULT_TRACKING_URI: Final = "sqlite:///mlflow.db"
DEFAULT_EXPERIMENT: Final = "paraisite"
UNKNOWN: Final = "unknown"
_EXPERIMENT_TAGS: Final = {
    "mlflow.experimentKind": "custom_model_development",  # else the UI takes it for a chat application
    "mlflow.note.content": "Lattice thermal conductivity: one run per recipe, with one nested run per split.",
}


def open_store() -> MlflowClient:
    """Return a client of the store that MLFLOW_TRACKING_URI names, else of ``mlflow.db`` in the working folder."""
    if not mlflow.is_tracking_uri_set():
        mlflow.set_tracking_uri(DEFAULT_TRACKING_URI)
    if not MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.is_set():
        MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.set(True)  # two lines for each of ten runs would hide the table
    return MlflowClient()


def ui_hint() -> str:
    """Return the line that opens the UI of the store in use: a command, or a server's address."""
    open_store()
    uri = mlflow.get_tracking_uri()
    if uri.startswith(("http://", "https://")):
        return uri
    return f"mlflow ui --backend-store-uri {uri}"


def find_experiment(client: MlflowClient, name: str) -> str:
    """Return the id of the experiment of this name, made if there is none.

    Raises:
        TrackingError: The store refuses it, for instance because the experiment was deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, tags=_EXPERIMENT_TAGS))
        except MlflowException:  # another process was faster
            experiment = client.get_experiment_by_name(name)
    if experiment is None or experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"experiment {name!r} cannot be used (deleted?): restore it with `mlflow experiments restore`, "
            "or choose another name"
        )
    return str(experiment.experiment_id)


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
