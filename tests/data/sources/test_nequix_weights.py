"""Nequix's weights: by path, from the cache, and from a local server that replays the download."""

import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from paraisite.data.sources import nequix_weights
from paraisite.data.sources.nequix_weights import FILE_NAME, fetch_nequix_weights, resolve_nequix_weights
from paraisite.data.sources.resumable_download import ExpectedFile
from paraisite.errors import MissingInputError, WeightsError

CONTENT = b'{"cutoff": 6.0}\n' + bytes(range(256)) * 500
HALF = 60_000


class Server:
    """Sends ``content``, the first time only ``first_bytes`` of it."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.first_bytes: int | None = None
        self.asked: list[str | None] = []
        self.status: int | None = None
        self.failures: list[int] = []
        self.silences: list[float] = []
        self.declared_lengths: list[int] = []
        self.url = ""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            state.asked.append(asked)
            if state.silences:
                time.sleep(state.silences.pop(0))
                return
            if state.failures or state.status is not None:
                self.send_error(state.failures.pop(0) if state.failures else state.status)
                return
            start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(state.content) - 1}/{len(state.content)}")
            declared = state.declared_lengths.pop(0) if state.declared_lengths else len(state.content) - start
            self.send_header("Content-Length", str(declared))
            self.end_headers()
            end, state.first_bytes = state.first_bytes, None
            self.wfile.write(state.content[start:end])

        def log_message(self, *_: object) -> None:
            return

    monkeypatch.setattr(
        nequix_weights,
        "PINNED",
        ExpectedFile(len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), b"{", "file of Nequix"),
    )
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{http.server_port}/{FILE_NAME}"
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield state
    http.shutdown()
    http.server_close()


def fetch(server: Server, folder: Path) -> Path:
    return fetch_nequix_weights(folder=folder, url=server.url, pause_seconds=0.0, timeout_seconds=0.3)


def test_weights_are_downloaded_once(server: Server, tmp_path: Path):
    path = fetch(server, tmp_path)
    assert path.read_bytes() == CONTENT
    assert fetch(server, tmp_path) == path
    assert server.asked == [None]


def test_a_cut_download_is_taken_up_where_it_ended(server: Server, tmp_path: Path):
    server.first_bytes = HALF
    assert fetch(server, tmp_path).read_bytes() == CONTENT
    assert server.asked == [None, f"bytes={HALF}-"]


def test_a_server_that_is_slow_or_busy_or_announces_another_length_is_asked_again(server: Server, tmp_path: Path):
    server.silences, server.failures = [0.6], [429, 503]
    assert fetch(server, tmp_path / "a").read_bytes() == CONTENT
    assert server.asked == [None] * 4
    server.declared_lengths = [HALF]
    assert fetch(server, tmp_path / "b").read_bytes() == CONTENT
    assert server.asked[4:] == [None, f"bytes={HALF}-"]


def test_other_weights_are_refused(server: Server, tmp_path: Path):
    server.content = CONTENT[:-1] + b"!"
    with pytest.raises(WeightsError, match=r"not the pinned file .*PARAISITE_NEQUIX_WEIGHTS"):
        fetch(server, tmp_path)
    assert not list(tmp_path.rglob("*.nqx"))


def test_a_pickle_is_refused_before_it_is_kept(server: Server, tmp_path: Path):
    server.content = b"\x80\x04" + CONTENT[2:]
    with pytest.raises(WeightsError, match="no file of Nequix"):
        fetch(server, tmp_path)


def test_a_server_that_is_down_is_said_with_the_way_out(server: Server, tmp_path: Path):
    server.status = 404
    with pytest.raises(MissingInputError, match=r"HTTP 404 .*get nequix-mp-1-pft\.nqx from https://github"):
        fetch(server, tmp_path)


@pytest.mark.usefixtures("server")
def test_a_path_that_is_named_is_taken_if_it_is_the_published_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mine = tmp_path / "mine.nqx"
    mine.write_bytes(CONTENT)
    monkeypatch.setenv("PARAISITE_NEQUIX_WEIGHTS", str(mine))
    assert resolve_nequix_weights() == mine
    mine.write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(WeightsError, match=r"mine\.nqx, which is not the published nequix-mp-1-pft\.nqx"):
        resolve_nequix_weights()
    monkeypatch.setenv("PARAISITE_NEQUIX_WEIGHTS", str(tmp_path / "absent.nqx"))
    with pytest.raises(MissingInputError, match=r"absent\.nqx, which is no file"):
        resolve_nequix_weights()
