"""The JSON session against a local server that behaves well, badly, or not at all."""

import gzip
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paraisite.data.sources import http
from paraisite.data.sources.http import KEY_HEADER, JsonSession
from paraisite.errors import DownloadError
from tests.data.sources.json_server import (
    Fault,
    JsonServer,
    badly_packed,
    drip,
    half,
    half_without_length,
    hang,
    in_chunks,
    packed,
    running,
    status,
    too_short_a_length,
    web_page,
    whole,
)

ANSWER = {"kappa": [1.5, 2.5], "name": "κ" * 50}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[JsonServer]:
    monkeypatch.setenv("no_proxy", "*")
    with running(lambda _path: ANSWER) as state:
        yield state


def session(folder: Path, **options: Any) -> JsonSession:
    quick: dict[str, Any] = {"timeout_seconds": 0.5, "pause_seconds": 0.01, "interval_seconds": 0.0, "n_attempt": 3}
    return JsonSession(folder, **quick | options)


def test_an_answer_is_read_and_kept(server: JsonServer, tmp_path: Path):
    first = session(tmp_path)
    assert first.json(server.url + "a?x=1") == ANSWER
    assert first.json(server.url + "a?x=1") == ANSWER
    assert first.json(server.url + "a?x=2") == ANSWER
    assert server.asked == ["/a?x=1", "/a?x=2"]
    later = session(tmp_path)
    assert later.json(server.url + "a?x=2") == ANSWER
    assert (first.n_asked, later.n_asked) == (2, 0)
    later.forget()
    assert not tmp_path.exists()


def test_the_server_learns_who_asks(server: JsonServer, tmp_path: Path):
    session(tmp_path).json(server.url)
    assert server.headers[0]["user-agent"].startswith("paraisite/")


def test_what_was_kept_too_long_ago_or_is_damaged_is_asked_for_again(server: JsonServer, tmp_path: Path):
    session(tmp_path).json(server.url)
    (kept,) = tmp_path.iterdir()
    old = time.time() - http.MAX_AGE_SECONDS - 1
    os.utime(kept, (old, old))
    session(tmp_path).json(server.url)
    whole = kept.read_bytes()
    for n_asked, damaged in enumerate((whole[:-4], b"", whole[:10] + b"\x07" + whole[11:]), start=3):
        kept.write_bytes(damaged)
        session(tmp_path).json(server.url)
        assert len(server.asked) == n_asked


@pytest.mark.parametrize(
    "fault", [status(500), status(503), status(429), half, half_without_length, too_short_a_length, hang(0.8)]
)
def test_a_fault_that_may_pass_costs_nothing(fault: Fault, server: JsonServer, tmp_path: Path):
    server.faults = [fault, fault]
    assert session(tmp_path).json(server.url) == ANSWER
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (status(503), "HTTP 503 Service Unavailable"),
        (half, "no complete JSON|the connection broke"),
        (half_without_length, "no complete JSON"),
        (hang(0.8), "silent for too long"),
    ],
)
def test_after_all_attempts_one_sentence_says_why(fault: Fault, message: str, server: JsonServer, tmp_path: Path):
    server.faults = [fault] * 3
    with pytest.raises(DownloadError, match=rf"^http://127\.0\.0\.1:\d+/a: .*{message}.*\(3 attempts\)$"):
        session(tmp_path).json(server.url + "a?x=1")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (status(404), "HTTP 404"),
        (status(401), "a key may be missing or wrong"),
        (web_page, "a web page, expected JSON"),
        (lambda handler, _: whole(handler, b"[" * 100_000 + b"]" * 100_000), "nested too deeply"),
    ],
)
def test_a_fault_that_will_not_pass_is_met_once(fault: Fault, message: str, server: JsonServer, tmp_path: Path):
    server.faults = [fault]
    with pytest.raises(DownloadError, match=message):
        session(tmp_path).json(server.url)
    assert len(server.asked) == 1


def test_what_json_does_not_know_becomes_null(server: JsonServer, tmp_path: Path):
    server.reply = lambda _: {"a": float("nan"), "b": [float("inf"), 1.5], "c": "NaN"}
    assert session(tmp_path).json(server.url) == {"a": None, "b": [None, 1.5], "c": "NaN"}


def test_answers_that_are_never_kept_and_those_of_another_state(server: JsonServer, tmp_path: Path):
    asking = session(tmp_path, never_kept=("beat",))
    for state in ("one", "one", "two"):
        asking.begin(state)
        asking.json(server.url + "beat?x")
        asking.json(server.url + "table")
    assert server.asked == ["/beat?x", "/table", "/beat?x", "/beat?x", "/table"]


def test_an_answer_that_never_ends_is_given_up(server: JsonServer, tmp_path: Path):
    server.faults = [drip]
    with pytest.raises(DownloadError, match="not complete after 0 s"):
        session(tmp_path, answer_seconds=0.3, n_attempt=1).json(server.url)
    assert 1 < server.n_dripped < 100


def test_packed_answers_and_those_in_chunks_are_read(server: JsonServer, tmp_path: Path):
    server.faults = [packed, in_chunks, badly_packed]
    assert session(tmp_path / "a").json(server.url) == ANSWER
    assert session(tmp_path / "b").json(server.url) == ANSWER
    assert session(tmp_path / "c").json(server.url) == ANSWER
    assert len(server.asked) == 4


def test_an_answer_of_absurd_length_is_given_up(server: JsonServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(http, "_MAX_BODY_BYTES", 20)
    with pytest.raises(DownloadError, match="longer than"):
        session(tmp_path).json(server.url)


def test_retry_after_is_obeyed(server: JsonServer, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    server.faults = [status(429, Retry_After="1"), status(503, Retry_After="soon")]
    start = time.monotonic()
    with caplog.at_level(logging.WARNING):
        assert session(tmp_path).json(server.url) == ANSWER
    assert time.monotonic() - start >= 1.0
    assert [record.message.rpartition("; ")[2] for record in caplog.records] == ["once more in 1 s", "once more in 0 s"]


def test_requests_keep_their_distance(server: JsonServer, tmp_path: Path):
    slow = session(tmp_path, interval_seconds=0.3)
    start = time.monotonic()
    for number in range(3):
        slow.json(f"{server.url}?{number}")
    assert time.monotonic() - start >= 0.6


def test_an_unknown_host_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(DownloadError, match=r"aflow\.invalid/API/: no connection: .* \(1 attempt\)"):
        session(tmp_path, pause_seconds=60.0).json("http://aflow.invalid/API/?a")


def test_a_server_that_is_not_there_is_a_clear_error(server: JsonServer, tmp_path: Path):
    with pytest.raises(DownloadError, match=r"no connection: .*refused"):
        session(tmp_path).json("http://127.0.0.1:9/a")


def test_a_full_disk_is_a_clear_error(server: JsonServer, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match=r"cannot be written .*nothing was changed"):
        session(tmp_path / "file" / "folder").json(server.url)


def test_a_key_is_neither_kept_nor_given_to_another_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "*")
    with running(lambda _: ANSWER) as other, running(lambda _: ANSWER) as server:
        server.faults = [status(302, Location=other.url.replace("127.0.0.1", "localhost") + "b")]
        asking = session(tmp_path)
        asking.headers[KEY_HEADER] = "secret-key-of-mine"
        assert asking.json(server.url) == ANSWER
        assert server.headers[0][KEY_HEADER] == "secret-key-of-mine"
        assert KEY_HEADER not in other.headers[0]
        kept = b"".join(gzip.decompress(file.read_bytes()) for file in tmp_path.iterdir())
        assert b"secret" not in kept
