"""The campaigns: which structures each one labels, in which order, and what its rows depend on.

No formula of Togo15 or HH143 is in any tier: those compounds are held out, to test models.
"""

import hashlib
import json
import random
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.config import LabConfig
from paraisite.data.record import Record
from paraisite.data.sources import half_heusler, phonix, togo15
from paraisite.data.sources.aflow import load_aflow
from paraisite.errors import ConfigError
from paraisite.labels.campaign import (
    STRUCTURES_SHA256,
    CampaignPart,
    LabelPart,
    OrderParts,
    claim_folder,
    list_missing,
    part_name,
    read_row,
)
from paraisite.labels.decorate import Candidate, candidate, decorate
from paraisite.labels.elements import ELEMENTS, label_element
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.gap_candidates import gap_candidates
from paraisite.labels.kept_forces import KeptForces, compute_phonon_forces
from paraisite.labels.mechanical_labels import label_mechanics
from paraisite.labels.part_order import CheapAndVaried
from paraisite.labels.phonon_labels import label_kept_forces, label_phonons
from paraisite.labels.phonon_settings import LABELS, PhononSettings
from paraisite.labels.prototypes import PROTOTYPES
from paraisite.labels.relaxed_volume import mark_as_guess
from paraisite.labels.settings_study import VARIANTS, list_studies, study_settings
from paraisite.labels.weak_bonding import require_strong_bonds
from paraisite.schema import REASON

CANDIDATES_PER_PART: Final = 50
N_SLACK_CHECK: Final = 300
MAX_SLACK_CHECK_ATOMS: Final = 10
CHECKS_PER_PART: Final = 10

AT_GIVEN_CELL: Final = replace(LABELS, relaxes=False)
"""A potential that was trained on PBE makes crystals too large and too soft, and some of them unstable, that are
stable at
the cell of the conductivity which is to be predicted."""

_BY_NAME: Final = {prototype.name: prototype for prototype in PROTOTYPES}


@dataclass(frozen=True)
class Campaign:
    """All that ``run_campaign`` needs of a tier.

    Attributes:
        potential: Name that ``load_calculator`` knows.
        parts: Shares of the work.
        label: Computes the rows of a share.
        plan: What the rows depend on besides the code.
        order: Chooses which missing part comes next.
    """

    potential: str
    parts: Sequence[CampaignPart]
    label: LabelPart
    plan: dict[str, Any]
    order: OrderParts = list_missing


def plan_elements_campaign(config: LabConfig) -> Campaign:
    """Return the energies of the elements under tier ``slack``'s potential, an element per part."""
    parts = [CampaignPart(symbol, symbol) for symbol in ELEMENTS]
    return Campaign(config.slack_potential, parts, label_element, {"potential": config.slack_potential})


def plan_slack_campaign(config: LabConfig, held_out: Collection[str]) -> Campaign:
    """Return tier ``slack``: decorated prototypes, fifty candidates per part.

    Args:
        config: Potential, seed and number of candidates.
        held_out: Reduced formulas that may not occur.
    """
    draws = islice(decorate(seed=config.seed, excluded_formulas=held_out), config.slack_candidates)
    parts = _numbered([(prototype.name, elements) for prototype, elements in draws], CANDIDATES_PER_PART)
    plan = {"potential": config.slack_potential, "seed": config.seed, "held_out": _digest(held_out)}
    return Campaign(config.slack_potential, parts, label_slack_part, plan)


def plan_kappa_campaign(config: LabConfig, held_out: Collection[str]) -> Campaign:
    """Return tier ``kappa``: crystals of structure types and elements that known conductivities lack, one per part.

    Args:
        config: Potential, seed and number of candidates.
        held_out: Reduced formulas that may not occur.
    """
    candidates = list(islice(gap_candidates(seed=config.seed, excluded_formulas=held_out), config.kappa_candidates))
    items = [(each.candidate_id, mark_as_guess(each.structure).to_json()) for each in candidates]
    order = CheapAndVaried([each.structure for each in candidates], [each.prototype for each in candidates])
    plan = {"potential": config.kappa_potential, "seed": config.seed, "held_out": _digest(held_out), **_plan_of(LABELS)}
    return Campaign(config.kappa_potential, _one_each(items), label_kappa_part, plan, order)


def plan_kappa_known_campaign(
    config: LabConfig,
    materials: Sequence[tuple[str, Structure]],
    *,
    structure_types: Sequence[str],
    structures_sha256: str,
) -> Campaign:
    """Return a data set's crystals, whose conductivities are known, as tier ``kappa`` has them.

    They measure and correct the tier, and describe the crystals; they are never trained on. Small cells come first, and
    among them cheap crystals and those of rare structure types (``CheapAndVaried``): a part of the campaign then tells
    of many of them.

    Args:
        config: Potential.
        materials: Id and structure of each material.
        structure_types: Of each material.
        structures_sha256: Digest of these, by which the rows are known as theirs.
    """
    known = zip(materials, structure_types, strict=True)
    ordered = sorted(known, key=lambda entry: (len(entry[0][1]), entry[0][0]))
    parts = _one_each([(material_id, structure.to_json()) for (material_id, structure), _ in ordered])
    order = CheapAndVaried([structure for (_, structure), _ in ordered], [name for _, name in ordered])
    plan = {"potential": config.kappa_potential, STRUCTURES_SHA256: structures_sha256, **_plan_of(LABELS)}
    return Campaign(config.kappa_potential, parts, label_kappa_part, plan, order)


def plan_settings_campaign(potential: str) -> Campaign:
    """Return compounds with published conductivities under various settings, see ``settings_study``."""
    parts = [CampaignPart(f"{compound} {variant}", (compound, variant)) for compound, variant in list_studies()]
    plan: dict[str, Any] = {"potential": potential}
    plan["variants"] = {name: _plan_of(settings)["settings"] for name, settings in VARIANTS.items()}
    return Campaign(potential, parts, study_settings, plan)


def plan_phonons_campaign(
    config: LabConfig,
    materials: Sequence[tuple[str, Structure]],
    *,
    structure_types: Sequence[str],
    structures_sha256: str,
) -> Campaign:
    """Return a data set's crystals at the cells that are given, for descriptors, in the same order.

    Args:
        config: Potential.
        materials: Id and structure of each material.
        structure_types: Of each material.
        structures_sha256: Digest of these, by which the descriptors are known as theirs.
    """
    campaign = plan_kappa_known_campaign(
        config, materials, structure_types=structure_types, structures_sha256=structures_sha256
    )
    return replace(campaign, label=label_phonons_part, plan=campaign.plan | _plan_of(AT_GIVEN_CELL))


def plan_slack_check_campaign(config: LabConfig, aflow_table: Path) -> Campaign:
    """Return structures of AFLOW, whose AGL conductivities are known, under tier ``slack``'s potential.

    They measure the tier and are never trained on.
    """
    records, _ = load_aflow(aflow_table)
    small = [record for record in records if len(record.structure) <= MAX_SLACK_CHECK_ATOMS]
    drawn = random.Random(config.seed).sample(small, min(N_SLACK_CHECK, len(small)))
    items = [(record.material_id, record.structure.to_json()) for record in drawn]
    parts = _numbered(items, CHECKS_PER_PART)
    plan = {"potential": config.slack_potential, "seed": config.seed, "structures_of": "AFLOW"}
    return Campaign(config.slack_potential, parts, label_structures_part, plan)


def plan_forces_campaign(campaign: Campaign) -> Campaign:
    """Return a campaign of conductivities cut down to its forces, which ``use_kept_forces`` takes up.

    Raises:
        ConfigError: The tier's rows do not come from forces under ``LABELS``.
    """
    if campaign.label is not label_kappa_part:
        raise ConfigError("forces alone are computed for tiers kappa and kappa_known")
    return replace(campaign, label=keep_forces_part, plan=campaign.plan | {"only": "forces"})


def use_kept_forces(campaign: Campaign, folder: Path) -> Campaign:
    """Return a campaign of conductivities that computes no forces where a folder has them.

    Args:
        campaign: Of tier ``kappa`` or ``kappa_known``; others are returned as they are.
        folder: Where ``plan_forces_campaign``'s rows are; it need not exist.

    Raises:
        DataError: The folder's forces are another campaign's.
    """
    if campaign.label is not label_kappa_part or not folder.is_dir():
        return campaign
    claim_folder(folder, plan_forces_campaign(campaign).plan)
    files = {file.stem: file for file in folder.glob("*.parquet")}
    parts = [
        CampaignPart(part.name, (*part.items, str(files[part.name]))) if part.name in files else part
        for part in campaign.parts
    ]
    return replace(campaign, parts=parts)


def load_held_out_formulas(data_folder: Path) -> frozenset[str]:
    """Return the reduced formulas of Togo15 and HH143."""
    records: list[Record] = [
        *togo15.load_togo15(data_folder / togo15.FILE_NAME),
        *half_heusler.load_half_heusler(data_folder / half_heusler.FILE_NAME),
    ]
    return frozenset(record.structure.composition.reduced_formula for record in records)


def load_known_formulas(data_folder: Path) -> frozenset[str]:
    """Return the reduced formulas of all crystals of Togo15, HH143 and Phonix, doubtful values among them."""
    return load_held_out_formulas(data_folder) | phonix.load_formulas(data_folder / phonix.FILE_NAME)


def label_slack_part(items: Sequence[tuple[str, dict[str, str]]], calculator: Any) -> list[dict[str, Any]]:
    """Return the rows of some decorations, each named by prototype and elements."""
    return [label_mechanics(candidate(_BY_NAME[name], elements), calculator) for name, elements in items]


def label_structures_part(items: Sequence[tuple[str, str]], calculator: Any) -> list[dict[str, Any]]:
    """Return the rows of crystals given by id and pymatgen JSON."""
    candidates = (
        Candidate(material_id, "", Structure.from_str(text, fmt="json").get_primitive_structure())
        for material_id, text in items
    )
    return [label_mechanics(candidate, calculator) for candidate in candidates]


def label_kappa_part(item: tuple[str, ...], calculator: Any) -> list[dict[str, Any]]:
    """Return the row of a crystal, given by id and pymatgen JSON, at the cell that the potential relaxes it to.

    Where the item names a file of ``keep_forces_part``'s, too, its forces are taken.
    """
    candidate_id, text, *kept_in = item
    if not kept_in:
        return [label_phonons(candidate_id, Structure.from_str(text, fmt="json"), calculator, LABELS)]
    kept = read_row(Path(kept_in[0]))
    if kept[REASON]:
        return [{"candidate_id": candidate_id, REASON: kept[REASON]}]
    return [label_kept_forces(candidate_id, KeptForces.from_row(kept), LABELS)]


def keep_forces_part(item: tuple[str, ...], calculator: Any) -> list[dict[str, Any]]:
    """Return the forces of a crystal, given by id and pymatgen JSON, or the reason why it is refused."""
    row: dict[str, Any] = {"candidate_id": item[0], REASON: ""}
    try:
        structure = Structure.from_str(item[1], fmt="json")
        require_strong_bonds(structure)
        row |= compute_phonon_forces(structure, calculator, LABELS).to_row()
    except FAILURES as error:
        row[REASON] = describe_error(error)
    return [row]


def label_phonons_part(item: tuple[str, str], calculator: Any) -> list[dict[str, Any]]:
    """Return the row of a crystal, given by id and pymatgen JSON, at its own cell."""
    return [label_phonons(item[0], Structure.from_str(item[1], fmt="json"), calculator, AT_GIVEN_CELL)]


def _one_each(items: Sequence[tuple[str, str]]) -> list[CampaignPart]:
    """Return a part for each crystal, numbered in their order."""
    return [CampaignPart(part_name(number), item) for number, item in enumerate(items)]


def _plan_of(settings: PhononSettings) -> dict[str, Any]:
    """Return what a plan says of settings, as JSON reads it back."""
    plan: dict[str, Any] = json.loads(json.dumps(asdict(settings)))
    return {"settings": plan}


def _numbered(items: list[Any], n_per_part: int) -> list[CampaignPart]:
    """Return the items in parts with numbers for names."""
    starts = range(0, len(items), n_per_part)
    return [CampaignPart(part_name(number), items[start : start + n_per_part]) for number, start in enumerate(starts)]


def _digest(formulas: Collection[str]) -> str:
    return hashlib.sha256(" ".join(sorted(formulas)).encode()).hexdigest()[:16]
