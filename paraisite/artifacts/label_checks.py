"""Results of ``check``: agreement of the project's own labels and networks with known values."""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.files import write_whole
from paraisite.core.paths import BUILD
from paraisite.metrics.agreement import Agreement

logger = logging.getLogger(__name__)

SETTINGS: Final = "settings"
REFINED: Final = "refined"
TEXTBOOK: Final = "textbook"
"""Checks of no tier: of the settings that conductivities are computed with, of predictions that these refine, and of
predictions of textbook crystals."""

CORRECTION_FILE: Final = "correction.json"

FORMATION_ENERGY: Final = "formation_energy"
_METRICS_FILE: Final = "metrics.json"


def check_folder(what: str) -> Path:
    """Return the folder of a check: of a tier, or of ``FORMATION_ENERGY``."""
    return BUILD / f"check_{what}"


def write_agreements(tier: str, agreements: Mapping[str, Agreement]) -> None:
    """Write the agreements of a tier's conductivities, by what was compared."""
    _write(tier, {name: asdict(agreement) for name, agreement in agreements.items()})


def load_agreements(tier: str) -> dict[str, Agreement]:
    """Return the agreements of a tier's conductivities with known ones; empty, with a warning, if it was not checked.

    Raises:
        DataError: They are damaged.
    """
    path = check_folder(tier) / _METRICS_FILE
    if not path.exists():
        command = f"python -m paraisite check {tier}"
        logger.warning("tier %s has not been checked (`%s`): the data sheet says nothing of it", tier, command)
        return {}
    with refuse_damaged(path, remedy="check the tier again"):
        return {name: Agreement(**values) for name, values in json.loads(path.read_text()).items()}


def write_energy_agreement(network_sha256: str, agreement: Mapping[str, object]) -> None:
    """Write the agreement of a pretrained network's formation energies with MEGNet's."""
    _write(FORMATION_ENERGY, {"network_sha256": network_sha256, "agreement": agreement})


def load_energy_agreement(network_sha256: str) -> dict[str, dict[str, float]]:
    """Return the agreement of a network's formation energies; empty, with a warning, if it was not checked."""
    path = check_folder(FORMATION_ENERGY) / _METRICS_FILE
    try:
        content = json.loads(path.read_text())
        agreement: dict[str, dict[str, float]] = content["agreement"]
        if content["network_sha256"] == network_sha256:
            return agreement
    except (OSError, ValueError, KeyError) as error:
        logger.debug("%s: %r", path, error)
    logger.warning("this network was not compared with MEGNet's (`python -m paraisite check %s`)", FORMATION_ENERGY)
    return {}


def _write(what: str, content: Mapping[str, object]) -> None:
    write_whole(check_folder(what) / _METRICS_FILE, (json.dumps(content, indent=2) + "\n").encode())
