"""AFLUX records: every form is read, one bad row costs no other row."""

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.data.sources.aflow import load_aflow
from paraisite.errors import DataError, MissingInputError

GOOD: dict[str, Any] = {
    "entry": "Cl1Na1_ICSD_1",
    "geometry": [4.0, 4.0, 4.0, 60.0, 60.0, 60.0],
    "species": ["Na", "Cl"],
    "positions_fractional": [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]],
    "agl_thermal_conductivity_300K": 5.5,
}


def _row(**changes: Any) -> dict[str, Any]:
    return {key: value for key, value in (GOOD | changes).items() if value is not ...}


def _write(tmp_path: Path, *rows: dict[str, Any] | str | bytes, name: str = "aflow.jsonl") -> Path:
    lines = [
        row if isinstance(row, bytes) else (row if isinstance(row, str) else json.dumps(row)).encode() for row in rows
    ]
    path = tmp_path / name
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


def test_lists_are_read(tmp_path: Path) -> None:
    (record,), rejections = load_aflow(_write(tmp_path, GOOD))
    assert rejections == []
    assert (record.material_id, record.kappa_w_per_m_k, record.prototype) == ("Cl1Na1_ICSD_1", 5.5, None)
    assert record.structure.lattice.parameters == pytest.approx((4, 4, 4, 60, 60, 60))
    assert [site.specie.symbol for site in record.structure] == ["Na", "Cl"]
    assert record.structure.frac_coords.tolist() == GOOD["positions_fractional"]


@pytest.mark.parametrize(
    "changes",
    [
        {"geometry": "4.0,4.0,4.0,60,60,60"},
        {"species": "Na,Cl"},
        {"species": " Na, Cl\n"},
        {"positions_fractional": "0,0,0;0.5,0.5,0.5"},
        {"positions_fractional": "0,0,0;0.5,0.5,0.5;"},
        {"positions_fractional": ["0,0,0", "0.5,0.5,0.5"]},
        {"agl_thermal_conductivity_300K": "5.5"},
        {"composition": [1, 1]},
        {"composition": "1,1", "species": "Na,Cl", "extra": None},
    ],
)
def test_aflux_strings_mean_the_same_as_lists(tmp_path: Path, changes: dict[str, Any]) -> None:
    expected, _ = load_aflow(_write(tmp_path, GOOD))
    assert load_aflow(_write(tmp_path, _row(**changes))) == (expected, [])


@pytest.mark.parametrize("composition", [[1, 3], "1,3"])
def test_species_named_once_are_repeated_by_composition(tmp_path: Path, composition: Any) -> None:
    positions = [[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    changes = {"species": ["Cu", "Au"], "composition": composition, "positions_fractional": positions}
    (record,), _ = load_aflow(_write(tmp_path, _row(**changes)))
    assert [site.specie.symbol for site in record.structure] == ["Cu", "Au", "Au", "Au"]


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ({"entry": "e", "auid": "a", "aurl": "u"}, "e"),
        ({"entry": ..., "auid": "aflow:1", "aurl": "u"}, "aflow:1"),
        ({"entry": "", "aurl": "host:LIB/x"}, "host:LIB/x"),
    ],
)
def test_id_comes_from_the_first_key_present(tmp_path: Path, ids: dict[str, Any], expected: str) -> None:
    (record,), _ = load_aflow(_write(tmp_path, _row(**ids)))
    assert record.material_id == expected


def test_polymorphs_known_by_compound_only_are_kept_apart(tmp_path: Path) -> None:
    first = _row(entry=..., compound="Cl1Na1")
    second = _row(entry=..., compound="Cl1Na1", geometry=[4.1, 4.1, 4.1, 60, 60, 60])
    records, rejections = load_aflow(_write(tmp_path, first, second, first))
    assert len({record.material_id for record in records}) == len(records) == 2
    assert all(record.material_id.startswith("Cl1Na1-") for record in records)
    assert [rejection.material_id for rejection in rejections] == [records[0].material_id]


BAD_ROWS = [
    (_row(entry="x", agl_thermal_conductivity_300K=0), "x", "is 0.0 W/m/K, expected a positive number"),
    (_row(entry="x", agl_thermal_conductivity_300K=-1.5), "x", "is -1.5 W/m/K, expected a positive number"),
    (_row(entry="x", agl_thermal_conductivity_300K=math.nan), "x", "holds nan, expected a finite number"),
    (_row(entry="x", agl_thermal_conductivity_300K=10**400), "x", "agl_thermal_conductivity_300K holds 1000"),
    (_row(entry="x", agl_thermal_conductivity_300K=None), "x", "no value for agl_thermal_conductivity_300K"),
    (_row(entry="x", agl_thermal_conductivity_300K="n/a"), "x", "holds 'n/a', expected a number"),
    (_row(entry="x", agl_thermal_conductivity_300K=True), "x", "holds True, expected a number"),
    (_row(entry="x", geometry=..., species=...), "x", "no value for geometry, species"),
    (_row(entry="x", geometry=[4, 4, 4]), "x", "geometry has 3 values, expected 6"),
    (_row(entry="x", geometry={"a": 4}), "x", "geometry is {'a': 4}, expected a list or a string"),
    (_row(entry="x", geometry=[4, 4, 0, 90, 90, 90]), "x", "expected positive lengths and angles"),
    (_row(entry="x", geometry=[4, 4, 4, 90, 90, 180]), "x", "expected positive lengths and angles"),
    (_row(entry="x", geometry=[4, 4, 4, 60, 60, 120]), "x", "angles 60, 60, 120 degrees enclose no volume"),
    (_row(entry="x", geometry=[4, 4, 4, 130, 130, 120]), "x", "enclose no volume"),
    (_row(entry="x", geometry=[0.4, 0.4, 0.4, 90, 90, 90]), "x", "cell's volume is 0.064"),
    (_row(entry="x", geometry=[4, 4, math.nan, 90, 90, 90]), "x", "geometry holds nan"),
    (_row(entry="x", species=["Na", "Xx"]), "x", "unknown element 'Xx'"),
    (_row(entry="x", species=["Na", "D"]), "x", "D is an isotope"),
    (_row(entry="x", species=["Na", {"Cl": 0.5, "Br": 0.5}]), "x", "partial occupancy is not supported"),
    (_row(entry="x", species="Na,Cl,Br", composition="1,0.5,0.5"), "x", "partial occupancy is not supported"),
    (_row(entry="x", species=["Na"]), "x", "1 species for 2 positions_fractional, and no composition that explains it"),
    (_row(entry="x", composition=[2, 2]), "x", "composition [2.0, 2.0] sums to 4, expected the 2"),
    (_row(entry="x", positions_fractional=[[0, 0, 0], [0.5, 0.5]]), "x", "without exactly three coordinates"),
    (_row(entry="x", positions_fractional=[0, 0, 0, 0.5, 0.5, 0.5]), "x", "positions_fractional is 0, expected a list"),
    (_row(entry="x", positions_fractional="0,0,0;0.5,,0.5"), "x", "positions_fractional holds '', expected a number"),
    (_row(entry="x", positions_fractional=[[0, 0, 0], [0, 0, 0.1]]), "x", "sites 0 (Na) and 1 (Cl) overlap"),
    (_row(entry=GOOD["entry"], agl_thermal_conductivity_300K=9), GOOD["entry"], "duplicate id (line 2)"),
    (_row(entry=...), "line 2", "no id: expected one of entry, auid, aurl, compound"),
    ('{"entry": "x", "geometry": [4.0', "line 2", "unreadable JSON"),
    (b'{"entry": "\xff\xfe"}', "line 2", "unreadable JSON"),
    ("[" * 100_000, "line 2", "unreadable JSON"),
    ("17", "line 2", "7, expected a JSON object"),
    ("null", "line 2", "None, expected a JSON object"),
]


@pytest.mark.parametrize(("bad", "material_id", "reason"), BAD_ROWS, ids=[row[2][:40] for row in BAD_ROWS])
def test_bad_row_is_rejected_with_its_reason_and_the_others_stay(
    tmp_path: Path, bad: dict[str, Any] | str | bytes, material_id: str, reason: str
) -> None:
    records, (rejection,) = load_aflow(_write(tmp_path, GOOD, bad, "", _row(entry="last")))
    assert [record.material_id for record in records] == [GOOD["entry"], "last"]
    assert records[0].kappa_w_per_m_k == 5.5
    assert rejection.material_id == material_id
    assert reason in rejection.reason


def test_good_row_after_a_rejected_one_of_the_same_id_is_kept(tmp_path: Path) -> None:
    records, rejections = load_aflow(_write(tmp_path, _row(agl_thermal_conductivity_300K=-1), GOOD))
    assert [record.kappa_w_per_m_k for record in records] == [5.5]
    assert len(rejections) == 1


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "aflow.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + json.dumps(GOOD).encode() + b"\r\n" + json.dumps(_row(entry="x")).encode() + b"\r\n"
    )
    records, rejections = load_aflow(path)
    assert (len(records), rejections) == (2, [])


def test_array_as_the_query_answers_it_is_read(tmp_path: Path) -> None:
    path = _write(tmp_path, json.dumps([GOOD, 17, _row(entry="x")], indent=1), name="aflow.json")
    records, (rejection,) = load_aflow(path)
    assert [record.material_id for record in records] == [GOOD["entry"], "x"]
    assert rejection.material_id == "item 2"


def test_records_that_are_numbered_are_read_in_their_order(tmp_path: Path) -> None:
    reply = {"10 of 10": _row(entry="ten"), "2 of 10": _row(entry="two"), "1 of 10": None}
    records, (rejection,) = load_aflow(_write(tmp_path, json.dumps(reply, indent=1), name="reply.json"))
    assert [record.material_id for record in records] == ["two", "ten"]
    assert rejection.material_id == "item 1"


@pytest.mark.parametrize("name", ["aflow.jsonl.gz", "aflow.jsonl"])
def test_gzip_is_recognised_by_content_not_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(json.dumps(GOOD).encode()))
    assert len(load_aflow(path)[0]) == 1
    path.write_bytes(json.dumps(GOOD).encode())
    assert len(load_aflow(path)[0]) == 1


def test_absent_table_says_how_to_get_it_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError) as caught:
        load_aflow(tmp_path / "none.jsonl.gz")
    message = str(caught.value)
    for part in (
        "none.jsonl.gz not found",
        "data fetch aflow",
        "--from FILE",
        "data.aflow_table",
        "PARAISITE_AFLOW_TABLE",
    ):
        assert part in message
    assert "\n" not in message


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_truncated_gzip_is_an_error_so_that_half_a_table_never_trains(tmp_path: Path, keep: float) -> None:
    packed = gzip.compress("\n".join(json.dumps(_row(entry=str(number))) for number in range(500)).encode())
    path = tmp_path / "aflow.jsonl.gz"
    path.write_bytes(packed[: int(keep * len(packed))])
    with pytest.raises(DataError, match=r"aflow\.jsonl\.gz is a damaged or truncated gzip file .*download it again"):
        load_aflow(path)


def test_flipped_bits_in_gzip_are_an_error(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(json.dumps(GOOD).encode()))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "aflow.jsonl.gz"
    path.write_bytes(packed)
    with pytest.raises(DataError, match="damaged or truncated gzip"):
        load_aflow(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n<!DOCTYPE html><html></html>", "holds a web page, expected AFLUX records"),
        (b"", "holds no AFLUX record: none of its 0 rows"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "none of its 2 rows is a JSON object"),
        (b'[{"entry": "x", ', "none of its 1 rows is a JSON object"),
        (b"[]", "none of its 0 rows"),
        (b"PK\x03\x04\x00\xff", "none of its 1 rows"),
    ],
)
def test_file_that_is_no_table_is_an_error(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "aflow.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        load_aflow(path)


def test_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read, expected a file"):
        load_aflow(tmp_path)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(set(GOOD) | {"composition", "auid", "compound"})), value=JSON_VALUES)
def test_any_value_under_any_key_gives_a_record_or_a_rejection(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: Any
) -> None:
    path = _write(tmp_path_factory.getbasetemp(), _row(**{key: value}), _row(entry="the last row"), name="fuzzed.jsonl")
    records, rejections = load_aflow(path)
    assert len(records) + len(rejections) == 2
    assert records[-1].material_id == "the last row"
    assert all(rejection.reason for rejection in rejections)


def test_shared_table_is_read_whole(shared_data: Path) -> None:
    records, rejections = load_aflow(shared_data / "aflow_agl.jsonl.gz")
    assert (len(records), rejections) == (2923, [])
    assert records[0].material_id == "Ag1Al1Se2_ICSD_28745"
    assert records[0].structure.composition.formula == "Al2 Ag2 Se4"
