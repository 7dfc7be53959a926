"""The model registry: one registered model per recipe, each version an ensemble file with its stage and alias.

Gaussian processes are registered in the same way, as a predictor's folder.

Stages are deprecated in MLflow but still shown; aliases say the same in its new pages: ``champion`` is Production,
``challenger`` the newest Staging version.
"""

import logging
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from paraisite import schema
from paraisite.core.files import file_sha256
from paraisite.core.paths import PREDICTOR
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.tracking.logged_model import log_model
from paraisite.tracking.promotion import (
    JUDGED_METRIC,
    Evidence,
    Verdict,
    evidence_from_tags,
    evidence_tags,
    judge,
)
from paraisite.tracking.store import open_store
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import Recipe

if TYPE_CHECKING:
    from paraisite.inference.predictor import Predictor  # it imports TensorFlow

logger = logging.getLogger(__name__)

ALIASES: Final = {"Production": "champion", "Staging": "challenger"}
PREDICTOR_TAG: Final = "predictor"
"""Tag of a version that holds a predictor beside its members."""

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
        "parent_version": _parent(result),
        "started_from": result.started_from,
        "dataset": result.dataset.name,
        **evidence_tags(evidence),
    }
    summary = summarise_metrics(result.metrics).loc[schema.MAPE_BEST_EPOCH]
    description = (
        f"{members.n_member} members trained on {result.dataset.name} from {result.started_from}, at their best "
        f"epochs: MAPE {summary['mean']:.3f} ± {summary['std']:.3f} over {summary['n_run']:.0f} splits (W/m/K)."
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ENSEMBLE_FILE
        members.save(path, half_precision=half_precision)
        if predictor is not None:
            predictor.save(path.with_name(PREDICTOR))
            tags[PREDICTOR_TAG] = "members at their last epoch, with their calibration set"
        return _register(result.recipe.name, path, run_id=run_id, tags=tags, description=description, evidence=evidence)


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
    tags = {**tags, **evidence_tags(evidence), PREDICTOR_TAG: "processes and networks, with their calibration set"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / PREDICTOR
        predictor.save(path)
        return _register(name, path, run_id=run_id, tags=tags, description=description, evidence=evidence)


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
    for version in _versions(client, name):
        if version.tags.get(SHA256_TAG) == sha256:
            return RegisteredVersion(name, str(version.version), version.current_stage or "None", "already registered")
    with tempfile.TemporaryDirectory() as folder:
        # A logged model keeps the file's name, and the one to fetch has to be known.
        copy = Path(folder) / ENSEMBLE_FILE
        shutil.copyfile(path, copy)
        return _register(
            name, copy, run_id=run_id, tags=dict(tags), description=description, evidence=evidence_from_tags(tags)
        )


def _register(
    name: str, path: Path, *, run_id: str, tags: dict[str, str], description: str, evidence: Evidence | None
) -> RegisteredVersion:
    client = open_store()
    current = current_version(client, name, "Production")
    verdict = judge(
        evidence,
        current=None if current is None else evidence_from_tags(current.tags),
        current_version=None if current is None else str(current.version),
    )
    _ensure_model(client, name)
    model_id = log_model(client, name, path, run_id=run_id)
    sha256 = {} if path.is_dir() else {SHA256_TAG: file_sha256(path)}
    version = client.create_model_version(
        name,
        source=f"models:/{model_id}",
        run_id=run_id,
        model_id=model_id,
        tags=tags | sha256 | {"stage_reason": verdict.reason},
        description=f"{description} Stage: {verdict.reason}.",
    )
    _set_stage(client, name, str(version.version), verdict)
    client.set_tag(run_id, "registered_as", f"{name} version {version.version} ({verdict.stage})")
    logger.info("%s version %s is %s: %s", name, version.version, verdict.stage, verdict.reason)
    return RegisteredVersion(name, str(version.version), verdict.stage, verdict.reason)


def _set_stage(client: MlflowClient, name: str, version: str, verdict: Verdict) -> None:
    """Set stage and alias; a new Production version sends the old one to Archived."""
    with _stages_are_deprecated():
        client.transition_model_version_stage(
            name, version, stage=verdict.stage, archive_existing_versions=verdict.stage == "Production"
        )
    client.set_registered_model_alias(name, ALIASES[verdict.stage], version)


def _ensure_model(client: MlflowClient, name: str) -> None:
    try:
        client.get_registered_model(name)
    except MlflowException:
        client.create_registered_model(
            name,
            description=(
                f"{name}: an ensemble, one member per split. A new version becomes Production (alias champion) only "
                f"if its {JUDGED_METRIC} beats the current one's, paired over the splits; else Staging (challenger)."
            ),
        )


def current_version(client: MlflowClient, name: str, stage: str) -> ModelVersion | None:
    """Return the version with the stage's alias, else the newest of that stage (set by hand), else None."""
    versions = _versions(client, name)
    aliased = [version for version in versions if ALIASES[stage] in version.aliases]
    staged = [version for version in versions if version.current_stage == stage]
    return next(iter(aliased + staged), None)


def _versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    """Return all versions, newest first."""
    versions = client.search_model_versions(f"name = '{name}'", max_results=10_000)
    return sorted(versions, key=lambda version: int(version.version), reverse=True)


def _metric_tags(metrics: pd.DataFrame) -> dict[str, str]:
    """Return the metrics that a reader of the model's page compares versions by."""
    tags = {}
    for name in (schema.MAPE_BEST_EPOCH, schema.MAPE_LAST_EPOCH, schema.MAPE_PUBLISHED_CONVENTION):
        row = summarise_metrics(metrics).loc[name]
        runs = f" ({row['n_run']:.0f} of {len(metrics)} runs)" if row["n_run"] < len(metrics) else ""
        tags[name] = f"{row['mean']:.3f} ± {row['std']:.3f}{runs}"
    return tags


def _parent(result: RecipeResult) -> str:
    start = result.recipe.start
    if result.parent_version is None:
        return "none"
    return f"{start.name if isinstance(start, Recipe) else 'FE'} version {result.parent_version}"


@contextmanager
def _stages_are_deprecated() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", message=r"``mlflow\.tracking\.client\.MlflowClient\.transition", category=FutureWarning
        )
        yield
