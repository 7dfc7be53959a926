"""Nequix's published weights: by path, or downloaded once, checked against a pinned hash and kept.

The weights are CC BY 4.0. The download has been exercised against a local server only, never against the real address.

Source: Koker, Kotak and Smidt, arXiv 2508.16067; https://github.com/atomicarchitects/nequix.
"""

import os
from pathlib import Path
from typing import Final

from paraisite.core.files import cache_folder
from paraisite.core.progress import ignore_progress
from paraisite.data.sources.resumable_download import ExpectedFile, Progress, fetch_file
from paraisite.data.sources.weights_download import download_weights
from paraisite.errors import MissingInputError, WeightsError

WEIGHTS_VARIABLE: Final = "PARAISITE_NEQUIX_WEIGHTS"
"""Path of the file, where it is not to be downloaded."""

FILE_NAME: Final = "nequix-mp-1-pft.nqx"
URL: Final = (
    "https://github.com/atomicarchitects/nequix/raw/7c2854de8e754b1a60274c7d9d2e014989ed632e/models/" + FILE_NAME
)
"""One commit of the repository: a file there never changes."""

PINNED: Final = ExpectedFile(
    n_byte=2842840,
    digest="a88aeaed71fd447572dc57af21d469207d7737b85a6dbb66f8c38156f175c5f1",
    signature=b"{",
    kind="file of Nequix",
)


def resolve_nequix_weights() -> Path:
    """Return the weights: the path in ``PARAISITE_NEQUIX_WEIGHTS``, else what the cache holds, else a download.

    Other weights are another potential: what is kept under this one's name, and what was measured of it, would not be
    its own.

    Raises:
        MissingInputError: There is no such file, and none could be downloaded.
        WeightsError: What is named or was downloaded is not the published file.
    """
    if given := os.environ.get(WEIGHTS_VARIABLE):
        if not Path(given).is_file():
            raise MissingInputError(f"{WEIGHTS_VARIABLE} names {given}, which is no file")
        if not PINNED.is_at(Path(given)):
            raise WeightsError(
                f"{WEIGHTS_VARIABLE} names {given}, which is not the published {FILE_NAME} ({PINNED.n_byte} bytes, "
                f"SHA-256 {PINNED.digest[:16]}…): another version, or damaged"
            )
        return Path(given)
    return fetch_nequix_weights()


def name_cached_weights(folder: Path | None = None) -> Path:
    """Return where downloaded weights are kept, by default below ``weights`` in the user's cache."""
    return (folder or cache_folder("weights")) / "nequix" / FILE_NAME


def fetch_nequix_weights(
    *,
    folder: Path | None = None,
    url: str = URL,
    progress: Progress | None = None,
    timeout_seconds: float = 30.0,
    n_attempt: int = 4,
    pause_seconds: float = 1.0,
) -> Path:
    """Return the weights' file; download it if the cache lacks it.

    An interrupted download leaves a ``.part`` file and is taken up from there. Never run against the real address.

    Args:
        folder: Where files are kept; by default ``weights`` in the user's cache.
        url: Where the file lies.
        progress: Called while it arrives.
        timeout_seconds: Longest silence of the server.
        n_attempt: Attempts.
        pause_seconds: Pause before the second attempt, see ``retries.repeat``.

    Raises:
        MissingInputError: Nothing could be downloaded; the message says how to get the file by hand.
        WeightsError: The server has another file than the pinned one.
    """
    path = name_cached_weights(folder)
    if PINNED.is_at(path):
        return path

    def attempt() -> None:
        fetch_file(url, path, PINNED, timeout_seconds, progress or ignore_progress)

    by_hand = f"get {FILE_NAME} from {URL} and name its path in {WEIGHTS_VARIABLE}"
    download_weights([attempt], path, url=url, by_hand=by_hand, n_attempt=n_attempt, pause_seconds=pause_seconds)
    return path
