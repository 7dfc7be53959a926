"""Stages of the lab data set's campaigns; ``lab_set`` makes the tables of what they leave.

The campaigns take hours. Their stages are frozen in ``dvc.yaml``: `dvc repro` takes the labels from the store, and only
``paraisite label`` computes new ones.
"""

import logging
import time
from collections.abc import Sequence
from typing import Final

from paraisite.artifacts.bundled import fetch_bundled
from paraisite.artifacts.inputs import load_data
from paraisite.config import Config, load_config
from paraisite.core.dvc import run_dvc
from paraisite.core.paths import DATA, LABELS, PHONONS
from paraisite.core.progress import CountProgress
from paraisite.errors import ConfigError
from paraisite.labels import TIERS
from paraisite.labels.campaign import Row, run_campaign
from paraisite.labels.tiers import (
    Campaign,
    bte_campaign,
    bte_check_campaign,
    elements_campaign,
    held_out_formulas,
    phonons_campaign,
    slack_campaign,
    slack_check_campaign,
)
from paraisite.schema import MATERIAL_ID
from paraisite.training.recipes import TOGO15

logger = logging.getLogger(__name__)

SHIPPED: Final = tuple(tier for tier in TIERS if tier != "slack_check")
"""Tiers that go into the DVC store; AFLOW's structures may not leave the machine."""

_SECONDS_BETWEEN_KEEPING: Final = 1800.0


def label_crystals(tier: str, *, n_process: int, keep: bool, dataset: str = TOGO15) -> None:
    """Compute the labels of a tier that are still missing.

    Args:
        tier: One of ``TIERS``.
        n_process: Processes side by side.
        keep: Put what is done into the DVC store every half hour and at the end.
        dataset: Whose crystals tier ``phonons`` describes; the store has a place for Togo15 only.
    """
    config = load_config()
    fetch_bundled(DATA, target="data.dvc")
    campaign = _campaign(tier, config, dataset)
    folder = PHONONS / dataset if tier == "phonons" else LABELS / tier
    keeper = _Keeper(f"label_{tier}") if keep and tier in SHIPPED and dataset == TOGO15 else None
    with _CampaignProgress(tier, keeper) as progress:
        run_campaign(
            campaign.parts,
            campaign.label,
            folder=folder,
            plan=campaign.plan,
            potential=campaign.potential,
            n_process=n_process,
            on_part=progress,
        )
    if keeper:
        keeper.keep()


def _campaign(tier: str, config: Config, dataset_name: str) -> Campaign:
    match tier:
        case "elements":
            return elements_campaign(config.lab)
        case "slack":
            return slack_campaign(config.lab, held_out_formulas(DATA))
        case "slack_check":
            return slack_check_campaign(config.lab, config.data.aflow_table)
        case "bte":
            return bte_campaign(config.lab, LABELS / "slack")
        case "bte_check":
            return bte_check_campaign(config.lab, DATA)
        case "phonons":
            dataset = load_data(dataset_name, config)
            materials = list(zip(dataset.table[MATERIAL_ID], dataset.structures, strict=True))
            return phonons_campaign(config.lab, materials, structures_sha256=dataset.structures_digest)
        case other:
            raise ConfigError(f"unknown tier {other!r}; known ones are {', '.join(TIERS)}")


class _Keeper:
    """Puts finished parts into the DVC store, so that neither a lost machine nor a lost folder costs hours."""

    def __init__(self, stage: str) -> None:
        self._stage = stage
        self._last = time.monotonic()

    def keep_now_and_then(self) -> None:
        if time.monotonic() - self._last >= _SECONDS_BETWEEN_KEEPING:
            self.keep()

    def keep(self) -> None:
        """Commit and push; a failure is told and costs nothing: the parts stay where they are."""
        self._last = time.monotonic()
        for command in (("commit", "--force", "--quiet", self._stage), ("push", "--quiet", self._stage)):
            if (reason := run_dvc(*command)) is not None:
                logger.warning("`dvc %s` failed, the labels stay in %s only: %s", " ".join(command), LABELS, reason)
                return


class _CampaignProgress(CountProgress):
    """Counts parts and accepted rows, and lets finished parts be kept."""

    def __init__(self, tier: str, keeper: _Keeper | None) -> None:
        super().__init__(tier, unit="parts")
        self._keeper = keeper
        self._n_row = self._n_accepted = 0

    def __call__(self, *, n_done: int, n_part: int, rows: Sequence[Row]) -> None:
        self._n_row += len(rows)
        self._n_accepted += sum(row["reason"] == "" for row in rows)
        accepted = f"{self._n_accepted} of {self._n_row} accepted" if rows else ""
        self.update(n_done=n_done, n_total=n_part, note=accepted)
        if rows and self._keeper:
            self._keeper.keep_now_and_then()
