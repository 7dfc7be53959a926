"""The model registry: one registered model per recipe, each version an ensemble file with its stage and alias.

Gaussian processes are registered in the same way, as a predictor's folder.

Stages are deprecated in MLflow but still shown; aliases say the same in its new pages: ``champion`` is Production,
``challenger`` the newest Staging version.
"""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from paraisite import schema
from paraisite.core.files import file_sha256
from paraisite.core.paths import PREDICTOR
from paraisite.core.secrets import hide_secrets
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.tracking.evidence_files import move_evidence
from paraisite.tracking.logged_model import log_model
from paraisite.tracking.promotion import EVIDENCE_TAGS, Evidence, evidence_tags
from paraisite.tracking.stages import (
    PENDING_TAG,
    REASON_TAG,
    UNDECIDED,
    list_versions,
    registry_locked,
    settle_versions,
)
from paraisite.tracking.store import open_store, store_errors
from paraisite.training.model_descriptions import describe_model, describe_recipe
from paraisite.training.pretrained_networks import BACKBONES
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import Recipe

if TYPE_CHECKING:
    from paraisite.inference.predictor import Predictor  # it imports TensorFlow

PREDICTOR_TAG: Final = "predictor"
"""Tag of a version that holds a predictor beside its members."""

PARENT_TAG: Final = "parent_version"
"""Tag of a version with the one that it was trained from: name, "version" and number; or ``NO_PARENT``."""

NO_PARENT: Final = "none"

SHA256_TAG: Final = "ensemble_sha256"


@dataclass(frozen=True)
class RegisteredVersion:
    """A version of a registered model.

    Attributes:
        name: Name of the registered model.
        version: Its number, as text.
        stage: "Production", "Staging", "Archived" or "None".
        reason: Why it has this stage.
    """

    name: str
    version: str
    stage: str
    reason: str


def register_result(
    result: RecipeResult,
    members: Ensemble,
    *,
    run_id: str,
    half_precision: bool = False,
    predictor: "Predictor | None" = None,
) -> RegisteredVersion:
    """Register a recipe's best-epoch members as a new version: Production if it beats the current one, else Staging.

    Args:
        result: What was trained; its recipe names the registered model.
        members: At their best epoch.
        run_id: The recipe's run.
        half_precision: As ``Ensemble.save`` takes it.
        predictor: What the version predicts with when it is served; by default these members, without intervals.
    """
    evidence = Evidence.from_result(result)
    tags = {
        **_metric_tags(result.metrics),
        PARENT_TAG: _parent(result),
        "started_from": result.started_from,
        "dataset": result.dataset.name,
        **evidence_tags(evidence),
    }
    description = (
        f"Held-out error: MAPE {_mean(result, schema.MAPE_LAST_EPOCH)}, each member after the last epoch on the fifth "
        f"that it is not trained on, kappa in W/m/K. At the best epochs, which are chosen on these same rows: "
        f"{_mean(result, schema.MAPE_BEST_EPOCH)}. {members.n_member} members at their best epochs; this model "
        f"{describe_recipe(result.recipe)}. Initial weights: {result.started_from}."
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ENSEMBLE_FILE
        members.save(path, half_precision=half_precision)
        if predictor is not None:
            predictor.save(path.with_name(PREDICTOR))
            tags[PREDICTOR_TAG] = "members at their last epoch, with their calibration set"
        with registry_locked():
            return _register(result.recipe.name, path, run_id=run_id, tags=tags, description=description)


def register_predictor(
    name: str,
    predictor: "Predictor",
    *,
    run_id: str,
    tags: Mapping[str, str],
    description: str,
    evidence: Evidence,
) -> RegisteredVersion:
    """Register a predictor that has no members for others to start from; stages are given as to ``register_result``.

    Args:
        name: Name of the registered model, e.g. "GPTG15".
        predictor: What the version predicts with.
        run_id: The run that made it.
        tags: Where it comes from.
        description: One or two sentences for the version's page.
        evidence: Its errors per split, with which versions are compared.
    """
    tags = {**tags, **evidence_tags(evidence), PREDICTOR_TAG: "Gaussian processes, with their calibration set"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTOR
        predictor.save(path)
        with registry_locked():
            return _register(name, path, run_id=run_id, tags=tags, description=description)


def register_file(
    name: str, path: Path, *, run_id: str, tags: Mapping[str, str], description: str
) -> RegisteredVersion:
    """Register an ensemble file that was not trained in this store; a file that is already registered stays as it is.

    Args:
        name: Name of the registered model, e.g. "FE".
        path: Ensemble file.
        run_id: The run that the version is shown with.
        tags: Where it comes from, e.g. its source and digest of its data. With ``evidence_tags`` among them a later
            version can be compared with it.
        description: One or two sentences for the model's page.
    """
    client = open_store()
    sha256 = file_sha256(path)
    with tempfile.TemporaryDirectory() as folder, registry_locked(), store_errors():
        for version in list_versions(client, name):
            if version.tags.get(SHA256_TAG) == sha256:
                settle_versions(client, name)
                return _read_version(client, name, str(version.version), reason="already registered")
        # A logged model keeps the file's name, and the one to fetch has to be known.
        copy = Path(folder) / ENSEMBLE_FILE
        shutil.copyfile(path, copy)
        return _register(name, copy, run_id=run_id, tags=dict(tags), description=description)


def check_registrable(name: str) -> None:
    """Raise if this user may not add versions to a registered model: asked before the training of one.

    Args:
        name: Of the registered model. One that is not there yet can be made by anybody who may log runs.

    Raises:
        TrackingError: The store refuses it.
    """
    client = open_store()
    with store_errors():
        found = client.search_registered_models(f"name = '{name}'")
        if found:  # nothing but a writing call is answered by whether writing is allowed
            client.update_registered_model(name, description=found[0].description)


def _register(name: str, path: Path, *, run_id: str, tags: dict[str, str], description: str) -> RegisteredVersion:
    """Create a version and give it its stage; to be called while the registry is locked."""
    client = open_store()
    with store_errors():
        _ensure_model(client, name)
        model_id = log_model(client, name, path, run_id=run_id)
        sha256 = {} if path.is_dir() else {SHA256_TAG: file_sha256(path)}
        version = client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=run_id,
            model_id=model_id,
            tags=_discreet(move_evidence(client, tags, run_id=run_id, model_id=model_id))
            | sha256
            | {PENDING_TAG: UNDECIDED},
            description=hide_secrets(description),
        )
        settle_versions(client, name)
        return _read_version(client, name, str(version.version))


def _discreet(tags: Mapping[str, str]) -> dict[str, str]:
    """Return tags without secrets; those that later versions are compared by stay as they are."""
    return {key: value if key in EVIDENCE_TAGS else hide_secrets(value) for key, value in tags.items()}


def _read_version(client: MlflowClient, name: str, number: str, *, reason: str | None = None) -> RegisteredVersion:
    """Return a version as it stands in the store."""
    version = client.get_model_version(name, number)
    return RegisteredVersion(name, number, version.current_stage or "None", reason or version.tags[REASON_TAG])


def _ensure_model(client: MlflowClient, name: str) -> None:
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(
            name,
            description=(
                f"{describe_model(name)} A new version becomes Production (alias champion) only if its held-out MAPE "
                "is lower than the current one's, paired over the splits; else Staging (challenger)."
            ),
        )


def _mean(result: RecipeResult, metric: str) -> str:
    """Return a metric's mean and deviation over the splits, as text."""
    return _metric_tags(result.metrics)[metric]


def _metric_tags(metrics: pd.DataFrame) -> dict[str, str]:
    """Return the metrics that a reader of the model's page compares versions by."""
    tags = {}
    for name in (schema.MAPE_LAST_EPOCH, schema.MAPE_BEST_EPOCH, schema.MAPE_PUBLISHED_CONVENTION):
        row = summarise_metrics(metrics).loc[name]
        runs = f" ({row['n_run']:.0f} of {len(metrics)} runs)" if row["n_run"] < len(metrics) else ""
        tags[name] = f"{row['mean']:.3f} ± {row['std']:.3f}{runs}"
    return tags


def _parent(result: RecipeResult) -> str:
    start = result.recipe.start
    if result.parent_version is None:
        return NO_PARENT
    name = start.name if isinstance(start, Recipe) else BACKBONES[start].name
    return f"{name} version {result.parent_version}"
