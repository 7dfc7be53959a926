"""Rows say the same as the arrays, to a program and to people."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from paraisite import schema
from paraisite.explain.text import describe_nearest
from paraisite.inference import rows
from paraisite.inference.crystals import Crystal
from paraisite.inference.network_model import NetworkModel
from paraisite.inference.predictions import Predictions
from paraisite.inference.predictor import Predictor
from paraisite.schema import REASON
from tests.graphs.crystals import diamond, rocksalt
from tests.inference.known_predictors import tiny_ensemble, tiny_predictor
from tests.training.tiny import N_MEMBER

CRYSTALS = [
    Crystal("NaCl.cif", rocksalt(4.5, ("Na", "Cl"))),
    Crystal("absent.cif", "file not found"),
    Crystal("Si.cif", diamond(5.43, ("Si", "Si"))),
]
KNOWN_WITHOUT_REFERENCE = {schema.OUT_OF_DOMAIN, schema.OUT_OF_DOMAIN_FLAG, rows.UNSEEN, rows.NEAREST}


def predictions(predictor: Predictor) -> Predictions:
    return predictor.predict([crystal.found for crystal in CRYSTALS])


def text_of(named: list[rows.Row], *, width: int = 200) -> list[str]:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(rows.build_table(named, width=width if width < 100 else None))
    return captured.get().splitlines()


def test_json_and_back_loses_nothing():
    found = predictions(tiny_predictor())
    named = rows.build_named_rows(CRYSTALS, found)
    back = json.loads(json.dumps(named, allow_nan=False))
    assert back == named
    np.testing.assert_array_equal(
        np.transpose([row[rows.MEMBERS] for row in back if row[rows.MEMBERS]]), found.members[:, [0, 2]]
    )
    assert [row[rows.NAME] for row in back] == [crystal.name for crystal in CRYSTALS]
    assert back[2][rows.interval_keys(0.5)[0]] == found.lower[0, 2]
    assert len(back[0][rows.NEAREST]) == 3
    assert back[0][rows.NEAREST][0]["material_id"] == "m-1"  # it is one of those that taught


def test_labels_of_our_own_are_told_from_known_values():
    predictor = tiny_predictor()
    known = predictor.calibration_set
    of_materials = replace(known.materials, is_label=np.array(known.materials.material_id) == "m-1")
    found = predictions(replace(predictor, calibration_set=replace(known, materials=of_materials)))
    named = rows.build_named_rows(CRYSTALS, found)
    assert [near["is_label"] for near in named[0][rows.NEAREST]] == [True, False, False]
    nearest = named[0][rows.NEAREST][0]
    assert f"≈{nearest['kappa_w_per_m_k']:.3g}" in text_of(named)[1]
    assert "what stands behind ≈ was computed under a potential" in describe_nearest(named[0])
    assert not any(
        near["is_label"] for row in rows.build_rows(predictions(predictor)) for near in row[rows.NEAREST] or ()
    )


def test_a_row_without_a_prediction_has_a_reason_and_no_numbers():
    row = rows.build_named_rows(CRYSTALS, predictions(tiny_predictor()))[1]
    known = {key for key, value in row.items() if value is not None}
    assert known == {rows.NAME, rows.TARGET, rows.UNIT, REASON}


def test_rows_have_the_same_keys_with_and_without_a_reference():
    with_it, without = (
        rows.build_rows(predictions(predictor))
        for predictor in (tiny_predictor(), Predictor(NetworkModel(tiny_ensemble())))
    )
    assert [list(row) for row in with_it] == [list(row) for row in without]
    assert all(without[0][key] is None for key in KNOWN_WITHOUT_REFERENCE)


@pytest.mark.parametrize("predictor", [tiny_predictor, lambda: Predictor(NetworkModel(tiny_ensemble()))])
def test_the_frame_has_the_columns_and_types_that_a_server_promises(predictor: Callable[[], Predictor]):
    frame = rows.build_frame(predictions(predictor()))
    kinds = {"double": "float64", "boolean": "bool", "string": "str"}
    assert {name: str(kind) for name, kind in frame.dtypes.items()} == {
        name: kinds[kind] for name, kind in rows.list_column_types().items()
    }
    assert [len(json.loads(text)) if text else 0 for text in frame[rows.MEMBERS]] == [N_MEMBER, 0, N_MEMBER]
    assert frame[REASON].tolist() == ["", "file not found", ""]


def test_people_see_value_interval_and_the_nearest_on_a_line():
    heading, first, second, reason = text_of(rows.build_named_rows(CRYSTALS, predictions(tiny_predictor())))
    assert [cell.strip() for cell in heading.split("  ") if cell] == [
        "crystal", "formula", "kappa (W/m/K)", "90 % interval", "in domain", "nearest training materials",
    ]  # fmt: skip
    assert first.split()[:2] == ["NaCl.cif", "NaCl"]
    assert second.startswith("Si.cif")
    assert reason.strip() == f"{CRYSTALS[1].name}: no prediction: file not found"


def test_a_line_fits_eighty_columns():
    named = rows.build_named_rows(CRYSTALS, predictions(tiny_predictor()))
    named[0][rows.NAME] = "folder/of/many/" + "a_long_name" * 9 + ".cif"
    named[1][REASON] = "sites 0 (Na) and 1 (Na) overlap: 0.052 Å apart, expected at least 0.5 Å"
    heading, first, second, *reason = text_of(named, width=80)
    assert heading.rstrip().endswith("in domain  nearest")
    assert first.startswith("a_long_name")
    assert "…" in first
    neighbours = [f"{near[schema.FORMULA]} {near[schema.KAPPA]:.3g}" for near in named[2][rows.NEAREST]]
    assert second.rstrip().rpartition("  ")[2] == ", ".join(neighbours[:2])  # whole ones, as many as fit
    assert " ".join(" ".join(reason).split()) == f"absent.cif: no prediction: {named[1][REASON]}"


def test_names_lose_their_folders_unless_two_are_alike():
    names = ["a/NaCl.cif", "b/NaCl.cif", "a/Si.cif", "MgO.cif", "c:\\files\\Ge.cif#2", "-"]
    assert rows.shorten_names(names) == ["a/NaCl.cif", "b/NaCl.cif", "Si.cif", "MgO.cif", "Ge.cif#2", "-"]


def test_predictions_of_different_things_have_their_units_beside_them():
    named = rows.build_named_rows(CRYSTALS, predictions(tiny_predictor()))
    named[0] |= {rows.TARGET: "formation energy", rows.UNIT: "eV/atom"}
    heading, first, second, _ = text_of(named)
    assert "prediction" in heading
    assert "formation energy" in first
    assert "eV/atom" in first
    assert "W/m/K" in second


def test_flat_rows_hold_texts_and_numbers():
    flat = rows.build_flat_rows(rows.build_named_rows(CRYSTALS, predictions(tiny_predictor())))
    assert not any(isinstance(value, list | dict) for row in flat for value in row.values())
    assert flat[0][rows.NEAREST].count("; ") == 2
    assert flat[1][REASON] == "file not found"


def test_without_intervals_people_see_the_members_deviation():
    lines = text_of(rows.build_named_rows(CRYSTALS, predictions(Predictor(NetworkModel(tiny_ensemble())))))
    assert "±" in lines[1]


@pytest.mark.parametrize("name", ["[/red].cif", "[bold]NaCl[/bold].cif", "[link=http://evil]NaCl.cif"])
def test_markup_in_a_files_name_is_text(name: str):
    """`[/red].cif` ended the table in a traceback."""
    named = rows.build_named_rows([Crystal(name, found.found) for found in CRYSTALS], predictions(tiny_predictor()))
    assert sum(name in line for line in text_of(named)) == 3


def test_control_characters_in_a_name_do_not_reach_the_terminal():
    named = rows.build_named_rows(CRYSTALS, predictions(tiny_predictor()))
    for row in named:
        row[rows.NAME] = "\x1b[2J\n.cif"
    text = "\n".join(text_of(named))
    assert "\x1b[2J" not in text
    assert text.count(r"\x1b[2J\n.cif") == 3


def test_where_nothing_has_a_prediction_there_are_reasons_alone() -> None:
    """Regression: the headings of an empty table stood above them."""
    named = rows.build_named_rows(CRYSTALS, predictions(tiny_predictor()))[1:2]
    assert text_of(named) == ["absent.cif: no prediction: file not found"]
