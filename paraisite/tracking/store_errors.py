"""Failures of the experiment store as sentences that a user can act on."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from paraisite.core.secrets import hide_secrets
from paraisite.errors import TrackingError

_LONGEST: Final = 300
_BEHIND: Final = re.compile(r" \[SQL: | \(Background on this error")
"""What SQLAlchemy adds to a message, for programmers."""

_PASSED_ON: Final = ("alembic", "requests")
"""Packages below MLflow whose errors it passes on: that of its tables, and that of its servers' artifacts."""

_KINDS: Final = (
    (
        re.compile(r"error code 401|\b401\b.*unauthori[sz]ed|not authenticated", re.IGNORECASE),
        "refuses user and password: set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD",
    ),
    (
        re.compile(r"error code 403|permission denied|\bforbidden\b", re.IGNORECASE),
        "does not let this user do that: ask who runs it for the permission",
    ),
    (
        re.compile(
            r"connection refused|max retries exceeded|name or service not known|failed to resolve|timed out"
            r"|network is unreachable|could not connect|connection (?:aborted|reset)",
            re.IGNORECASE,
        ),
        "cannot be reached: is it running, and does MLFLOW_TRACKING_URI name it?",
    ),
    (
        re.compile(r"not a database|malformed|truncated|no such (?:table|column)|can't locate revision", re.IGNORECASE),
        "is damaged or no MLflow database: restore it from a copy, or move the file away to begin anew",
    ),
    (
        re.compile(r"_alembic_tmp_|no such index|table \S+ already exists|duplicate column name", re.IGNORECASE),
        "was left half made by a process that was killed: move the file away to begin anew",
    ),
    (
        re.compile(r"out-of-date database schema", re.IGNORECASE),
        "was made by another version of MLflow: `mlflow db upgrade URI`, after a copy was made",
    ),
    (re.compile(r"readonly database|read-only", re.IGNORECASE), "is read-only: nothing can be logged there"),
    (re.compile(r"disk is full|no space left", re.IGNORECASE), "has no space left on its disk"),
    (re.compile(r"database is locked", re.IGNORECASE), "is locked by another process for too long: try again"),
)


@contextmanager
def store_errors_as_sentences(uri: str) -> Iterator[None]:
    """Turn what MLflow, its database or its server raise inside into one sentence.

    Args:
        uri: Of the store; shown without user and password.

    Raises:
        TrackingError: In place of any of these.
    """
    try:
        yield
    except Exception as error:
        of_package = type(error).__module__.partition(".")[0]
        if not isinstance(error, MlflowException | SQLAlchemyError) and of_package not in _PASSED_ON:
            raise
        raise TrackingError(describe_store_failure(uri, error)) from error


def describe_store_failure(uri: str, error: Exception) -> str:
    """Return the sentence: which store, what is wrong, what to do, and the store's own first words."""
    words = _BEHIND.split(" ".join(str(error).split()))[0]
    said = next((sentence for pattern, sentence in _KINDS if pattern.search(words)), "failed")
    return hide_secrets(f"the experiment store {uri} {said} ({words[:_LONGEST]})")
