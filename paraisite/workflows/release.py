"""What was trained here becomes what the project ships: a model's folder below ``weights/``, with its card."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any, Final

import pandas as pd
from rich.console import Console

from paraisite.artifacts.outputs import METRICS, REFERENCE_SHA256
from paraisite.core.files import file_sha256, write_whole
from paraisite.core.paths import PREDICTOR, PRETRAINED, SHIPPED, built
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.models.ensemble import ENSEMBLE_FILE
from paraisite.training.pretraining import CARD_FILE, ERRORS
from paraisite.training.recipes import LFE, SHIPPABLE
from paraisite.workflows.check import load_energy_agreement

logger = logging.getLogger(__name__)

AGREEMENT: Final = "agreement_with_MEGNet's_network"
"""Key of a card's comparison with the published network on AFLOW's structures."""


def release_model(name: str) -> None:
    """Copy a model from ``build/`` to ``weights/``, and print its figures beside those it replaces.

    Args:
        name: One of ``SHIPPABLE``, whose members others start from, or another recipe, whose predictor is shipped.

    Raises:
        MissingInputError: It was not trained here.
        DataError: The trained weights are not those that their card describes, or a figure is not finite.
    """
    trained, shipped = _trained(name), SHIPPED / name.lower()
    card = _card(trained)
    described = {ENSEMBLE_FILE: card["sha256"]}
    if REFERENCE_SHA256 in card:
        described[CALIBRATION_SET_FILE] = card[REFERENCE_SHA256]
    for file, sha256 in described.items():
        if sha256 != file_sha256(trained / file):
            raise DataError(f"{trained / file} is not what {CARD_FILE} beside it describes: train {name} anew")
    if name == LFE:
        card[AGREEMENT] = load_energy_agreement(card["sha256"])
    try:
        text = json.dumps(card, indent=2, allow_nan=False) + "\n"
    except ValueError as error:
        raise DataError(f"{name} has figures that are not finite: it is not fit to be shipped") from error
    before = _figures_shipped(shipped)
    shipped.mkdir(parents=True, exist_ok=True)
    for file in described:
        shutil.copyfile(trained / file, shipped / file)
    write_whole(shipped / CARD_FILE, text.encode())
    figures = pd.DataFrame({"now": _figures(card), "before": before})
    console = Console()
    console.print(figures.round(4).dropna(axis="columns", how="all").to_string(), soft_wrap=True)
    console.print(f"{shipped} is new: `dvc add {SHIPPED} && dvc push` ships it", soft_wrap=True)


def _trained(name: str) -> Path:
    of_recipe = built(name) / ("weights" if name in SHIPPABLE else PREDICTOR)
    folder = PRETRAINED / "formation_energy" if name == LFE else of_recipe
    if not (folder / CARD_FILE).exists():
        verb = "pretrain formation_energy" if name == LFE else f"train {name}"
        raise MissingInputError(f"{folder} holds no trained {name}: `python -m paraisite {verb}` makes it")
    return folder


def _card(folder: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads((folder / CARD_FILE).read_text())
        card["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{folder / CARD_FILE} is no card of a model: {error!r}") from error
    return card


def _figures_shipped(folder: Path) -> dict[str, float] | None:
    """Return the figures of what is about to be replaced; a card that cannot be read is replaced all the same."""
    if not (folder / CARD_FILE).exists():
        return None
    try:
        return _figures(_card(folder))
    except (DataError, KeyError) as error:
        logger.warning("what is replaced has no figures to compare with: %s", error)
        return None


def _figures(card: dict[str, Any]) -> dict[str, float]:
    """Return the measured figures of a card, whichever kind of model it describes."""
    if METRICS in card:
        return {name: value["mean"] for name, value in card[METRICS].items()}
    return {
        f"{row['property']}, {row['predictor']}: {name}": row[name]
        for row in card[ERRORS]
        for name in ("mae", "rmse", "r2", "spearman")
        if name in row  # a constant ranks nothing
    }
