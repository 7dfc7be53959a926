"""Which MLflow experiment a run goes to: one for all runs of a command, whoever makes the first of them."""

import os
from typing import Final

from mlflow import MlflowClient
from mlflow.entities import Experiment, ViewType
from mlflow.environment_variables import MLFLOW_EXPERIMENT_ID, MLFLOW_EXPERIMENT_NAME
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PROJECT_ENTRY_POINT

from paraisite.core.secrets import hide_secrets
from paraisite.errors import TrackingError
from paraisite.tracking.run_descriptions import EXPERIMENT
from paraisite.tracking.store import store_uri
from paraisite.tracking.store_locks import database_file, store_locked

PROJECT_EXPERIMENT: Final = "paraisite"

_FIRST_ID: Final = "0"
"""Of the experiment that MLflow makes in each store, where ``mlflow run`` puts its runs unless told otherwise."""

_PURPOSE: Final = "experiment"
_TAGS: Final = {
    "mlflow.experimentKind": "custom_model_development",  # not all versions of the UI heed it
    "mlflow.note.content": EXPERIMENT,
}


def choose_experiment(client: MlflowClient) -> str:
    """Return the id of the experiment that the environment names, as under ``mlflow run``, else of the project's.

    Raises:
        TrackingError: It cannot be used.
    """
    name_first_experiment(client)
    identifier = os.environ.get(MLFLOW_EXPERIMENT_ID.name)
    if not identifier:
        return find_experiment(client, os.environ.get(MLFLOW_EXPERIMENT_NAME.name) or PROJECT_EXPERIMENT)
    try:
        experiment = client.get_experiment(identifier)
    except MlflowException as error:
        raise TrackingError(
            hide_secrets(f"{MLFLOW_EXPERIMENT_ID.name} is {identifier!r}, no experiment of this store: {error.message}")
        ) from error
    return _usable(experiment, identifier)


def find_experiment(client: MlflowClient, name: str) -> str:
    """Return the id of the experiment of this name, made if there is none.

    Raises:
        TrackingError: The store refuses it, for instance because the experiment was deleted.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, tags=_TAGS))
        except MlflowException:  # another process was faster
            experiment = client.get_experiment_by_name(name)
    return _usable(experiment, name)


def name_first_experiment(client: MlflowClient) -> None:
    """Give a local store's first experiment the project's name, so that ``mlflow run`` puts its runs there as well.

    MLflow calls it "Default". It keeps its name on a server, where it is everybody's; where it holds runs that
    ``mlflow run`` did not make; and where the project has an experiment already.
    """
    uri = store_uri()
    if database_file(uri) is None or _is_named(client):
        return
    with store_locked(uri, _PURPOSE):
        if _is_named(client):
            return
        runs = client.search_runs([_FIRST_ID], run_view_type=ViewType.ALL, max_results=1000)
        if all(MLFLOW_PROJECT_ENTRY_POINT in run.data.tags for run in runs):
            client.rename_experiment(_FIRST_ID, PROJECT_EXPERIMENT)
            for key, value in _TAGS.items():
                client.set_experiment_tag(_FIRST_ID, key, value)


def _is_named(client: MlflowClient) -> bool:
    """Return whether the project has an experiment, or there is no first one that could become it."""
    default = client.get_experiment_by_name(Experiment.DEFAULT_EXPERIMENT_NAME)
    if default is None or default.experiment_id != _FIRST_ID or default.lifecycle_stage != "active":
        return True
    return client.get_experiment_by_name(PROJECT_EXPERIMENT) is not None


def _usable(experiment: Experiment | None, name: str) -> str:
    """Return an experiment's id.

    Raises:
        TrackingError: It is not there, or was deleted.
    """
    if experiment is None or experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"experiment {name!r} cannot be used (deleted?): restore it with `mlflow experiments restore`, "
            "or choose another name"
        )
    return str(experiment.experiment_id)
