"""Replies of servers that answer in JSON: whether one is whole, and why an attempt failed."""

import json
from http import HTTPStatus
from io import BytesIO
from typing import Final

import requests
import urllib3
from requests.structures import CaseInsensitiveDict

from paraisite.data.sources.retries import BUSY, FailedAttemptError, parse_retry_after

_REFUSED: Final = frozenset({401, 403})


def check_status(response: requests.Response) -> None:
    """Check that a reply has status 200.

    Raises:
        FailedAttemptError: It has another one.
    """
    status = response.status_code
    if status == HTTPStatus.OK:
        return
    reason = f"HTTP {status} {response.reason or ''}".strip()
    if status in _REFUSED:
        reason += ": the server refuses this request, a key may be missing or wrong"
    raise FailedAttemptError(
        reason, may_pass=status in BUSY, retry_after_seconds=parse_retry_after(response.headers.get("Retry-After"))
    )


def check_json(body: bytes) -> bytes:
    """Return the body if it is JSON; a web page in its place will stay one, half an answer may not.

    NaN and infinities, which JSON does not know but many programs write, become null.
    """
    if body.lstrip()[:1] == b"<":
        raise FailedAttemptError("the server sent a web page, expected JSON", may_pass=False)
    constants: list[str] = []
    try:
        content = json.loads(body, parse_constant=constants.append)
    except RecursionError as error:
        raise FailedAttemptError("the answer is nested too deeply to be read", may_pass=False) from error
    except ValueError as error:
        raise FailedAttemptError(f"the answer is no complete JSON ({error})") from error
    return json.dumps(content).encode() if constants else body


def make_response(request: requests.PreparedRequest, body: bytes) -> requests.Response:
    """Return a response with this JSON as its content."""
    response = requests.Response()
    response.status_code = HTTPStatus.OK
    response.request, response.url = request, str(request.url)
    response.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    response.encoding = "utf-8"
    response.raw = BytesIO(body)
    return response


def describe_failed_request(error: Exception) -> str:
    """Return what went wrong, without the address that requests repeats in every message."""
    kinds: dict[type[Exception], str] = {
        requests.exceptions.ConnectTimeout: "no connection in time",
        requests.exceptions.ReadTimeout: "the server was silent for too long",
        requests.exceptions.ConnectionError: "no connection",
        urllib3.exceptions.ReadTimeoutError: "the server was silent for too long",
        urllib3.exceptions.DecodeError: "the answer cannot be unpacked",
        urllib3.exceptions.ProtocolError: "the connection broke",
    }
    kind = next((text for known, text in kinds.items() if isinstance(error, known)), type(error).__name__)
    cause = _cause(error)
    return f"{kind}: {str(cause).rpartition('): ')[2] or type(cause).__name__}"


def _cause(error: Exception) -> object:
    """Return what requests and urllib3 have wrapped."""
    cause = error.args[0] if error.args else error
    return getattr(cause, "reason", None) or cause


def is_unresolved(error: Exception) -> bool:
    """Return whether the server's name is unknown: without a network no further attempt helps."""
    return isinstance(_cause(error), urllib3.exceptions.NameResolutionError)
