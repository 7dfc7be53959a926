"""The Materials Project from a local server that replays its documented replies, faults included."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlparse

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mp_api.client import MPRester
from pymatgen.core import Lattice, Structure

from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE, Snapshot
from paraisite.data.sources import materials_project, stable_materials
from paraisite.data.sources.materials_project import fetch_stable_materials
from paraisite.data.sources.stable_materials import NUMBERS, StableMaterials, load_stable_materials
from paraisite.errors import DataError, DownloadError, MissingInputError
from tests.data.sources.json_server import JsonServer, half, hang, running, status, too_short_a_length, web_page

KEY = "0123456789abcdef0123456789abcdef"
N = 25


def document(number: int, **changes: Any) -> dict[str, Any]:
    """Return a material as the server sends it."""
    structure = Structure(Lattice.cubic(4.0 + number / 100), ["Cs", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return {
        "material_id": f"mp-{number}",
        "structure": structure.as_dict(),
        "energy_per_atom": -3.5,
        "formation_energy_per_atom": -1.5,
        "uncorrected_energy_per_atom": -3.0,
        "formula_pretty": "CsCl",
        "deprecated": False,
        "volume": structure.volume,
        "nsites": 2,
        "nelements": 2,
        "density": 3.9,
        "density_atomic": structure.volume / 2,
        "band_gap": 5.0,
        "is_gap_direct": True,
        "is_stable": True,
        "theoretical": False,
    } | changes


class MaterialsProject:
    """A server's table, as mp-api asks for it."""

    def __init__(self, documents: list[Any], *, version: str = "2026_10_01") -> None:
        self.documents, self.version = documents, version

    def __call__(self, path: str) -> Any:
        """Return the answer to a path with its query."""
        url = urlparse(path)
        if "heartbeat" in url.path:
            return {"db_version": self.version, "version": "0.87.3", "access_controlled_batch_ids": []}
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        start, size = int(query.get("_skip", 0)), int(query["_limit"])
        return {"data": self.documents[start : start + size], "meta": {"total_doc": len(self.documents)}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonServer]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MP_API_KEY", KEY)
    MPRester._get_heartbeat_info.cache_clear()
    with running(MaterialsProject([document(number) for number in range(N)])) as state:
        yield state


def fetch(server: JsonServer, folder: Path, **options: Any) -> Snapshot:
    quick: dict[str, Any] = {"timeout_seconds": 0.5, "pause_seconds": 0.01, "interval_seconds": 0.0, "n_attempt": 3}
    options = {"include_gnome": False, "chunk_size": 10} | options
    return fetch_stable_materials(folder / "mp", folder / "kept", server=server.url, **quick | options)


def loaded(folder: Path) -> StableMaterials:
    return load_stable_materials(folder / "mp")


def test_all_materials_come_with_structure_descriptors_and_units(server: JsonServer, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    snapshot = fetch(server, tmp_path, on_chunk=lambda present, total: seen.append((present, total)))
    assert (snapshot.n_row, snapshot.database_version) == (N, "2026_10_01")
    assert seen == [(10, N), (20, N), (25, N)]
    found = loaded(tmp_path)
    assert found.table["material_id"].tolist() == [f"mp-{number}" for number in range(N)]
    assert set(found.table["formula"]) == {"CsCl"}
    assert found.table["density_atomic"].to_numpy() == pytest.approx([s.volume / 2 for s in found.structures])
    assert found.table.iloc[0]["is_gap_direct"]
    assert not found.table.iloc[0]["theoretical"]
    schema = pq.read_schema(tmp_path / "mp" / MATERIALS_FILE)
    assert {name: schema.field(name).metadata[b"unit"].decode() for name in NUMBERS} == NUMBERS
    assert schema.field("density_atomic").metadata[b"unit"].decode() == "Å³/atom"


@pytest.mark.parametrize("include_gnome", [False, True])
def test_gnome_is_asked_for_explicitly(include_gnome: bool, server: JsonServer, tmp_path: Path):
    snapshot = fetch(server, tmp_path, include_gnome=include_gnome)
    asked = [path for path in server.asked if "summary" in path]
    assert all("is_stable=True" in path for path in asked)
    assert all(("batch_id_not_eq=gnome" in path) is not include_gnome for path in asked)
    assert f"include_gnome={include_gnome}" in snapshot.query


def test_the_key_is_in_the_header_and_nowhere_else(
    server: JsonServer, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    server.faults = [None, None, None, status(429), half]
    with caplog.at_level(logging.DEBUG):
        fetch(server, tmp_path)
    server.faults = [None, None, None, status(403)]
    with caplog.at_level(logging.DEBUG), pytest.raises(DownloadError) as caught:
        fetch(server, tmp_path)
    asked = [headers for path, headers in zip(server.asked, server.headers, strict=True) if "summary" in path]
    assert {headers["x-api-key"] for headers in asked} == {KEY}
    output = capfd.readouterr()
    texts = [*server.asked, caplog.text, str(caught.value), output.out, output.err]
    assert KEY not in "".join(texts)
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or KEY.encode() not in file.read_bytes()


def test_without_a_key_one_sentence_says_where_to_get_one(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("MP_API_KEY")
    monkeypatch.setattr(materials_project, "SETTINGS", {})
    with pytest.raises(MissingInputError, match=r"next-gen\.materialsproject\.org/api .*MP_API_KEY"):
        fetch(server, tmp_path)
    assert server.asked == []
    monkeypatch.setattr(materials_project, "SETTINGS", {"PMG_MAPI_KEY": KEY})
    assert fetch(server, tmp_path).n_row == N


@pytest.mark.parametrize("key", ["a" * 16 + "\n" + "b" * 15, "a" * 31 + "…", "a" * 16 + " " + "b" * 15])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(
    key: str, server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MP_API_KEY", key)
    with pytest.raises(MissingInputError, match="holds a space, a line end or a character") as caught:
        fetch(server, tmp_path)
    assert "aaaa" not in str(caught.value)
    assert server.asked == []


def test_a_key_of_the_wrong_length_is_a_clear_error_without_the_key(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MP_API_KEY", "too-short-a-key")
    with pytest.raises(DownloadError, match="32 characters") as caught:
        fetch(server, tmp_path)
    assert "too-short-a-key" not in str(caught.value)


def test_an_interrupted_fetch_goes_on_after_the_last_complete_page(server: JsonServer, tmp_path: Path):
    server.faults = [None] * 4 + [half] * 3
    with pytest.raises(DownloadError, match="the connection broke"):
        fetch(server, tmp_path)
    assert not (tmp_path / "mp").exists()
    server.asked.clear()
    assert fetch(server, tmp_path).n_row == N
    assert [path.partition("_skip=")[2].partition("&")[0] for path in server.asked if "summary" in path] == ["10", "20"]


def test_pages_of_another_version_of_the_database_are_not_used(server: JsonServer, tmp_path: Path):
    server.faults = [None, None, None, None, None, web_page]
    with pytest.raises(DownloadError, match="a web page"):
        fetch(server, tmp_path)
    server.reply = MaterialsProject([document(number) for number in range(N)], version="2026_11_01")
    MPRester._get_heartbeat_info.cache_clear()
    server.asked.clear()
    assert fetch(server, tmp_path).database_version == "2026_11_01"
    assert len([path for path in server.asked if "summary" in path]) == 3


def test_faults_on_the_way_cost_no_material(server: JsonServer, tmp_path: Path):
    server.faults = [half, None, half, None, hang(1.2), None, status(429, Retry_After="0"), half, None, hang(0.8)]
    server.faults += [None, status(503), too_short_a_length]
    assert fetch(server, tmp_path).n_row == N


def test_a_bad_material_is_a_row_with_a_reason(server: JsonServer, tmp_path: Path):
    shared = Structure(Lattice.cubic(4.0), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]).as_dict()
    overlap = Structure(Lattice.cubic(4.0), ["Na", "Cl"], [[0, 0, 0], [0, 0, 0.01]]).as_dict()
    documents = [
        document(0),
        document(1, structure=None),
        document(2, structure={"lattice": "none"}),
        document(3, structure=shared),
        document(4, structure=overlap),
        document(5, band_gap=True),
        document(6, volume="large"),
        document(7, is_stable=False),
        document(8, theoretical="perhaps"),
        document(0),
        document(9, band_gap=float("nan"), is_gap_direct=None),
    ]
    server.reply = MaterialsProject(documents)
    assert fetch(server, tmp_path).n_row == len(documents)
    found = loaded(tmp_path)
    assert found.table["material_id"].tolist() == ["mp-0", "mp-9"]
    assert np.isnan(found.table["band_gap"].iloc[1])
    reasons = found.rejected.set_index("material_id")["reason"]
    assert reasons.index.tolist() == [f"mp-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 0)]
    for number, text in {
        1: "no structure", 2: "no structure", 3: "partial occupancy", 4: "overlap: ", 5: "band_gap is True",
        6: "volume is 'large'", 7: "not stable", 8: "theoretical is 'perhaps'", 0: "duplicate id",
    }.items():  # fmt: skip
        assert text in reasons[f"mp-{number}"]


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from([(key,) for key in document(0)] + [("structure", key) for key in document(0)["structure"]]),
    value=ANYTHING,
)
def test_no_value_of_one_material_costs_another(place: tuple[str, ...], value: Any, tmp_path: Path):
    """Values that no server should send, at the top of a document or inside of its structure."""
    odd = document(1)
    part = odd["structure"] if len(place) == 2 else odd
    part[place[-1]] = value
    stable_materials.write_stable_materials(tmp_path, [document(0), odd, document(2)], query="", database_version="")
    found = load_stable_materials(tmp_path)
    assert {"mp-0", "mp-2"} <= set(found.table["material_id"])
    assert len(found.table) + len(found.rejected) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"formula_pretty": "CsCl2"}, "its atoms make Cs Cl, which is not the formula that it names, Cs Cl2"),
        ({"formula_pretty": "NaCl"}, "holds Na, of which no atom has a position"),
        ({"nsites": 4}, "2 atoms were read, while the file says 4"),
        ({"volume": 128.0}, "while the file says 128"),
        ({"deprecated": True}, "marks it as deprecated"),
    ],
)
def test_a_material_that_is_not_what_was_asked_for_is_rejected(
    changes: dict[str, Any], reason: str, server: JsonServer, tmp_path: Path
):
    server.reply.documents[3] = document(3, **changes)
    fetch(server, tmp_path)
    assert len(loaded(tmp_path).table) == N - 1
    rejected = loaded(tmp_path).rejected
    assert rejected["material_id"].tolist() == ["mp-3"]
    assert reason in rejected["reason"][0]
    asked = [path for path in server.asked if "summary" in path]
    assert all("deprecated=False" in path and "formula_pretty" in path for path in asked)


def test_fewer_materials_than_announced_are_an_error(server: JsonServer, tmp_path: Path):
    whole = server.reply
    server.reply = lambda path: {"data": [], "meta": {"total_doc": N}} if "_skip=20" in path else whole(path)
    with pytest.raises(DownloadError, match="20 of the 25 stable materials came"):
        fetch(server, tmp_path)
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("reply", [{"data": 7}, {}, [], "maintenance", None])
def test_an_answer_of_another_kind_is_a_clear_error(reply: Any, server: JsonServer, tmp_path: Path):
    whole = server.reply
    server.reply = lambda path: whole(path) if "heartbeat" in path else reply
    with pytest.raises(DownloadError, match=r"^http://127\.0\.0\.1"):
        fetch(server, tmp_path)


def test_another_server_is_noticed(server: JsonServer, tmp_path: Path):
    server.reply = lambda _: {"status": "fine"}
    with pytest.raises(DownloadError, match="names no db_version"):
        fetch(server, tmp_path)


@pytest.mark.parametrize("name", [MATERIALS_FILE, REJECTED_FILE])
def test_a_snapshot_of_another_kind_is_a_clear_error(name: str, server: JsonServer, tmp_path: Path):
    fetch(server, tmp_path)
    pq.write_table(pa.table({"another": [1.0]}), tmp_path / "mp" / name)
    Snapshot.of(tmp_path / "mp", MATERIALS_FILE, n_row=1, source="x", query="x").save(tmp_path / "mp")
    with pytest.raises(DataError, match="holds no readable snapshot"):
        loaded(tmp_path)
