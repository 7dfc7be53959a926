"""Candidates of rare kinds: known crystals that can be computed, in an order that stays, none of a test set."""

import csv
import gzip
import json
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from pymatgen.core.composition import Composition
from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.data.validation import validate_structure
from paraisite.labels import gap_candidates as gap_candidates_module
from paraisite.labels.decorate import Candidate
from paraisite.labels.gap_candidates import RARE_TYPES, gap_candidates, known_crystals
from paraisite.labels.gap_prototypes import GAP_PROTOTYPES
from paraisite.labels.known_crystals import COMPOUNDS, ELEMENTS, MIXED_CRYSTALS
from paraisite.labels.known_failures import KNOWN_FAILURES
from paraisite.labels.prototypes import ELEMENTAL, PROTOTYPES

TYPES = {prototype.name: prototype for prototype in (*PROTOTYPES, *ELEMENTAL, *GAP_PROTOTYPES)}
N_CHECKED = 700


@pytest.fixture(scope="module")
def candidates() -> list[Candidate]:
    """The first ones, of which a campaign takes as many as its time allows."""
    return list(islice(gap_candidates(seed=0, excluded_formulas=()), N_CHECKED))


def shortest_distance_angstrom(structure: Structure) -> float:
    return float(min(structure.get_neighbor_list(6.0)[3]))


def test_there_are_many_and_the_order_is_the_same_every_time(candidates: list[Candidate]):
    again = islice(gap_candidates(seed=0, excluded_formulas=()), 60)
    assert len(candidates) == N_CHECKED
    assert [found.candidate_id for found in again] == [found.candidate_id for found in candidates[:60]]
    other = islice(gap_candidates(seed=1, excluded_formulas=()), 60)
    assert [found.candidate_id for found in other] != [found.candidate_id for found in candidates[:60]]


def test_nothing_comes_twice(candidates: list[Candidate]):
    assert len({found.candidate_id for found in candidates}) == N_CHECKED
    kinds = {(found.prototype, found.structure.composition.reduced_formula) for found in candidates}
    assert len(kinds) == N_CHECKED


def test_each_is_a_small_usable_crystal_with_room_for_its_atoms(candidates: list[Candidate]):
    for found in candidates:
        validate_structure(found.structure)
        assert len(found.structure) <= 6, found.candidate_id
        assert shortest_distance_angstrom(found.structure) > 1.0, found.candidate_id
        assert 3.0 < found.structure.volume / len(found.structure) < 150.0, found.candidate_id


def test_elements_keep_the_space_group_of_the_type(candidates: list[Candidate]):
    one_of_each = {found.prototype: found for found in candidates}
    assert len(one_of_each) > 90
    for name, found in one_of_each.items():
        symbol = SpacegroupAnalyzer(found.structure, symprec=1e-2).get_space_group_symbol()
        assert symbol == TYPES[name].space_group, found.candidate_id


@pytest.mark.parametrize(
    ("candidate_id", "formula", "n_atom"),
    [
        ("l1_2:Al-Sc", "ScAl3", 4),
        ("heusler:Ni-Ti-Al", "TiAlNi2", 4),
        ("antiperovskite:P-N-Mg", "Mg3PN", 5),
        ("aluminium_diboride:Lu-B", "LuB2", 3),
        ("fluorite:Sc-H", "ScH2", 3),
        ("cubic_laves:Ca-Ir", "CaIr2", 6),
        ("anti_cadmium_iodide:Ti-O", "Ti2O", 3),
        ("face_centred_cubic:Al", "Al", 1),
        ("bismuth_trifluoride:H-La", "LaH3", 4),
    ],
)
def test_slots_have_their_multiplicity(candidates: list[Candidate], candidate_id: str, formula: str, n_atom: int):
    (structure,) = (found.structure for found in candidates if found.candidate_id == candidate_id)
    assert structure.composition.reduced_formula == formula
    assert len(structure) == n_atom


@pytest.mark.parametrize(
    ("candidate_id", "volume_cubic_angstrom"),
    [
        ("body_centred_cubic:W", 15.85),
        ("cesium_chloride:Ni-Al", 24.0),
        ("rocksalt:Ti-C", 20.2),
        ("fluorite:Y-H", 35.2),
        ("perovskite:Sr-Li-H", 56.2),
        ("l1_2:Al-Sc", 69.1),
    ],
)
def test_volumes_start_near_the_measured_one(
    candidates: list[Candidate], candidate_id: str, volume_cubic_angstrom: float
):
    (structure,) = (found.structure for found in candidates if found.candidate_id == candidate_id)
    assert structure.volume == pytest.approx(volume_cubic_angstrom, rel=0.25)


def test_a_campaign_that_is_cut_off_has_seen_many_types_families_and_elements(candidates: list[Candidate]):
    first = candidates[:300]
    types = Counter(found.prototype for found in first)
    assert len(types) > 60
    assert types.most_common(1)[0][1] < 45
    elements = Counter(symbol for found in first for symbol in found.structure.symbol_set)
    assert len(elements) > 70
    assert elements["H"] >= 8
    assert sum(elements[halogen] for halogen in ("F", "Cl", "Br", "I")) >= 10
    assert sum(len(found.structure.symbol_set) == 1 for found in first) >= 30


def test_excluded_formulas_do_not_occur_in_any_notation(candidates: list[Candidate]):
    ids = {found.candidate_id for found in candidates}
    assert {"l1_2:Al-Sc", "cesium_chloride:Ni-Al", "hexagonal_close_packed:Be"} <= ids
    others = {
        found.candidate_id
        for found in islice(gap_candidates(seed=0, excluded_formulas={"ScAl3", "Ni2Al2", "Be"}), N_CHECKED)
    }
    assert not {"l1_2:Al-Sc", "cesium_chloride:Ni-Al", "hexagonal_close_packed:Be"} & others


def test_no_formula_of_the_tables_that_tests_are_made_of(shared_data: Path):
    with gzip.open(shared_data / "phonix_sample.jsonl.gz", "rt") as rows:
        tested = {json.loads(row)["formula"] for row in rows}
    with (shared_data / "togo15.csv").open() as rows:
        tested |= {row["cation"] + row["anion"] for row in csv.DictReader(rows)}
    with (shared_data / "hh143.csv").open() as rows:
        tested |= {row["site_4a"] + row["site_4b"] + row["site_4c"] for row in csv.DictReader(rows)}
    reduced = {Composition(formula).reduced_formula for formula in tested}
    found = islice(gap_candidates(seed=0, excluded_formulas=tested), 400)
    assert not reduced & {each.structure.composition.reduced_formula for each in found}


def test_an_element_in_two_slots_counts_twice(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gap_candidates_module, "ELEMENTS", {})
    monkeypatch.setattr(gap_candidates_module, "COMPOUNDS", {"calcium_cyanamide": "NaNN CaCN"})  # all: 10 s
    monkeypatch.setattr(gap_candidates_module, "MIXED_CRYSTALS", {})
    (found,) = gap_candidates(seed=0, excluded_formulas={"NaN3"}, n_decorated=0)
    assert found.candidate_id == "calcium_cyanamide:Ca-C-N"


def test_what_the_potential_is_known_to_fail_for_is_left_out(candidates: list[Candidate]):
    formulas = {found.structure.composition.reduced_formula for found in candidates}
    assert all(formulas.isdisjoint(failing) for failing in KNOWN_FAILURES.values())


def test_decorations_follow_the_known_crystals(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(gap_candidates_module, "ELEMENTS", {})
    monkeypatch.setattr(gap_candidates_module, "COMPOUNDS", {"rocksalt": "TiC", "cadmium_iodide": "ZrSe"})  # all: 10 s
    monkeypatch.setattr(gap_candidates_module, "MIXED_CRYSTALS", {})
    found = list(gap_candidates(seed=0, excluded_formulas=(), n_decorated=40))
    assert {known.candidate_id for known in found[:2]} == {"rocksalt:Ti-C", "cadmium_iodide:Zr-Se"}
    assert len({each.candidate_id for each in found}) == 42
    assert {each.prototype for each in found[2:]} == set(RARE_TYPES)


def test_words_name_elements_for_every_slot_and_each_once():
    for name, words in [*ELEMENTS.items(), *COMPOUNDS.items(), *MIXED_CRYSTALS.items()]:
        assert len(set(words.split())) == len(words.split()), name
    repeated = [elements for _, elements in known_crystals() if len(set(elements.values())) < len(elements)]
    assert repeated == [{"A": "Na", "B": "N", "X": "N"}]  # an azide
