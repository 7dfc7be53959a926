"""AFLUX from a local server that replays both forms of its replies, and what goes wrong with servers."""

import errno
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paraisite.data.snapshot import RECORDS_FILE, Snapshot
from paraisite.data.sources.aflow import load_aflow
from paraisite.data.sources.aflux import fetch_aflow
from paraisite.data.sources.http import JsonSession
from paraisite.errors import DataError, DownloadError
from tests.data.sources.json_server import JsonServer, half, hang, running, status, too_short_a_length, web_page

N = 25


def typed(number: int) -> dict[str, Any]:
    """Return an entry with values of their types."""
    return {
        "auid": f"aflow:{number:016x}",
        "aurl": f"aflowlib.duke.edu:AFLOWDATA/ICSD_WEB/FCC/Cl1Na1_ICSD_{number}",
        "compound": "Cl1Na1",
        "species": ["Cl", "Na"],
        "composition": [1, 1],
        "geometry": [4.0, 4.0, 4.0, 60.0, 60.0, 60.0],
        "positions_fractional": [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]],
        "agl_thermal_conductivity_300K": 5.0 + number,
        "spacegroup_relax": 225,
        "agl_debye": 300.0,
        "agl_gruneisen": 2.0,
    }


def texts(number: int) -> dict[str, Any]:
    """Return the same entry with values as text."""
    return typed(number) | {
        "species": "Cl,Na",
        "composition": "1,1",
        "geometry": "4,4,4,60,60,60",
        "positions_fractional": "0,0,0;0.5,0.5,0.5",
        "agl_thermal_conductivity_300K": f"{5.0 + number}",
        "spacegroup_relax": "225",
        "agl_debye": "300",
        "agl_gruneisen": "2",
    }


class Aflux:
    """A server's table.

    Args:
        rows: All of them.
        numbered: Reply with an object whose keys count the rows, else with a list.
        cap: Most rows of a page, whatever was asked.
        repeat: Answer a page beyond the end with the last one.
    """

    def __init__(self, rows: list[Any], *, numbered: bool = False, cap: int = 10_000, repeat: bool = False) -> None:
        self.rows, self.numbered, self.cap, self.repeat = rows, numbered, cap, repeat

    def __call__(self, path: str) -> Any:
        """Return the page that was asked for."""
        number, size = (int(text) for text in re.search(r"\$paging\((\d+),(\d+)\)$", path).groups())
        start = (number - 1) * size
        if self.repeat and start >= len(self.rows):
            start = (len(self.rows) - 1) // size * size
        page = self.rows[start : start + size][: self.cap]
        if not self.numbered:
            return page
        return {f"{start + place} of {len(self.rows)}": row for place, row in enumerate(page, start=1)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonServer]:
    monkeypatch.setenv("no_proxy", "*")
    with running(Aflux([typed(number) for number in range(N)])) as state:
        yield state


def fetch(server: JsonServer, folder: Path, **options: Any) -> Snapshot:
    session = JsonSession(folder / "kept", timeout_seconds=0.5, pause_seconds=0.01, interval_seconds=0.0, n_attempt=3)
    return fetch_aflow(folder / "aflow", session, server=server.url, **{"page_size": 10} | options)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("entry", [typed, texts])
def test_both_forms_of_reply_and_of_value_give_the_same_table(
    numbered: bool, entry: Any, server: JsonServer, tmp_path: Path
):
    server.reply = Aflux([entry(number) for number in range(N)], numbered=numbered)
    seen: list[tuple[int, int | None]] = []
    snapshot = fetch(server, tmp_path, on_page=lambda present, total: seen.append((present, total)))
    total = N if numbered else None
    assert seen == [(10, total), (20, total), (25, total)]
    assert snapshot.n_row == N
    records, rejections = load_aflow(tmp_path / "aflow" / RECORDS_FILE)
    assert rejections == []
    assert [record.material_id for record in records] == [f"aflow:{number:016x}" for number in range(N)]
    assert [record.kappa_w_per_m_k for record in records] == [5.0 + number for number in range(N)]
    assert {record.structure.reduced_formula for record in records} == {"NaCl"}


def test_the_query_is_one_that_drops_no_row(server: JsonServer, tmp_path: Path):
    fetch(server, tmp_path)
    query = server.asked[0].removeprefix("/?")
    assert query.count("(*)") == 1
    assert "agl_thermal_conductivity_300K(*)" in query
    assert query.endswith("$catalog(ICSD),$paging(1,10)")
    for key in typed(0):
        assert re.search(rf"(^|,){key}(,|\(\*\))", query), key


def test_the_snapshot_says_what_it_is(server: JsonServer, tmp_path: Path):
    fetch(server, tmp_path)
    snapshot = Snapshot.load(tmp_path / "aflow")
    assert snapshot.query.startswith(f"{server.url}?agl_thermal_conductivity_300K(*),")
    assert snapshot.fetched_at.endswith("+00:00")
    assert (snapshot.n_row, len(snapshot.sha256)) == (N, 64)
    again = fetch(server, tmp_path)
    assert again.sha256 == snapshot.sha256
    assert not (tmp_path / "kept").exists()


def test_a_whole_table_is_a_handful_of_requests(server: JsonServer, tmp_path: Path):
    rows = [typed(number) for number in range(5578)]
    for numbered, n_request in ((True, 6), (False, 7)):
        server.reply, server.asked = Aflux(rows, numbered=numbered), []
        assert fetch(server, tmp_path / str(numbered), page_size=1000).n_row == 5578
        assert len(server.asked) == n_request
    assert len(load_aflow(tmp_path / "True" / "aflow" / RECORDS_FILE)[0]) == 5578


@pytest.mark.parametrize("numbered", [False, True])
def test_a_server_that_caps_its_pages_loses_no_row(numbered: bool, server: JsonServer, tmp_path: Path):
    server.reply = Aflux([typed(number) for number in range(N)], numbered=numbered, cap=4)
    assert fetch(server, tmp_path).n_row == N


@pytest.mark.parametrize("n", [20, 25])
def test_a_server_that_repeats_its_last_page_doubles_no_row(n: int, server: JsonServer, tmp_path: Path):
    server.reply = Aflux([typed(number) for number in range(n)], repeat=True)
    assert fetch(server, tmp_path).n_row == n


def test_an_interrupted_fetch_goes_on_after_the_last_complete_page(server: JsonServer, tmp_path: Path):
    server.faults = [None, *[half] * 3]
    with pytest.raises(DownloadError, match=r"the connection broke.*\(3 attempts\)"):
        fetch(server, tmp_path)
    assert not (tmp_path / "aflow").exists()
    server.asked.clear()
    assert fetch(server, tmp_path).n_row == N
    assert [path.rpartition("$")[2] for path in server.asked] == ["paging(2,10)", "paging(3,10)", "paging(4,10)"]


def test_what_was_there_stays_when_a_later_fetch_fails(server: JsonServer, tmp_path: Path):
    before = fetch(server, tmp_path)
    server.faults = [web_page]
    with pytest.raises(DownloadError, match="a web page"):
        fetch(server, tmp_path)
    assert Snapshot.load(tmp_path / "aflow") == before


def test_a_snapshot_that_cannot_be_written_whole_leaves_the_former_one(
    server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    before = fetch(server, tmp_path)

    def fail(_snapshot: Snapshot, _folder: Path) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(Snapshot, "save", fail)  # the table is written by then
    with pytest.raises(DataError, match=r"no space left.*what was there before stays"):
        fetch(server, tmp_path)
    monkeypatch.undo()
    assert Snapshot.load(tmp_path / "aflow") == before


def test_faults_on_the_way_cost_no_row(server: JsonServer, tmp_path: Path):
    server.faults = [status(429, Retry_After="0"), half, None, status(503), hang(0.8), None, half, too_short_a_length]
    assert fetch(server, tmp_path).n_row == N


def test_broken_and_double_rows_are_kept_for_the_table_of_rejected_ones(server: JsonServer, tmp_path: Path):
    rows: list[Any] = [typed(number) for number in range(12)]
    rows[3], rows[7], rows[9] = None, typed(2), typed(9) | {"composition": [2, 1]}
    server.reply = Aflux(rows, numbered=True)
    assert fetch(server, tmp_path).n_row == 12
    records, rejections = load_aflow(tmp_path / "aflow" / RECORDS_FILE)
    assert len(records) == 9
    assert [item.material_id for item in rejections] == ["line 4", "aflow:0000000000000002", "aflow:0000000000000009"]
    assert "duplicate id (line 8)" in rejections[1].reason


@pytest.mark.parametrize("reply", [{"error": "no such keyword"}, "maintenance", 7])
def test_a_reply_that_is_none_is_a_clear_error(reply: Any, server: JsonServer, tmp_path: Path):
    server.reply = lambda _: reply
    with pytest.raises(DownloadError, match=r"page 1: .* is no reply of AFLUX, expected a list"):
        fetch(server, tmp_path)


@pytest.mark.parametrize("reply", [[], {}, None])
def test_an_empty_table_is_a_clear_error(reply: Any, server: JsonServer, tmp_path: Path):
    server.reply = lambda _: reply
    with pytest.raises(DownloadError, match="no entry with agl_thermal_conductivity_300K"):
        fetch(server, tmp_path)


def test_a_total_that_does_not_come_is_a_clear_error(server: JsonServer, tmp_path: Path):
    def short(path: str) -> Any:
        rows = Aflux([typed(number) for number in range(N)], numbered=True)(path)
        return {key.replace(f"of {N}", "of 40"): row for key, row in rows.items()}

    server.reply = short
    with pytest.raises(DownloadError, match="25 of the 40 entries came"):
        fetch(server, tmp_path)
    server.reply = Aflux([typed(number) for number in range(N)], numbered=True)
    assert fetch(server, tmp_path).n_row == N


def test_a_damaged_snapshot_is_noticed(server: JsonServer, tmp_path: Path):
    fetch(server, tmp_path)
    folder = tmp_path / "aflow"
    (folder / RECORDS_FILE).write_bytes(b"other")
    with pytest.raises(DataError, match=r"records\.jsonl\.gz has SHA-256 .*fetch it anew"):
        Snapshot.load(folder)
    (folder / "snapshot.json").write_text(json.dumps({"file": RECORDS_FILE}))
    with pytest.raises(DataError, match=r"is no card of a snapshot"):
        Snapshot.load(folder)
