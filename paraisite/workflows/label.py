"""Labelling campaigns with machine-learned potentials; ``build_labels`` makes the data set of their labels.

The campaigns take hours. Their stages are frozen in ``dvc.yaml``: `dvc repro` takes the labels from the store, and only
``paraisite label`` computes new ones.
"""

import dataclasses
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from paraisite.artifacts.dvc_files import StageKeeper, fetch_tracked
from paraisite.artifacts.inputs import load_data
from paraisite.config import Config, load_config
from paraisite.core.folders import check_writable
from paraisite.core.paths import DATA, LABELS
from paraisite.core.progress import CountProgress
from paraisite.errors import ConfigError, MissingInputError
from paraisite.labels import OF_DATASET, TIERS
from paraisite.labels.campaign import Row, run_campaign
from paraisite.labels.potential import check_potential
from paraisite.labels.settings_study import POTENTIALS
from paraisite.labels.tiers import (
    Campaign,
    load_held_out_formulas,
    load_known_formulas,
    plan_elements_campaign,
    plan_forces_campaign,
    plan_kappa_campaign,
    plan_kappa_known_campaign,
    plan_phonons_campaign,
    plan_settings_campaign,
    plan_slack_campaign,
    plan_slack_check_campaign,
    use_kept_forces,
)
from paraisite.schema import MATERIAL_ID, PROTOTYPE
from paraisite.training.recipes import TOGO15

SHIPPED: Final = (
    *("elements", "slack", "kappa"),
    *("kappa_known/togo15", "kappa_known/hh143", "kappa_known/phonix"),
    *(f"settings/{potential}" for potential in POTENTIALS),
)
"""Folders of labels that DVC tracks; AFLOW's structures may not leave the machine."""

_OF_FIXED_POTENTIAL: Final = ("elements", "slack", "slack_check")

_FORCES: Final = "forces"
"""Folder of forces without phonons; they are not shipped."""

_SECONDS_BETWEEN_KEEPING: Final = 1800.0


def label_crystals(
    tier: str,
    *,
    n_process: int,
    keep: bool,
    dataset: str = TOGO15,
    potential: str | None = None,
    only_forces: bool = False,
) -> None:
    """Compute the missing labels of a tier.

    Args:
        tier: One of ``TIERS``.
        n_process: Parallel processes.
        keep: Commit and push finished parts every half hour and at the end, of tiers that DVC tracks.
        dataset: Whose crystals the tiers of ``OF_DATASET`` label.
        potential: Of tiers that phonons are computed for, in place of ``lab.kappa_potential`` of ``params.yaml``.
        only_forces: Compute the forces of tiers ``kappa`` and ``kappa_known`` alone; the same call without it, on this
            machine or another, takes them up.

    Raises:
        ConfigError: The tier or the potential is unknown, or forces alone make no sense for it.
    """
    config = load_config()
    if potential is not None:
        if tier in _OF_FIXED_POTENTIAL:
            raise ConfigError(f"tier {tier} is computed with lab.slack_potential of params.yaml, not with --potential")
        check_potential(potential)
        config = dataclasses.replace(config, lab=dataclasses.replace(config.lab, kappa_potential=potential))
    fetch_tracked(DATA, target="data.dvc")
    campaign = _campaign(tier, config, dataset)
    folder = _folder(tier, config, dataset)
    name = folder.relative_to(LABELS).as_posix()
    forces_folder = LABELS / _FORCES / name
    if only_forces:
        campaign, folder, name = plan_forces_campaign(campaign), forces_folder, f"{_FORCES}/{name}"
    else:
        campaign = use_kept_forces(campaign, forces_folder)
    check_writable(folder)
    if name in SHIPPED:
        with suppress(MissingInputError):  # none has been shipped yet
            fetch_tracked(folder, target=str(folder))
    keeper = (
        StageKeeper(f"label_{name.replace('/', '@')}", seconds_between=_SECONDS_BETWEEN_KEEPING)
        if keep and name in SHIPPED
        else None
    )
    with _CampaignProgress(name, keeper) as progress:
        run_campaign(
            campaign.parts,
            campaign.label,
            folder=folder,
            plan=campaign.plan,
            potential=campaign.potential,
            n_process=n_process,
            on_part=progress,
            order=campaign.order,
            on_estimate=progress.show_estimates,
        )
    if keeper:
        keeper.keep()


def _folder(tier: str, config: Config, dataset_name: str) -> Path:
    """Return where the labels of a tier lie."""
    if tier in OF_DATASET:
        return LABELS / tier / dataset_name
    return LABELS / tier / config.lab.kappa_potential if tier == "settings" else LABELS / tier


def _campaign(tier: str, config: Config, dataset_name: str) -> Campaign:
    match tier:
        case "elements":
            return plan_elements_campaign(config.lab)
        case "slack":
            return plan_slack_campaign(config.lab, load_held_out_formulas(DATA))
        case "slack_check":
            return plan_slack_check_campaign(config.lab, config.data.aflow_table)
        case "kappa":
            return plan_kappa_campaign(config.lab, load_known_formulas(DATA))
        case "settings":
            return plan_settings_campaign(config.lab.kappa_potential)
        case "kappa_known" | "phonons":
            dataset = load_data(dataset_name, config)
            materials = list(zip(dataset.table[MATERIAL_ID], dataset.structures, strict=True))
            plan = plan_kappa_known_campaign if tier == "kappa_known" else plan_phonons_campaign
            return plan(
                config.lab,
                materials,
                structure_types=[str(name) for name in dataset.table[PROTOTYPE]],
                structures_sha256=dataset.structures_digest,
            )
        case other:
            raise ConfigError(f"unknown tier {other!r}; known ones are {', '.join(TIERS)}")


class _CampaignProgress(CountProgress):
    """Counts parts and accepted rows, and keeps finished parts."""

    def __init__(self, tier: str, keeper: StageKeeper | None) -> None:
        super().__init__(tier, unit="parts")
        self._keeper = keeper
        self._n_row = self._n_accepted = self._n_done = self._n_part = 0

    def show_estimates(self, n_estimated: int, n_crystal: int) -> None:
        """Show how many crystals' costs are estimated, which decide the order."""
        note = f"costs of {n_estimated} of {n_crystal} crystals estimated"
        self.update(n_done=self._n_done, n_total=self._n_part, note=note, sets_pace=False)

    def __call__(self, *, n_done: int, n_part: int, rows: Sequence[Row]) -> None:
        self._n_done, self._n_part = n_done, n_part
        self._n_row += len(rows)
        self._n_accepted += sum(row["reason"] == "" for row in rows)
        accepted = f"{self._n_accepted} of {self._n_row} accepted" if rows else ""
        self.update(n_done=n_done, n_total=n_part, note=accepted)
        if rows and self._keeper:
            self._keeper.keep_if_due()
