"""What to do when a server fails: say why, wait, ask again, give up."""

import logging
import random
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar

import urllib3

if TYPE_CHECKING:
    from tenacity import RetryCallState

logger = logging.getLogger(__name__)

BUSY: Final = frozenset(
    {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
"""Statuses that may pass."""

MAX_PAUSE_SECONDS: Final = 120.0

Result = TypeVar("Result")


class FailedAttemptError(Exception):
    """Why one attempt failed, in words for people.

    Args:
        reason: What happened.
        may_pass: Whether another attempt may succeed.
        retry_after_seconds: How long the server asked to wait, if it did.

    Attributes:
        n_attempt: How many attempts were made, once no further one is.
    """

    def __init__(self, reason: str, *, may_pass: bool = True, retry_after_seconds: float | None = None) -> None:
        super().__init__(reason)
        self.may_pass = may_pass
        self.retry_after_seconds = retry_after_seconds
        self.n_attempt = 1


def parse_retry_after(value: str | None) -> float | None:
    """Return how many seconds a server asks to wait, of its header Retry-After; None where it asks for nothing."""
    try:
        return urllib3.Retry().parse_retry_after(value) if value else None
    except urllib3.exceptions.InvalidHeader:
        return None


def repeat(attempt: Callable[[], Result], *, what: str, n_attempt: int, pause_seconds: float) -> Result:
    """Return the result of the first attempt that succeeds.

    Args:
        attempt: Raises ``FailedAttemptError``.
        what: Is asked for, for people.
        n_attempt: Attempts at most.
        pause_seconds: Pause before the second attempt; it doubles with each, and up to a half is added at random, so
            that clients that failed together do not come back together. What a server asks for is obeyed instead.

    Raises:
        FailedAttemptError: The last attempt's, or that of one whose failure will not pass.
    """
    import tenacity  # comes with what asks servers

    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(n_attempt),
        retry=tenacity.retry_if_exception(lambda error: isinstance(error, FailedAttemptError) and error.may_pass),
        wait=lambda state: _pause(state, pause_seconds),
        before_sleep=lambda state: _log_failure(state, what=what, n_attempt=n_attempt),
        reraise=True,
    )
    try:
        return retrying(attempt)
    except FailedAttemptError as failure:
        failure.n_attempt = retrying.statistics["attempt_number"]
        raise


def _pause(state: "RetryCallState", pause_seconds: float) -> float:
    """Return what the server asked for, else a pause that doubles; ``MAX_PAUSE_SECONDS`` at most."""
    pause = _failure(state).retry_after_seconds
    if pause is None:
        pause = pause_seconds * 2 ** (state.attempt_number - 1) * random.uniform(1.0, 1.5)
    return min(pause, MAX_PAUSE_SECONDS)


def _failure(state: "RetryCallState") -> FailedAttemptError:
    """Return why the attempt failed that another one follows."""
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, FailedAttemptError):
        raise TypeError(f"an attempt is repeated after {failure!r}")
    return failure


def _log_failure(state: "RetryCallState", *, what: str, n_attempt: int) -> None:
    logger.warning(
        "%s: attempt %d of %d failed: %s; once more in %.0f s",
        what,
        state.attempt_number,
        n_attempt,
        _failure(state),
        state.upcoming_sleep,
    )
