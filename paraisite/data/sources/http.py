"""A session for servers that answer in JSON: polite, patient with faults, and resumable.

Every answer that came whole is kept in a folder until the whole query is done, so that a fetch that was interrupted
asks only for what it lacks. Neither headers nor keys are kept. Libraries that take a ``requests.Session`` can use it.
"""

import gzip
import hashlib
import json
import shutil
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import requests
import urllib3

from paraisite import __version__
from paraisite.core.files import write_whole
from paraisite.core.secrets import hide_secrets
from paraisite.data.sources.http_replies import (
    check_json,
    check_status,
    describe_failed_request,
    is_unresolved,
    make_response,
)
from paraisite.data.sources.retries import FailedAttemptError, repeat
from paraisite.errors import DownloadError

USER_AGENT: Final = f"paraisite/{__version__} (lattice thermal conductivity; https://doi.org/10.1039/D5CP04401D)"
KEY_HEADER: Final = "x-api-key"
MAX_AGE_SECONDS: Final = 24 * 3600.0
"""Answers older than this are asked for again: databases change, and half a table of each state is neither."""

_MAX_BODY_BYTES: Final = 1 << 30
_CHUNK_BYTES: Final = 1 << 16


class JsonSession(requests.Session):
    """A session whose GET answers are complete JSON, asked for again where they are not.

    Args:
        folder: Where answers are kept until ``forget``; younger ones of an earlier run are used.
        timeout_seconds: Longest silence of the server.
        answer_seconds: Longest time for one whole answer.
        n_attempt: Attempts for each answer.
        pause_seconds: Pause before the second attempt, see ``retries.repeat``.
        interval_seconds: Pause between two answered requests.
        never_kept: Ends of paths whose answers are asked for every time.
        on_answer: Called with every parsed answer, kept ones included.
    """

    def __init__(
        self,
        folder: Path,
        *,
        timeout_seconds: float = 60.0,
        answer_seconds: float = 900.0,
        n_attempt: int = 6,
        pause_seconds: float = 1.0,
        interval_seconds: float = 0.5,
        never_kept: tuple[str, ...] = (),
        on_answer: Callable[[Any], None] | None = None,
    ) -> None:
        super().__init__()
        self.headers["User-Agent"] = USER_AGENT
        self._folder = folder
        self.timeout_seconds = timeout_seconds
        self._answer_seconds = answer_seconds
        self.n_attempt = n_attempt
        self.pause_seconds = pause_seconds
        self._interval_seconds = interval_seconds
        self._never_kept = never_kept
        self._on_answer = on_answer
        self._not_before = 0.0
        self.n_asked = 0
        """Answers that came from the server in this run."""

    def json(self, url: str) -> Any:
        """Return the parsed answer.

        Raises:
            DownloadError: There is none, after all attempts.
        """
        return json.loads(self.get(url).content)

    def begin(self, state: str) -> None:
        """Forget answers that were kept of another state of the server's data.

        Raises:
            DownloadError: The folder cannot be written.
        """
        path = self._folder / "state"
        if not path.exists() or path.read_text() != state:
            self.forget()
            _write(path, state.encode())

    def forget(self) -> None:
        """Remove the kept answers: the query is done."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Answer from the folder, else from the server, with as many attempts as it takes.

        Raises:
            DownloadError: All attempts failed, or one in a way that will not pass.
        """
        if request.method != "GET" or options.get("allow_redirects") is False:  # a redirected GET comes here again
            return super().send(request, **options)
        path = self._path(request)
        body = _read_kept(path) if path else None
        if body is None:
            body = self._ask(request, options)
            if path:
                _write(path, gzip.compress(body, mtime=0))
        if self._on_answer:
            self._on_answer(json.loads(body))
        return make_response(request, body)

    def _ask(self, request: requests.PreparedRequest, options: dict[str, Any]) -> bytes:
        """Return the server's answer, with as many attempts as it takes."""
        address = str(request.url).partition("?")[0]  # the query is long, and not what a message is to begin with
        try:
            body = repeat(
                lambda: self._attempt(request, options),
                what=address,
                n_attempt=self.n_attempt,
                pause_seconds=self.pause_seconds,
            )
        except FailedAttemptError as failure:
            times = "1 attempt" if failure.n_attempt == 1 else f"{failure.n_attempt} attempts"
            raise DownloadError(hide_secrets(f"{address}: {failure} ({times})")) from failure
        self.n_asked += 1
        self._not_before = time.monotonic() + self._interval_seconds
        return body

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Give a key to no other server than the one it was meant for."""
        super().rebuild_auth(prepared_request, response)
        if self.should_strip_auth(str(response.request.url), str(prepared_request.url)):
            prepared_request.headers.pop(KEY_HEADER, None)

    def _attempt(self, request: requests.PreparedRequest, options: dict[str, Any]) -> bytes:
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        try:
            with super().send(
                request, **options | {"stream": True, "timeout": self.timeout_seconds, "allow_redirects": True}
            ) as response:
                check_status(response)
                body = self._read(response)
        except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise FailedAttemptError(describe_failed_request(error), may_pass=not is_unresolved(error)) from error
        return check_json(body)

    def _read(self, response: requests.Response) -> bytes:
        """Return the whole body; it is read as it comes, so that a server that drips cannot hold us for ever."""
        end, body = time.monotonic() + self._answer_seconds, bytearray()
        while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=True):
            body += chunk
            if len(body) > _MAX_BODY_BYTES:
                raise FailedAttemptError(f"the answer is longer than {_MAX_BODY_BYTES >> 20} MB", may_pass=False)
            if time.monotonic() > end:
                raise FailedAttemptError(f"the answer was not complete after {self._answer_seconds:.0f} s")
        return bytes(body)

    def _path(self, request: requests.PreparedRequest) -> Path | None:
        """Return where an answer is kept, or None if it never is."""
        url = str(request.url)
        if url.partition("?")[0].endswith(self._never_kept):
            return None
        return self._folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json.gz"


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise DownloadError(f"{path.parent} cannot be written ({error}): nothing was changed") from error


def _read_kept(path: Path) -> bytes | None:
    """Return a kept answer that is young and whole."""
    try:
        if time.time() - path.stat().st_mtime > MAX_AGE_SECONDS:
            return None
        return gzip.decompress(path.read_bytes()) or None
    except (OSError, EOFError, ValueError, zlib.error):
        return None
