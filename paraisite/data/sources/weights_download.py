"""Downloads of pinned weights: what fails says how the file is got by hand."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from paraisite.data.sources.resumable_download import WrongContentError
from paraisite.data.sources.retries import FailedAttemptError, repeat
from paraisite.errors import MissingInputError, WeightsError

logger = logging.getLogger(__name__)


def download_weights(
    attempts: Iterable[Callable[[], None]], path: Path, *, url: str, by_hand: str, n_attempt: int, pause_seconds: float
) -> None:
    """Download the files that belong together, one after another.

    Args:
        attempts: Each makes one attempt at one file.
        path: Of the main file.
        url: Where it lies.
        by_hand: What to do where nothing comes.
        n_attempt: Attempts per file.
        pause_seconds: Pause before the second attempt, see ``retries.repeat``.

    Raises:
        MissingInputError: A file could not be downloaded, or not be written.
        WeightsError: The server has another file than the pinned one.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in attempts:
            repeat(attempt, what=url, n_attempt=n_attempt, pause_seconds=pause_seconds)
    except WrongContentError as error:
        raise WeightsError(f"{url}: {error}; {by_hand}") from error
    except FailedAttemptError as error:
        raise MissingInputError(f"{url} could not be downloaded ({error}): {by_hand}") from error
    except OSError as error:
        raise MissingInputError(f"{path} could not be written ({error}): {by_hand}") from error
    logger.info("downloaded %s", path)
