"""The errors per split that speak for a version of a model: an artifact of the run that registered it.

They are too long for a tag, which every page of the registry shows in full. The version's tag holds the artifact's
path; versions that were registered up to version 0.2 hold the errors themselves there.
"""

import json
import logging
from collections.abc import Mapping
from typing import Final

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from paraisite.tracking.progress_bars import no_progress_bar
from paraisite.tracking.promotion import EVIDENCE, Evidence, evidence_from_tags

logger = logging.getLogger(__name__)

_FOLDER: Final = "evidence"


def move_evidence(client: MlflowClient, tags: Mapping[str, str], *, run_id: str, model_id: str) -> dict[str, str]:
    """Write what ``evidence_tags`` has put into tags as an artifact; return the tags, with its path instead.

    Args:
        client: Of the store.
        tags: Of a version that is to be created; without errors per split they stay as they are.
        run_id: The run that the version is shown with.
        model_id: The version's logged model.
    """
    if EVIDENCE not in tags:
        return dict(tags)
    path = f"{_FOLDER}/{model_id}.json"
    client.log_text(run_id, json.dumps(json.loads(tags[EVIDENCE]), indent=2) + "\n", path)
    return {**tags, EVIDENCE: path}


def read_evidence(version: ModelVersion) -> Evidence | None:
    """Return what speaks for a version; None where nothing does, or where its run's files are gone."""
    place = version.tags.get(EVIDENCE, "")
    if not place.startswith(f"{_FOLDER}/"):
        return evidence_from_tags(version.tags)
    try:
        with no_progress_bar():
            text = mlflow.artifacts.load_text(f"runs:/{version.run_id}/{place}")
    except (MlflowException, OSError) as error:
        logger.warning("%s version %s: its errors per split cannot be read: %s", version.name, version.version, error)
        return None
    return evidence_from_tags({**version.tags, EVIDENCE: text})
