"""Files of the Hub against a local server that replays its interface, faults included."""

import hashlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paraisite.data.sources.http import JsonSession
from paraisite.data.sources.hugging_face import Listing, download_files, list_files
from paraisite.errors import DownloadError
from tests.data.sources.json_server import Fault, JsonServer, hang, running, status, too_short_a_length

COMMIT = "284bddebbd144ae3e3f93474dc05e4658417d09f"
DATASET = "somebody/something"
LARGE = b"PAR1" + np.random.default_rng(0).bytes(300_000)
SMALL = b"mp_id,klat\nmp-1,2.0\n"
FILES = {"data/train-00000-of-00001.parquet": LARGE, "README.md": b"# Read me", "extra/values.csv": SMALL}


def git_digest(content: bytes) -> str:
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()


class Hub:
    """What the Hub answers: the list of files as JSON, files by redirection to another address, as it does."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = dict(files)
        self.large = {path for path in files if path.endswith(".parquet")}

    def __call__(self, _path: str) -> Any:
        siblings = []
        for path, content in self.files.items():
            entry: dict[str, Any] = {"rfilename": path, "size": len(content), "blobId": git_digest(content)}
            if path in self.large:
                sha256 = hashlib.sha256(content).hexdigest()
                entry |= {"lfs": {"sha256": sha256, "size": len(content), "pointerSize": 134}}
            siblings.append(entry)
        return {"id": DATASET, "sha": COMMIT, "siblings": siblings}


class HubServer(JsonServer):
    """Answers requests for files with their bytes, and all others as JSON."""

    def __init__(self, hub: Hub) -> None:
        super().__init__(hub)
        self.hub, self.file_faults, self.ranges = hub, [], []

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        found = re.fullmatch(r"/(datasets/.+/resolve|cdn)/([^/]+)/(.+)", handler.path)
        if not found:
            super().answer(handler)
            return
        kind, commit, path = found.groups()
        if kind != "cdn":  # the Hub sends to another server, where ranges are answered
            handler.send_response(302)
            handler.send_header("Location", f"/cdn/{commit}/{path}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        asked_range = handler.headers.get("Range")
        self.ranges.append((path, asked_range))
        content = self.hub.files[path]
        start = int(re.fullmatch(r"bytes=(\d+)-", asked_range)[1]) if asked_range else 0
        fault: Fault | None = self.file_faults.pop(0) if self.file_faults else None
        if fault is not None:
            fault(handler, content[start:])
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - start))
        handler.end_headers()
        handler.wfile.write(content[start:])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[HubServer]:
    monkeypatch.setenv("no_proxy", "*")
    with running(state=HubServer(Hub(FILES))) as state:
        yield state


def cut(n_byte: int) -> Fault:
    """Announce everything and die after so many bytes."""

    def answer(handler: BaseHTTPRequestHandler, content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content[:n_byte])

    return answer


def send(content: bytes) -> Fault:
    def answer(handler: BaseHTTPRequestHandler, _content: bytes) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def listed(server: HubServer, folder: Path) -> Listing:
    session = JsonSession(folder / "answers", pause_seconds=0.0, interval_seconds=0.0, n_attempt=3)
    return list_files(session, DATASET, revision="main", server=server.url)


def download(server: HubServer, folder: Path, *paths: str, **options: Any) -> list[Path]:
    listing = listed(server, folder)
    return download_files(
        listing,
        list(paths) or list(FILES),
        folder,
        dataset=DATASET,
        server=server.url,
        pause_seconds=0.0,
        **{"timeout_seconds": 2.0} | options,
    )


def test_files_are_listed_with_their_digests_at_one_commit(server: HubServer, tmp_path: Path) -> None:
    listing = listed(server, tmp_path)
    assert listing.commit == COMMIT
    assert server.asked == [f"/api/datasets/{DATASET}/revision/main?blobs=true"]
    large, small = listing.files["data/train-00000-of-00001.parquet"], listing.files["extra/values.csv"]
    assert (large.n_byte, large.digest, large.is_git_object) == (len(LARGE), hashlib.sha256(LARGE).hexdigest(), False)
    assert (small.n_byte, small.digest, small.is_git_object) == (len(SMALL), git_digest(SMALL), True)


def test_a_branch_that_moved_is_asked_for_again(server: HubServer, tmp_path: Path) -> None:
    listed(server, tmp_path)
    listed(server, tmp_path)
    assert len(server.asked) == 2


def test_files_come_whole_are_checked_and_not_fetched_twice(server: HubServer, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    paths = download(server, tmp_path, progress=lambda *state: seen.append(state))
    assert [path.read_bytes() for path in paths] == list(FILES.values())
    assert paths[0] == tmp_path / COMMIT / "data" / "train-00000-of-00001.parquet"
    total = sum(map(len, FILES.values()))
    assert seen == sorted(seen)
    assert seen[-1] == (total, total)
    n_asked = len(server.ranges)
    assert download(server, tmp_path) == paths
    assert len(server.ranges) == n_asked


def test_a_download_that_was_cut_goes_on_where_it_stopped(server: HubServer, tmp_path: Path) -> None:
    server.file_faults = [cut(100_000)]
    (path,) = download(server, tmp_path, "data/train-00000-of-00001.parquet")
    assert path.read_bytes() == LARGE
    assert [asked for _, asked in server.ranges] == [None, "bytes=100000-"]


def test_a_download_that_was_given_up_goes_on_with_the_next_call(server: HubServer, tmp_path: Path) -> None:
    server.file_faults = [cut(100_000)]
    with pytest.raises(DownloadError, match=r"ended after 100000 of 300004 bytes; what has come is kept"):
        download(server, tmp_path, "data/train-00000-of-00001.parquet", n_attempt=1)
    (path,) = download(server, tmp_path, "data/train-00000-of-00001.parquet")
    assert path.read_bytes() == LARGE
    assert server.ranges[-1][1] == "bytes=100000-"


@pytest.mark.parametrize(
    ("path", "content", "message"),
    [
        ("data/train-00000-of-00001.parquet", LARGE[:-1] + b"?", "300004 bytes came that are not .* \\(SHA-256 "),
        ("extra/values.csv", SMALL.replace(b"2.0", b"3.0"), "20 bytes came that are not .* \\(git object "),
        ("data/train-00000-of-00001.parquet", b"version https://git-lfs.github.com/spec/v1", "no parquet file"),
        ("extra/values.csv", b"<!DOCTYPE html><html>please log in</html>", "web page"),
    ],
    ids=["parquet", "csv", "pointer", "page"],
)
def test_a_file_that_is_not_the_listed_one_is_refused(
    path: str, content: bytes, message: str, server: HubServer, tmp_path: Path
) -> None:
    server.file_faults = [send(content)] * 6
    with pytest.raises(DownloadError, match=message):
        download(server, tmp_path, path)
    assert not [file for file in (tmp_path / COMMIT).rglob("*") if file.is_file()]


def test_a_slow_hub_and_one_that_announces_another_length_are_asked_again(server: HubServer, tmp_path: Path) -> None:
    server.file_faults = [hang(0.5), too_short_a_length]
    (path,) = download(server, tmp_path, "extra/values.csv", timeout_seconds=0.2)
    assert path.read_bytes() == SMALL
    assert [asked for _, asked in server.ranges] == [None, None, f"bytes={len(SMALL) // 2}-"]


def test_a_busy_hub_is_asked_again_and_a_missing_file_is_not(server: HubServer, tmp_path: Path) -> None:
    server.faults = [status(503), status(429)]
    server.file_faults = [status(429, Retry_After="0"), status(503)]
    (path,) = download(server, tmp_path, "extra/values.csv")
    assert path.read_bytes() == SMALL
    server.file_faults, server.ranges = [status(404)] * 3, []
    with pytest.raises(DownloadError, match="HTTP 404"):
        download(server, tmp_path / "other", "extra/values.csv")
    assert len(server.ranges) == 1


def test_what_a_busy_server_asks_for_is_waited(
    server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waited.append)
    server.file_faults = [status(429, Retry_After="7")]
    download(server, tmp_path, "extra/values.csv")
    assert [seconds for seconds in waited if seconds] == [7.0]


@pytest.mark.parametrize(
    "reply",
    [
        {"error": "Repository not found"},
        {"sha": COMMIT, "siblings": [{"rfilename": "a.csv"}]},
        {"sha": COMMIT, "siblings": [{"rfilename": "../../a.csv", "size": 3, "blobId": "0"}]},
        [1],
    ],
)
def test_another_answer_than_the_documented_one_is_an_error(reply: Any, tmp_path: Path) -> None:
    with running(lambda _: reply) as server, pytest.raises(DownloadError, match="the answer is no list of files"):
        listed(server, tmp_path)
