"""The campaigns: which structures each one labels, in which order, and what its rows depend on.

No formula of Togo15 or HH143 is in any tier: those compounds are held out, to test models.
"""

import hashlib
import random
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Final

from pymatgen.core.structure import Structure
from pymatgen.symmetry.groups import SpaceGroup

from paraisite.config import LabConfig
from paraisite.data.record import Record
from paraisite.data.sources import half_heusler, togo15
from paraisite.data.sources.aflow import load_aflow
from paraisite.labels.campaign import STRUCTURES_SHA256, CampaignPart, LabelPart, part_name, read_parts
from paraisite.labels.conductivity import compute_lattice_conductivity
from paraisite.labels.decorate import Candidate, candidate, decorate
from paraisite.labels.elements import ELEMENTS, label_element
from paraisite.labels.failures import FAILURES, describe_error
from paraisite.labels.force_constants import count_supercell_atoms
from paraisite.labels.mechanical_labels import label_mechanics
from paraisite.labels.mechanics import relax
from paraisite.labels.phonons import EFFORT, compute_phonon_descriptors
from paraisite.labels.prototypes import PROTOTYPES

CANDIDATES_PER_PART: Final = 50
N_SLACK_CHECK: Final = 300
MAX_SLACK_CHECK_ATOMS: Final = 10
CHECKS_PER_PART: Final = 10
PHONONS_PER_PART: Final = 5

MAX_BTE_ATOMS: Final = 5
"""Atoms in a primitive cell whose conductivity takes a minute or two."""

_BY_NAME: Final = {prototype.name: prototype for prototype in PROTOTYPES}


@dataclass(frozen=True)
class Campaign:
    """All that ``run_campaign`` needs of a tier.

    Attributes:
        potential: Name that ``load_calculator`` knows.
        parts: Shares of the work.
        label: Computes the rows of a share.
        plan: What the rows depend on besides the code.
    """

    potential: str
    parts: Sequence[CampaignPart]
    label: LabelPart
    plan: dict[str, Any]


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


def plan_bte_campaign(config: LabConfig, slack_folder: Path) -> Campaign:
    """Return tier ``bte``: accepted cubic crystals of tier ``slack``, one per part, those of small supercells first.

    Args:
        config: Potential and number of compounds.
        slack_folder: Where tier ``slack``'s parts lie; what follows a gap in their numbers is left out.
    """
    rows = read_parts(slack_folder, consecutive=True)
    accepted = rows[rows["reason"] == ""]
    accepted = accepted[accepted["space_group"].map(_is_cubic)]
    columns = (accepted[name] for name in ("candidate_id", "prototype", "structure_json"))
    items = ((item, Structure.from_str(item[2], fmt="json")) for item in zip(*columns, strict=True))
    chosen = list(islice((pair for pair in items if len(pair[1]) <= MAX_BTE_ATOMS), config.bte_candidates))
    chosen.sort(key=lambda pair: count_supercell_atoms(pair[1]))
    parts = [CampaignPart(str(item[0]).replace(":", "."), item) for item, _ in chosen]
    plan = {"potential": config.bte_potential, "structures_of": config.slack_potential, "seed": config.seed}
    return Campaign(config.bte_potential, parts, label_bte_part, plan)


def plan_bte_check_campaign(config: LabConfig, data_folder: Path) -> Campaign:
    """Return the cubic compounds of Togo15, whose conductivities are known, under tier ``bte``'s potential.

    They measure the tier and are never trained on.
    """
    records = togo15.load_togo15(data_folder / togo15.FILE_NAME)
    parts = [
        CampaignPart(record.material_id, (record.material_id, record.prototype, record.structure.to_json()))
        for record in records
        if record.prototype in ("rocksalt", "zincblende")
    ]
    plan = {"potential": config.bte_potential, "structures_of": "Togo15"}
    return Campaign(config.bte_potential, parts, label_bte_part, plan)


def plan_phonons_campaign(
    config: LabConfig, materials: Sequence[tuple[str, Structure]], *, structures_sha256: str
) -> Campaign:
    """Return a data set's crystals at their own cells, for descriptors; a few per part, those of small cells first.

    Args:
        config: Tier ``bte``'s potential.
        materials: Id and structure of each material.
        structures_sha256: Digest of these, by which the descriptors are known as theirs.
    """
    ordered = sorted(materials, key=lambda material: len(material[1]))
    items = [(material_id, structure.to_json()) for material_id, structure in ordered]
    parts = _numbered(items, PHONONS_PER_PART)
    plan = {"potential": config.bte_potential, STRUCTURES_SHA256: structures_sha256, "effort": asdict(EFFORT)}
    return Campaign(config.bte_potential, parts, label_phonons_part, plan)


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


def load_held_out_formulas(data_folder: Path) -> frozenset[str]:
    """Return the reduced formulas of Togo15 and HH143."""
    records: list[Record] = [
        *togo15.load_togo15(data_folder / togo15.FILE_NAME),
        *half_heusler.load_half_heusler(data_folder / half_heusler.FILE_NAME),
    ]
    return frozenset(record.structure.composition.reduced_formula for record in records)


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


def label_bte_part(item: tuple[str, str, str], calculator: Any) -> list[dict[str, Any]]:
    """Return the row of a crystal, given by its id, prototype and pymatgen JSON."""
    material_id, prototype, structure_json = item
    row: dict[str, Any] = {"candidate_id": material_id, "prototype": prototype, "reason": "", "structure_json": ""}
    try:
        structure, _ = relax(Structure.from_str(structure_json, fmt="json").get_primitive_structure(), calculator)
        row["structure_json"] = structure.to_json()
        row |= asdict(compute_lattice_conductivity(structure, calculator))
    except FAILURES as error:
        row["reason"] = describe_error(error)
    return [row]


def label_phonons_part(items: Sequence[tuple[str, str]], calculator: Any) -> list[dict[str, Any]]:
    """Return the rows of crystals given by id and pymatgen JSON."""
    return [_phonons_row(material_id, text, calculator) for material_id, text in items]


def _phonons_row(material_id: str, structure_json: str, calculator: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"candidate_id": material_id, "reason": ""}
    try:
        row |= asdict(compute_phonon_descriptors(Structure.from_str(structure_json, fmt="json"), calculator))
    except FAILURES as error:
        row["reason"] = describe_error(error)
    return row


def _numbered(items: list[Any], n_per_part: int) -> list[CampaignPart]:
    """Return the items in parts with numbers for names."""
    starts = range(0, len(items), n_per_part)
    return [CampaignPart(part_name(number), items[start : start + n_per_part]) for number, start in enumerate(starts)]


@cache
def _is_cubic(space_group: str) -> bool:
    return bool(SpaceGroup(space_group).crystal_system == "cubic")


def _digest(formulas: Collection[str]) -> str:
    return hashlib.sha256(" ".join(sorted(formulas)).encode()).hexdigest()[:16]
