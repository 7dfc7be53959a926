"""Releases: models in ``weights/`` that the project ships, with their cards, and the trained models they come from."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any, Final

from paraisite.artifacts.stage_folders import predictor_folder, weights_folder
from paraisite.artifacts.training_outputs import METRICS, REFERENCE_SHA256
from paraisite.core.files import file_sha256
from paraisite.core.folders import folder_written_whole
from paraisite.core.paths import PRETRAINED, SHIPPED
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE
from paraisite.training.pretraining_result import ERRORS
from paraisite.training.recipes import LFE, SHIPPABLE

logger = logging.getLogger(__name__)

ENSEMBLE_SHA256: Final = "sha256"
"""Key of a card's digest of the members' file."""


def release_folder(name: str) -> Path:
    """Return the folder of a released model."""
    return SHIPPED / name.lower()


def find_trained_model(name: str) -> Path:
    """Return the folder of a model that was trained here and can be released.

    Args:
        name: One of ``SHIPPABLE``, whose members others start from, or another recipe, whose predictor is released.

    Raises:
        MissingInputError: It was not trained here.
    """
    of_recipe = weights_folder(name) if name in SHIPPABLE else predictor_folder(name)
    folder = PRETRAINED / "formation_energy" if name == LFE else of_recipe
    if not (folder / CARD_FILE).exists():
        verb = "pretrain formation_energy" if name == LFE else f"train {name}"
        raise MissingInputError(f"{folder} holds no trained {name}: run `python -m paraisite {verb}` first")
    return folder


def read_card(folder: Path) -> dict[str, Any]:
    """Return a model's card.

    Raises:
        DataError: It is damaged.
    """
    try:
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text())
        card[ENSEMBLE_SHA256]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder / CARD_FILE} is no card of a model: {error!r}") from error
    return card


def release_files(name: str, trained: Path, card: dict[str, Any]) -> None:
    """Copy a trained model's files to its release, with the card.

    Raises:
        DataError: The files are not those that their card describes, or a metric is not finite.
    """
    described = {ENSEMBLE_FILE: card[ENSEMBLE_SHA256]}
    if REFERENCE_SHA256 in card:
        described[CALIBRATION_SET_FILE] = card[REFERENCE_SHA256]
    for file, sha256 in described.items():
        if sha256 != file_sha256(trained / file):
            raise DataError(f"{trained / file} does not match {CARD_FILE} beside it: train {name} again")
    try:
        text = json.dumps(card, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise DataError(f"{name} has metrics that are not finite: it cannot be released") from error
    with folder_written_whole(release_folder(name)) as new:
        for file in described:
            shutil.copyfile(trained / file, new / file)
        (new / CARD_FILE).write_text(text)


def released_metrics(name: str) -> dict[str, float] | None:
    """Return the metrics of a released model; None, with a warning, where its card cannot be read."""
    folder = release_folder(name)
    if not (folder / CARD_FILE).exists():
        return None
    try:
        return metrics_of_card(read_card(folder))
    except (DataError, KeyError) as error:
        logger.warning("the replaced model has no metrics to compare with: %s", error)
        return None


def metrics_of_card(card: dict[str, Any]) -> dict[str, float]:
    """Return the metrics in a card, of a recipe or of a pretrained network."""
    if METRICS in card:
        return {name: value["mean"] for name, value in card[METRICS].items()}
    return {
        f"{row['property']}, {row['predictor']}: {name}": row[name]
        for row in card[ERRORS]
        for name in ("mae", "rmse", "r2", "spearman")
        if name in row  # a constant has no rank correlation
    }
