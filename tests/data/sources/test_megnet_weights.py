"""Downloads against a local server that behaves well, badly, or not at all."""

import hashlib
import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from paraisite.config import DataConfig
from paraisite.data.sources import megnet_weights
from paraisite.data.sources.megnet_weights import PUBLISHED_FILES, fetch_published_weights, resolve_published_weights
from paraisite.data.sources.resumable_download import PublishedFile
from paraisite.errors import ConfigError, MissingInputError, WeightsError

CONTENT = b"\x89HDF\r\n\x1a\n" + np.random.default_rng(0).bytes(300_000)
SIDECAR = {"graph_converter": {"cutoff": 4.0}, "metadata": {"name": "Formation energy"}}
HALF = 150_000
BY_HAND = "data.formation_energy_weights .*PARAISITE_FORMATION_ENERGY_WEIGHTS"


@dataclass
class Server:
    """What the server does, and what it was asked.

    Attributes:
        url: Its address.
        content: The HDF5 file that it has.
        sidecar: The .json file that it has.
        ignore_range: Send the whole file whatever was asked.
        wrong_range: Send bytes from another place than asked.
        close_after: Close the connection after so many bytes of each of these answers, in turn.
        declared_length: Say this length instead of the true one.
        failures: Answer the first requests with these statuses.
        silences: Say nothing for so many seconds, of the first requests.
        asked: Path and Range header of every request.
    """

    url: str = ""
    content: bytes = CONTENT
    sidecar: bytes = json.dumps(SIDECAR).encode()
    ignore_range: bool = False
    wrong_range: bool = False
    close_after: list[int] = field(default_factory=list)
    declared_length: int | None = None
    failures: list[int] = field(default_factory=list)
    silences: list[float] = field(default_factory=list)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        asked_range = handler.headers.get("Range")
        self.asked.append((handler.path, asked_range))
        if self.silences:
            time.sleep(self.silences.pop(0))
            return
        if self.failures:
            handler.send_error(self.failures.pop(0))
            return
        is_sidecar = handler.path.endswith(".json")
        content = self.sidecar if is_sidecar else self.content
        start = int(re.fullmatch(r"bytes=(\d+)-", asked_range)[1]) if asked_range and not self.ignore_range else 0
        if start > 0 and start >= len(content):
            handler.send_error(416)
            return
        handler.send_response(206 if start else 200)
        if start:
            shown = start + self.wrong_range
            handler.send_header("Content-Range", f"bytes {shown}-{len(content) - 1}/{len(content)}")
        length = len(content) - start
        handler.send_header("Content-Length", str(length if self.declared_length is None else self.declared_length))
        handler.end_headers()
        end = start + self.close_after.pop(0) if self.close_after and not is_sidecar else None
        handler.wfile.write(content[start:end])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server of the only published model there is, and no proxy between."""
    monkeypatch.setenv("no_proxy", "*")
    published = PublishedFile(
        folder="mp-2018.6.1",
        n_byte=len(CONTENT),
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        sidecar_sha256=hashlib.sha256(json.dumps(SIDECAR, sort_keys=True).encode()).hexdigest(),
    )
    monkeypatch.setattr(megnet_weights, "PUBLISHED_FILES", {"formation_energy": published})
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    http_server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http_server.server_port}/mvl_models"
    thread = threading.Thread(target=http_server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield state
    http_server.shutdown()
    http_server.server_close()


def _fetch(server: Server, folder: Path, **options: float) -> Path:
    return fetch_published_weights(
        "formation_energy",
        folder=folder,
        base_url=server.url,
        pause_seconds=0.0,
        **{"timeout_seconds": 2.0} | options,
    )


def _files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def _leave_part(folder: Path, content: bytes) -> None:
    path = folder / "mp-2018.6.1" / "formation_energy.hdf5.part"
    path.parent.mkdir(parents=True)
    path.write_bytes(content)


def test_a_download_is_kept_and_not_repeated(server: Server, tmp_path: Path):
    seen: list[tuple[int, int]] = []
    path = fetch_published_weights(
        "formation_energy", folder=tmp_path, base_url=server.url, progress=lambda *state: seen.append(state)
    )
    assert path.read_bytes() == CONTENT
    assert _files(tmp_path) == ["formation_energy.hdf5", "formation_energy.hdf5.json"]
    assert json.loads(path.with_name(path.name + ".json").read_text()) == SIDECAR
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [entry[0] for entry in server.asked] == [
        "/mvl_models/mp-2018.6.1/formation_energy.hdf5.json",
        "/mvl_models/mp-2018.6.1/formation_energy.hdf5",
    ]
    assert _fetch(server, tmp_path) == path
    assert len(server.asked) == 2


def test_a_damaged_file_in_the_cache_is_fetched_anew(server: Server, tmp_path: Path):
    path = _fetch(server, tmp_path)
    path.write_bytes(CONTENT[:-1] + b"?")
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


def test_an_interrupted_download_goes_on_where_it_stopped(server: Server, tmp_path: Path):
    _leave_part(tmp_path, CONTENT[:HALF])
    assert _fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked[-1][1] == f"bytes={HALF}-"


def test_a_connection_that_keeps_breaking_is_taken_up_again(server: Server, tmp_path: Path):
    server.close_after = [100_000, 50_000]
    assert _fetch(server, tmp_path).read_bytes() == CONTENT
    assert [entry[1] for entry in server.asked[1:]] == [None, "bytes=100000-", "bytes=150000-"]


def test_a_server_that_ignores_ranges_is_read_from_the_start(server: Server, tmp_path: Path):
    server.ignore_range = True
    _leave_part(tmp_path, CONTENT[:HALF])
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


def test_a_server_that_answers_another_range_is_not_believed(server: Server, tmp_path: Path):
    server.wrong_range = True
    _leave_part(tmp_path, CONTENT[:HALF])
    with pytest.raises(MissingInputError, match=f"asked for bytes from {HALF} on, .* sent bytes {HALF + 1}-"):
        _fetch(server, tmp_path)
    assert "formation_energy.hdf5" not in _files(tmp_path)


@pytest.mark.parametrize("left", [b"not the same file" * 100, CONTENT[:-5] + b"xxxxx", CONTENT + b"more"])
def test_what_another_program_left_does_not_spoil_the_download(left: bytes, server: Server, tmp_path: Path):
    _leave_part(tmp_path, left)
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("declared", [HALF, len(CONTENT) + 1000], ids=["too_little", "too_much"])
def test_a_server_that_lies_about_the_length_leaves_a_part_to_go_on_from(declared: int, server: Server, tmp_path: Path):
    server.declared_length = declared
    server.close_after = [HALF] * 9
    server.ignore_range = True
    with pytest.raises(MissingInputError, match=f"ended after {HALF} of {len(CONTENT)} bytes"):
        _fetch(server, tmp_path, n_attempt=2)
    assert _files(tmp_path) == ["formation_energy.hdf5.json", "formation_energy.hdf5.part"]
    server.declared_length, server.close_after, server.ignore_range = None, [], False
    assert _fetch(server, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (CONTENT[:-1] + b"?", f"{len(CONTENT)} bytes came that are not the pinned file"),
        (CONTENT + b"more", "more than .* bytes came"),
        (b"version https://git-lfs.github.com/spec/v1", "begins with b'version https://git-lfs"),
    ],
    ids=["other_weights", "longer", "lfs_pointer"],
)
def test_a_file_with_another_hash_is_refused_and_removed(content: bytes, message: str, server: Server, tmp_path: Path):
    server.content = content
    with pytest.raises(WeightsError, match=f"{message}.*{BY_HAND}"):
        _fetch(server, tmp_path)
    assert _files(tmp_path) == ["formation_energy.hdf5.json"]


def test_a_web_page_is_recognised_and_spoils_nothing(server: Server, tmp_path: Path):
    """Captive portals and log-in pages answer 200 with HTML."""
    server.content = b"<!DOCTYPE html><html>please log in</html>"
    server.ignore_range = True
    _leave_part(tmp_path, CONTENT[:HALF])
    with pytest.raises(MissingInputError, match=f"web page.*{BY_HAND}"):
        _fetch(server, tmp_path)
    assert (tmp_path / "mp-2018.6.1" / "formation_energy.hdf5.part").read_bytes() == CONTENT[:HALF]
    server.sidecar = b"\n<html>"
    with pytest.raises(MissingInputError, match="web page"):
        _fetch(server, tmp_path / "other")


def test_white_space_of_the_json_file_does_not_matter_but_its_content_does(server: Server, tmp_path: Path):
    server.sidecar = json.dumps(SIDECAR, indent=3).encode() + b"\n\n"
    _fetch(server, tmp_path / "a")
    server.sidecar = json.dumps({**SIDECAR, "graph_converter": {"cutoff": 5.0}}).encode()
    with pytest.raises(WeightsError, match=r"this \.json file is not the pinned one"):
        _fetch(server, tmp_path / "b")
    assert _files(tmp_path / "b") == []


def test_a_busy_server_is_asked_again_and_a_missing_file_is_not(server: Server, tmp_path: Path):
    server.failures = [503, 429]
    _fetch(server, tmp_path / "a")
    server.asked.clear()
    server.failures = [404, 404]
    with pytest.raises(MissingInputError, match=f"HTTP 404.*{BY_HAND}"):
        _fetch(server, tmp_path / "b")
    assert len(server.asked) == 1


def test_a_slow_server_is_asked_again(server: Server, tmp_path: Path):
    server.silences = [0.5, 0.5]
    _fetch(server, tmp_path, timeout_seconds=0.2)
    assert len(server.asked) == 4


def test_without_a_network_one_sentence_says_what_to_do(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    server.url = "http://127.0.0.1:9/mvl_models"
    with (
        caplog.at_level(logging.WARNING),
        pytest.raises(MissingInputError, match=f"no connection.*{BY_HAND}") as caught,
    ):
        _fetch(server, tmp_path, n_attempt=2)
    assert "\n" not in str(caught.value)
    assert "attempt 1 of 2 failed" in caplog.text
    assert _files(tmp_path) == []


def test_a_cache_that_cannot_be_written_is_a_clear_error(server: Server, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(MissingInputError, match=f"could not be written.*{BY_HAND}"):
        _fetch(server, tmp_path / "cache")


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ConfigError, match="'efermi'; known are formation_energy, band_gap_regression, log10K, log10G"):
        fetch_published_weights("efermi")


def test_the_configured_file_comes_first_then_the_cache_then_the_server(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(
        megnet_weights, "fetch_published_weights", partial(fetch_published_weights, base_url=server.url)
    )
    config = DataConfig(aflow_table=tmp_path / "absent", formation_energy_weights=tmp_path / "mine.hdf5", lab=tmp_path)
    (tmp_path / "mine.hdf5").write_bytes(b"mine")
    assert resolve_published_weights("formation_energy", config) == tmp_path / "mine.hdf5"
    assert not server.asked
    (tmp_path / "mine.hdf5").unlink()
    cached = tmp_path / "cache" / "paraisite" / "weights" / "mp-2018.6.1" / "formation_energy.hdf5"
    assert resolve_published_weights("formation_energy", config) == cached
    assert len(server.asked) == 2
    assert resolve_published_weights("formation_energy", config) == cached
    assert len(server.asked) == 2


def test_other_models_are_looked_for_in_the_folder_of_the_configured_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(megnet_weights, "fetch_published_weights", lambda name: tmp_path / "cache" / name)
    config = DataConfig(aflow_table=tmp_path / "absent", formation_energy_weights=tmp_path / "mine.hdf5", lab=tmp_path)
    assert resolve_published_weights("log10K", config) == tmp_path / "cache" / "log10K"
    (tmp_path / "log10K.hdf5").write_bytes(b"mine")
    assert resolve_published_weights("log10K", config) == tmp_path / "log10K.hdf5"


def test_without_a_network_the_message_says_where_another_model_has_to_lie(tmp_path: Path):
    with pytest.raises(MissingInputError, match=f"get log10G.hdf5 .* into the folder of the file that {BY_HAND} names"):
        fetch_published_weights("log10G", folder=tmp_path, base_url="http://127.0.0.1:9/mvl_models", n_attempt=1)


@pytest.mark.parametrize("name", PUBLISHED_FILES)
def test_the_pinned_hashes_are_those_of_the_published_files(name: str, shared_weights: Path):
    published = PUBLISHED_FILES[name]
    path = shared_weights / f"{name}.hdf5"
    assert path.stat().st_size == published.n_byte
    assert hashlib.sha256(path.read_bytes()).hexdigest() == published.sha256
    sidecar = json.dumps(json.loads(path.with_name(path.name + ".json").read_text()), sort_keys=True)
    assert hashlib.sha256(sidecar.encode()).hexdigest() == published.sidecar_sha256
