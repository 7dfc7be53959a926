"""The tiers: what is in them, and above all what is not."""

import json
from pathlib import Path

import pandas as pd
import pytest
from ase.calculators.emt import EMT
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.config import LabConfig, TrainingChanges
from paraisite.core.files import write_whole
from paraisite.labels import elements, tiers
from paraisite.labels.campaign import part_name
from paraisite.labels.elements import ELEMENTS, label_element
from paraisite.labels.prototypes import ELEMENTAL
from paraisite.labels.tiers import (
    label_bte_part,
    label_phonons_part,
    label_slack_part,
    load_held_out_formulas,
    plan_bte_campaign,
    plan_bte_check_campaign,
    plan_elements_campaign,
    plan_phonons_campaign,
    plan_slack_campaign,
)

TRAINING = TrainingChanges(epochs=1, batch_size=1, learning_rate_period_epochs=1)
CONFIG = LabConfig(
    seed=2026,
    slack_potential="7net-0",
    slack_candidates=180,
    bte_potential="7net-0",
    bte_candidates=3,
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


def write_part(folder: Path, number: int, rows: list[dict[str, str]]) -> None:
    folder.mkdir(exist_ok=True)
    pd.DataFrame(rows).to_parquet(folder / f"{part_name(number)}.parquet")


def slack_row(cation: str, anion: str, *, reason: str = "", space_group: str = "Fm-3m") -> dict[str, str]:
    text = rock_salt(cation, anion).to_json()
    name = f"rocksalt:{cation}-{anion}"
    row = {"candidate_id": name, "prototype": "rocksalt", "structure_json": text}
    return row | {"reason": reason, "space_group": space_group}


def test_tier_bte_takes_accepted_cubic_crystals_in_order(tmp_path: Path):
    not_relaxed = slack_row("K", "Br", reason="forces above 0.005 eV/Å", space_group="")
    write_part(tmp_path, 0, [slack_row("K", "I"), slack_row("K", "At", reason="elastically unstable"), not_relaxed])
    write_part(tmp_path, 1, [slack_row("La", "N", space_group="P6_3mc"), slack_row("Y", "N"), slack_row("Sc", "N")])
    write_part(tmp_path, 3, [slack_row("Ti", "C")])  # part 2 is still being computed
    names = [part.name for part in plan_bte_campaign(CONFIG, tmp_path).parts]
    assert names == ["rocksalt.K-I", "rocksalt.Y-N", "rocksalt.Sc-N"]
    write_whole(tmp_path / "part-00002.parquet", (tmp_path / "part-00000.parquet").read_bytes())
    assert [part.name for part in plan_bte_campaign(CONFIG, tmp_path).parts] == names, "later parts only add"


def test_tier_bte_takes_small_supercells_first_but_the_same_crystals(tmp_path: Path):
    fluorite = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.5), ["Y", "F"], [[0, 0, 0], [0.25] * 3])
    text = fluorite.get_primitive_structure().to_json()
    large = slack_row("Y", "F") | {"candidate_id": "fluorite:Y-F", "structure_json": text}
    write_part(tmp_path, 0, [large, slack_row("Y", "N"), slack_row("Sc", "N"), slack_row("Ti", "C")])
    names = [part.name for part in plan_bte_campaign(CONFIG, tmp_path).parts]
    assert names == ["rocksalt.Y-N", "rocksalt.Sc-N", "fluorite.Y-F"]  # the first three of tier slack


def test_tier_bte_leaves_large_cells_out(tmp_path: Path):
    elpasolite = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(8.0), ["K", "Na", "Al", "F"], [[0.25] * 3, [0.5] * 3, [0, 0, 0], [0.22, 0, 0]]
    )
    row = slack_row("Y", "N") | {"structure_json": elpasolite.get_primitive_structure().to_json()}
    write_part(tmp_path, 0, [row])
    assert plan_bte_campaign(CONFIG, tmp_path).parts == []


def test_the_check_of_tier_bte_is_all_of_togo15_that_is_cubic(bundled_data: Path):
    parts = plan_bte_check_campaign(CONFIG, bundled_data).parts
    assert len(parts) == len({part.name for part in parts}) > 50
    assert {Composition(Structure.from_str(part.items[2], fmt="json").formula).reduced_formula for part in parts} <= (
        load_held_out_formulas(bundled_data)
    )


def test_what_fails_becomes_a_row_with_a_reason():
    (row,) = label_bte_part(("rocksalt:K-I", "rocksalt", rock_salt("K", "I").to_json()), EMT())
    assert row["candidate_id"] == "rocksalt:K-I"
    assert "kappa_w_per_m_k" not in row
    assert row["reason"], "the potential does not know potassium"
    rows = label_slack_part([("rocksalt", {"A": "K", "X": "I"})], EMT())
    assert rows[0]["reason"]
    assert rows[0]["structure_json"] == ""


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


def test_phonons_are_of_small_cells_first_and_known_by_their_crystals():
    small, large = rock_salt("Na", "Cl"), rock_salt("K", "Br") * (2, 1, 1)
    campaign = plan_phonons_campaign(CONFIG, [("a/large one", large), ("small", small)], structures_sha256="abc")
    (part,) = campaign.parts
    assert [material_id for material_id, _ in part.items] == ["small", "a/large one"]
    assert campaign.plan["structures_sha256"] == "abc"
    assert campaign.plan["effort"]["min_snapshots"] == 16, "rows of other efforts may not be mixed"


def test_phonons_that_fail_become_a_row_with_a_reason():
    (row,) = label_phonons_part([("salt", rock_salt("K", "I").to_json())], EMT())
    assert row["candidate_id"] == "salt"
    assert row["reason"]
