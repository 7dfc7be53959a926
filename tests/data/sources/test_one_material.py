"""One material of the Materials Project, from a local server that replays the documented reply."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlparse

import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.sources.one_material import fetch_material
from paraisite.errors import DataError, DownloadError, MissingInputError
from tests.data.sources.json_server import JsonServer, running, status

KEY = "0123456789abcdef0123456789abcdef"
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
QUICK: dict[str, Any] = {"timeout_seconds": 0.5, "pause_seconds": 0.01, "interval_seconds": 0.0, "n_attempt": 2}


def answer(path: str) -> Any:
    """Return silicon for mp-149, and nothing for other ids."""
    (wanted,) = parse_qs(urlparse(path).query)["material_ids"]
    found = [{"material_id": "mp-149", "structure": SILICON.as_dict()}] if wanted == "mp-149" else []
    return {"data": found, "meta": {"total_doc": len(found)}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonServer]:
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MP_API_KEY", KEY)
    with running(answer) as state:
        yield state


@pytest.mark.parametrize("written", ["mp-149", " MP-149 "])
def test_an_id_is_its_structure(server: JsonServer, written: str):
    assert fetch_material(written, server=server.url, **QUICK) == SILICON


def test_an_unknown_id_is_said(server: JsonServer):
    with pytest.raises(MissingInputError, match="the Materials Project has no material mp-1"):
        fetch_material("mp-1", server=server.url, **QUICK)


@pytest.mark.parametrize("written", ["149", "mp-", "mp-149&x=1", "NaCl"])
def test_what_is_no_id_is_never_asked_for(server: JsonServer, written: str):
    with pytest.raises(DataError, match="no id of the Materials Project"):
        fetch_material(written, server=server.url, **QUICK)
    assert server.asked == []


def test_without_a_key_it_is_said_where_to_get_one(monkeypatch: pytest.MonkeyPatch, server: JsonServer):
    monkeypatch.setenv("MP_API_KEY", "")
    monkeypatch.setattr("paraisite.data.sources.materials_project.SETTINGS", {})
    with pytest.raises(MissingInputError, match="answers only with a key"):
        fetch_material("mp-149", server=server.url, **QUICK)


def test_a_refusal_does_not_show_the_key(server: JsonServer):
    server.faults += [status(403)] * 2
    with pytest.raises(DownloadError) as refused:
        fetch_material("mp-149", server=server.url, **QUICK)
    assert KEY not in str(refused.value)


def test_another_servers_answer_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setenv("MP_API_KEY", KEY)
    for reply, message in (([], "holds no data"), ({"data": [{"structure": {"a": 1}}]}, "cannot be read")):
        with running(lambda path, reply=reply: reply) as other, pytest.raises(DownloadError, match=message):
            fetch_material("mp-149", server=other.url, **QUICK)
