"""What to do when a server fails: say why, wait, ask again, give up."""

import logging
import random
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

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
    n_failed = 0
    while True:
        try:
            return attempt()
        except FailedAttemptError as failure:
            failure.n_attempt = n_failed = n_failed + 1
            if n_failed >= n_attempt or not failure.may_pass:
                raise
            pause = failure.retry_after_seconds
            if pause is None:
                pause = pause_seconds * 2 ** (n_failed - 1) * random.uniform(1.0, 1.5)
            pause = min(pause, MAX_PAUSE_SECONDS)
            logger.warning(
                "%s: attempt %d of %d failed: %s; once more in %.0f s", what, n_failed, n_attempt, failure, pause
            )
            time.sleep(pause)
