"""The tiers: what is in them, and above all what is not."""

import json
from pathlib import Path

import pandas as pd
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.config import LabConfig, TrainingChanges
from paraisite.labels import elements, part_order, tiers
from paraisite.labels.campaign import CampaignPart, LabelPart
from paraisite.labels.elements import ELEMENTS, label_element
from paraisite.labels.prototypes import ELEMENTAL
from paraisite.labels.relaxed_volume import require_same_crystal
from paraisite.labels.settings_study import COMPOUNDS
from paraisite.labels.tiers import (
    label_kappa_part,
    label_phonons_part,
    label_slack_part,
    load_held_out_formulas,
    plan_elements_campaign,
    plan_kappa_campaign,
    plan_kappa_known_campaign,
    plan_phonons_campaign,
    plan_settings_campaign,
    plan_slack_campaign,
)

TRAINING = TrainingChanges(epochs=1, batch_size=1, learning_rate_period_epochs=1)
CONFIG = LabConfig(
    seed=2026,
    slack_potential="7net-0",
    slack_candidates=180,
    kappa_potential="7net-0",
    kappa_candidates=40,
    pretraining=TRAINING,
    slack_training=TRAINING,
)


@pytest.fixture(scope="module")
def held_out(bundled_data: Path) -> frozenset[str]:
    return load_held_out_formulas(bundled_data)


def test_held_out_are_the_formulas_of_both_tables(held_out: frozenset[str]):
    assert len(held_out) == 69 + 141
    assert {"MgO", "GaAs", "AgCl"} <= held_out


def test_no_held_out_formula_is_in_tier_slack(held_out: frozenset[str]):
    campaign = plan_slack_campaign(CONFIG, held_out)
    items = [item for part in campaign.parts for item in part.items]
    assert len(items) == CONFIG.slack_candidates
    built = {
        tiers.candidate(tiers._BY_NAME[name], chosen).structure.composition.reduced_formula for name, chosen in items
    }
    assert len(built) > 150
    assert not built & held_out


def test_the_plan_names_the_held_out_formulas(held_out: frozenset[str]):
    plans = [plan_slack_campaign(CONFIG, formulas).plan for formulas in (held_out, held_out - {"MgO"})]
    assert plans[0]["held_out"] != plans[1]["held_out"]


def test_every_element_of_a_candidate_has_a_reference():
    campaign = plan_elements_campaign(CONFIG)
    assert [part.items for part in campaign.parts] == list(ELEMENTS)
    items = [item for part in plan_slack_campaign(CONFIG, ()).parts for item in part.items]
    assert {symbol for _, chosen in items for symbol in chosen.values()} <= set(ELEMENTS)


def rock_salt(cation: str, anion: str) -> Structure:
    crystal = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.0), [cation, anion], [[0, 0, 0], [0.5] * 3])
    return crystal.get_primitive_structure()


def test_crystals_of_a_data_set_are_small_cells_first_and_known_by_their_crystals():
    small, large = rock_salt("Na", "Cl"), rock_salt("K", "Br") * (2, 1, 1)
    materials = [("a/large one", large), ("small", small)]
    relaxed, given = (
        plan(CONFIG, materials, structure_types=["rock salt"] * 2, structures_sha256="abc")
        for plan in (plan_kappa_known_campaign, plan_phonons_campaign)
    )
    assert [part.items[0] for part in relaxed.order(relaxed.parts, ())] == ["small", "a/large one"]
    assert relaxed.plan["structures_sha256"] == "abc"
    assert (relaxed.plan["settings"]["relaxes"], given.plan["settings"]["relaxes"]) == (True, False)
    assert json.loads(json.dumps(relaxed.plan)) == relaxed.plan, "a plan is compared with what was written"


def test_crystals_of_types_that_are_new_come_before_others_of_about_the_same_cost():
    soft, stiff = rock_salt("Na", "Cl"), rock_salt("Na", "Cl").scale_lattice(12.0)
    layered = Structure(Lattice.tetragonal(4.0, 9.0), ["Na", "Cl", "Cl"], [[0, 0, 0], [0.5, 0.1, 0.2], [0.1, 0.5, 0.7]])
    materials = [("1 stiff", stiff), ("2 soft", soft), ("3 layered", layered), ("4 large", soft * (5, 1, 1))]
    types = ["rock salt", "rock salt", "of its own", "another"]
    campaign = plan_kappa_known_campaign(CONFIG, materials, structure_types=types, structures_sha256="abc")
    in_order = campaign.order(campaign.parts, ())
    assert [part.items[0] for part in in_order] == ["3 layered", "2 soft", "1 stiff", "4 large"]
    names = [f"part-0000{number}" for number in (2, 1, 0, 3)]
    assert [part.name for part in in_order] == names, "a part keeps its number, whatever comes before it"


def test_a_type_that_is_done_waits_for_the_others():
    soft, stiff = rock_salt("Na", "Cl"), rock_salt("Na", "Cl").scale_lattice(12.0)
    materials = [("1 stiff", stiff), ("2 soft", soft), ("3 dear", rock_salt("Mg", "O"))]
    types = ["rock salt", "rock salt", "another"]
    campaign = plan_kappa_known_campaign(CONFIG, materials, structure_types=types, structures_sha256="abc")
    assert [part.items[0] for part in campaign.order(campaign.parts, {"part-00001"})] == ["3 dear", "1 stiff"]


def test_the_second_crystal_of_a_cheap_type_comes_before_the_first_of_a_dear_one(monkeypatch: pytest.MonkeyPatch):
    materials = [(name, rock_salt(name, "Cl")) for name in ("Na", "K", "Rb", "Cs")]
    minutes = dict(zip(("Na", "K", "Rb", "Cs"), (2.5, 1.0, 1.0, 1.0), strict=True))
    monkeypatch.setattr(
        part_order,
        "_estimate_minutes",
        lambda structure: minutes[min(structure, key=lambda site: site.specie.X).specie.symbol],
    )
    types = ["dear", "cheap", "cheap", "cheap"]
    campaign = plan_kappa_known_campaign(CONFIG, materials, structure_types=types, structures_sha256="abc")
    assert [part.items[0] for part in campaign.order(campaign.parts, ())] == ["Cs", "K", "Na", "Rb"]


def test_costs_of_crystals_that_are_done_are_not_estimated(monkeypatch: pytest.MonkeyPatch):
    asked: list[Structure] = []
    monkeypatch.setattr(part_order, "_estimate_minutes", lambda structure: asked.append(structure) or 1.0)
    materials = [("1", rock_salt("Na", "Cl")), ("2", rock_salt("K", "Cl"))]
    campaign = plan_kappa_known_campaign(CONFIG, materials, structure_types=["rock salt"] * 2, structures_sha256="abc")
    seen: list[tuple[int, int]] = []
    campaign.order(campaign.parts, {"part-00000"}, on_estimate=lambda *counts: seen.append(counts))
    assert [structure.composition.reduced_formula for structure in asked] == ["KCl"]
    assert seen == [(1, 1)]


def test_no_known_formula_is_in_tier_kappa(held_out: frozenset[str]):
    campaign = plan_kappa_campaign(CONFIG, held_out)
    formulas = [
        Structure.from_str(text, fmt="json").composition.reduced_formula for _, text in map(_items, campaign.parts)
    ]
    assert len(formulas) == CONFIG.kappa_candidates
    assert not set(formulas) & held_out
    guess = Structure.from_str(_items(campaign.parts[0])[1], fmt="json")
    require_same_crystal(guess, guess.copy().scale_lattice(1.5 * guess.volume))


def test_tier_kappa_takes_cheap_crystals_first(monkeypatch: pytest.MonkeyPatch, held_out: frozenset[str]):
    monkeypatch.setattr(part_order, "_estimate_minutes", lambda structure: 1.0 / structure.density)
    campaign = plan_kappa_campaign(CONFIG, held_out)
    density = {part.name: Structure.from_str(_items(part)[1], fmt="json").density for part in campaign.parts}
    assert campaign.order(campaign.parts, ())[0].name == max(density, key=density.__getitem__)


def _items(part: CampaignPart) -> tuple[str, str]:
    return part.items


def test_settings_are_studied_for_all_compounds():
    parts = plan_settings_campaign("7net-l3i5").parts
    assert len({part.name for part in parts}) == len(parts)
    assert {part.items[0] for part in parts} == set(COMPOUNDS)


@pytest.mark.parametrize("label", [label_kappa_part, label_phonons_part])
def test_what_fails_becomes_a_row_with_a_reason(label: LabelPart):
    (row,) = label(("rocksalt:K-I", rock_salt("K", "I").to_json()), EMT())
    assert row["candidate_id"] == "rocksalt:K-I"
    assert row["reason"], "the potential does not know potassium"
    assert "kappa_potential_w_per_m_k" not in row


def test_a_decoration_that_fails_becomes_a_row_with_a_reason():
    (row,) = label_slack_part([("rocksalt", {"A": "K", "X": "I"})], EMT())
    assert row["reason"]
    assert row["structure_json"] == ""


def test_tier_slack_labels_what_the_potential_knows():
    (row,) = label_slack_part([("l1_2", {"A": "Cu", "X": "Al"})], EMT())
    assert row["reason"] == ""
    assert row["space_group"] == "Pm-3m"
    assert 80 < row["bulk_gpa"] < 200
    assert json.loads(row["structure_json"])["@class"] == "Structure"


def test_an_element_is_lowest_in_its_own_structure(monkeypatch: pytest.MonkeyPatch):
    few = [prototype for prototype in ELEMENTAL if prototype.name in ("face_centred_cubic", "diamond", "simple_cubic")]
    monkeypatch.setattr(elements, "ELEMENTAL", few)
    rows = pd.DataFrame(label_element("Cu", EMT()))
    usable = rows[rows["reason"] == ""]
    assert usable.loc[usable["energy_ev_per_atom"].idxmin(), "prototype"] == "face_centred_cubic"
    assert usable["energy_ev_per_atom"].min() == pytest.approx(-0.007, abs=0.01)
