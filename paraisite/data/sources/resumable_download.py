"""One attempt at a file: taken up from where the last one ended, checked against its pinned hash."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import IncompleteRead
from pathlib import Path
from typing import BinaryIO, Final

import requests
import urllib3

from paraisite.core.files import file_sha256
from paraisite.data.sources.http import USER_AGENT
from paraisite.data.sources.http_replies import check_status, describe_failed_request, is_unresolved
from paraisite.data.sources.retries import FailedAttemptError

Progress = Callable[[int, int], None]
"""Called with bytes present and bytes in all."""


_HDF5_SIGNATURE: Final = b"\x89HDF\r\n\x1a\n"


_CHUNK_BYTES: Final = 1 << 16


_SIDECAR_LIMIT_BYTES: Final = 1 << 20


@dataclass(frozen=True)
class PublishedFile:
    """One published model.

    Attributes:
        folder: Folder below ``mvl_models``.
        n_byte: Size of the HDF5 file.
        sha256: Of the HDF5 file.
        sidecar_sha256: Of the .json file's content, written with sorted keys: its white space differs between commits.
    """

    folder: str
    n_byte: int
    sha256: str
    sidecar_sha256: str


@dataclass(frozen=True)
class ExpectedFile:
    """What is known of a file before it is downloaded.

    Attributes:
        n_byte: Its size.
        digest: Of its content, in hex: SHA-256, or what git calls the object.
        signature: Its first bytes, where they are known.
        kind: What it is, for people.
        is_git_object: Whether the digest is git's, the SHA-1 of the content with its length in front.
    """

    n_byte: int
    digest: str
    signature: bytes = b""
    kind: str = "data file"
    is_git_object: bool = False

    def may_begin_with(self, content: bytes) -> bool:
        """Return whether the file may begin so: a web page is no data."""
        if self.signature:
            return self.signature.startswith(content[: len(self.signature)])
        return content.lstrip()[:1] != b"<"

    def is_at(self, path: Path) -> bool:
        """Return whether this is the file."""
        if not path.is_file() or path.stat().st_size != self.n_byte:
            return False
        if not self.is_git_object:
            return file_sha256(path) == self.digest
        sha1 = hashlib.sha1(f"blob {self.n_byte}\0".encode(), usedforsecurity=False)
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                sha1.update(chunk)
        return sha1.hexdigest() == self.digest


class WrongContentError(FailedAttemptError):
    """What came is complete and not the pinned file."""


def fetch_sidecar(url: str, path: Path, published: PublishedFile, timeout_seconds: float) -> None:
    """Make one attempt to download the .json file, and give it its name if it is the pinned one."""
    with _open(url, 0, timeout_seconds) as response:
        content = _read(response, _SIDECAR_LIMIT_BYTES)
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    if not is_sidecar(part, published):
        part.unlink()
        raise _unexpected(content, "this .json file is not the pinned one")
    part.replace(path)


def fetch_weights(url: str, path: Path, published: PublishedFile, timeout_seconds: float, progress: Progress) -> None:
    """Make one attempt to complete the .part file, and give it its name if it is the pinned one."""
    expected = ExpectedFile(published.n_byte, published.sha256, signature=_HDF5_SIGNATURE, kind="HDF5 file")
    fetch_file(url, path, expected, timeout_seconds, progress)


def fetch_file(url: str, path: Path, expected: ExpectedFile, timeout_seconds: float, progress: Progress) -> None:
    """Make one attempt to complete the .part file, and give it its name if it is the expected one."""
    part = path.with_name(path.name + ".part")
    present = part.stat().st_size if part.exists() else 0
    if present > expected.n_byte:
        part.unlink()
        present = 0
    if present < expected.n_byte:
        with _open(url, present, timeout_seconds) as response:
            start = _find_start(response, present)
            first = _read(response, _CHUNK_BYTES)
            if start == 0 and not expected.may_begin_with(first):
                raise _unexpected(first, f"this is no {expected.kind}")  # before it replaces what is there
            with part.open("r+b" if part.exists() else "wb") as file:
                file.seek(start)
                file.truncate()
                _copy(response, first, file, expected.n_byte, progress)
    n_byte = part.stat().st_size if part.exists() else 0
    if n_byte < expected.n_byte:
        raise FailedAttemptError(f"the connection ended after {n_byte} of {expected.n_byte} bytes")
    if not expected.is_at(part):
        part.unlink()
        # What an earlier attempt left may be at fault: only a file that came in one piece is surely the server's own.
        raise WrongContentError(
            f"{'more than ' if n_byte > expected.n_byte else ''}{expected.n_byte} bytes came that are not the pinned "
            f"file ({'git object' if expected.is_git_object else 'SHA-256'} {expected.digest[:12]}…)",
            may_pass=present > 0,
        )
    part.replace(path)


def _open(url: str, offset: int, timeout_seconds: float) -> requests.Response:
    """Ask for a file from a byte on; the body is yet to be read."""
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        response = requests.get(url, headers=headers, stream=True, timeout=timeout_seconds)
    except requests.exceptions.RequestException as error:
        raise FailedAttemptError(describe_failed_request(error), may_pass=not is_unresolved(error)) from error
    if offset and response.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        response.close()
        return _open(url, 0, timeout_seconds)
    if not (offset and response.status_code == HTTPStatus.PARTIAL_CONTENT):
        try:
            check_status(response)
        except FailedAttemptError:
            response.close()
            raise
    return response


def _find_start(response: requests.Response, offset: int) -> int:
    """Return from which byte on a response continues the file: a server may ignore the range it was asked for."""
    if response.status_code != HTTPStatus.PARTIAL_CONTENT:
        return 0
    content_range = response.headers.get("Content-Range", "")
    if not content_range.startswith(f"bytes {offset}-"):
        raise FailedAttemptError(f"asked for bytes from {offset} on, the server sent {content_range or 'others'}")
    return offset


def _copy(response: requests.Response, first: bytes, file: BinaryIO, n_byte: int, progress: Progress) -> None:
    """Append a response whose first bytes have been read to a file, never beyond one byte too many."""
    chunk = first[: n_byte + 1 - file.tell()]
    while chunk:
        file.write(chunk)
        progress(min(file.tell(), n_byte), n_byte)
        chunk = _read(response, min(_CHUNK_BYTES, n_byte + 1 - file.tell()))


def _read(response: requests.Response, limit: int) -> bytes:
    """Read until ``limit`` or the end; a response that ends before its stated length gives what came."""
    try:
        return bytes(response.raw.read(limit, decode_content=False)) if limit else b""
    except (urllib3.exceptions.HTTPError, OSError) as error:
        if any(isinstance(cause, IncompleteRead) for cause in error.args):
            return b""
        raise FailedAttemptError(describe_failed_request(error)) from error


def is_weights(path: Path, published: PublishedFile) -> bool:
    """Return whether a file is the pinned HDF5 file."""
    return ExpectedFile(published.n_byte, published.sha256).is_at(path)


def is_sidecar(path: Path, published: PublishedFile) -> bool:
    """Return whether a file has the content of the pinned .json file."""
    try:
        content = json.dumps(json.loads(path.read_bytes()), sort_keys=True)
    except (OSError, ValueError):
        return False
    return hashlib.sha256(content.encode()).hexdigest() == published.sidecar_sha256


def _unexpected(content: bytes, reason: str) -> FailedAttemptError:
    """Say what came instead of a file."""
    if content.lstrip()[:1] == b"<":
        return FailedAttemptError("the server sent a web page instead of the file", may_pass=False)
    return WrongContentError(f"{reason}; it begins with {content[:24]!r}", may_pass=not content.rstrip().endswith(b"}"))
