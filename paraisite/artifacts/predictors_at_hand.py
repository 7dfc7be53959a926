"""Which predictors are on this machine, by the names that ``find_predictor`` takes."""

import json
from pathlib import Path
from typing import Any

from paraisite import DEFAULT_MODEL
from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.core.paths import BUILD, PREDICTOR, SHIPPED
from paraisite.inference.calibration_set import CALIBRATION_SET_FILE
from paraisite.models.ensemble import CARD_FILE


def list_predictors() -> list[str]:
    """Return the names of predictors with intervals that were trained here or are shipped, the default first."""
    trained = [folder.parent.parent for folder in BUILD.glob(f"*/{PREDICTOR}/{CALIBRATION_SET_FILE}")]
    shipped = [file.parent for file in SHIPPED.glob(f"*/{CALIBRATION_SET_FILE}")]
    others = {folder.name.upper() for folder in (*trained, *shipped)} - {DEFAULT_MODEL}
    return [DEFAULT_MODEL, *sorted(others)]


def read_card_of(model: str) -> dict[str, Any]:
    """Return the card beside a predictor that lies in a folder here; empty where there is none that can be read."""
    for folder in (Path(model), predictor_folder(model), SHIPPED / model.lower()):
        try:
            card = json.loads((folder / CARD_FILE).read_text())
        except (OSError, ValueError):
            continue
        if isinstance(card, dict):
            return card
    return {}
