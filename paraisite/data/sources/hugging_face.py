"""Files of a data set on the Hugging Face Hub: listed with their digests, downloaded, checked, taken up where broken.

The Hub's interface is the documented one: ``api/datasets/ID/revision/REVISION?blobs=true`` names the commit and all
files, with size and digest (SHA-256 in its large-file storage, git's elsewhere); ``datasets/ID/resolve/COMMIT/PATH`` is
a file. It has been exercised against a local server that replays them, never against the Hub itself.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from paraisite.core.progress import ignore_progress
from paraisite.data.sources.http import JsonSession
from paraisite.data.sources.resumable_download import ExpectedFile, fetch_file
from paraisite.data.sources.retries import FailedAttemptError, repeat
from paraisite.errors import DownloadError

SERVER: Final = "https://huggingface.co/"

_SIGNATURES: Final = {".parquet": (b"PAR1", "parquet file"), ".gz": (b"\x1f\x8b", "gzip file")}

OnByte = Callable[[int, int], None]
"""Called with bytes present and bytes in all, over all files."""


@dataclass(frozen=True)
class Listing:
    """The files of one commit of a data set.

    Attributes:
        commit: The commit, which never changes.
        files: What is known of each file, by its path.
    """

    commit: str
    files: dict[str, ExpectedFile]


def list_files(session: JsonSession, dataset: str, *, revision: str, server: str = SERVER) -> Listing:
    """Return the files of a data set.

    Args:
        session: Asks.
        dataset: Owner and name, e.g. "phonix-db/phonix-full".
        revision: Branch, tag or commit.
        server: Address of the Hub.

    Raises:
        DownloadError: There is no such data set, or the answer is not the documented one.
    """
    url = f"{server.rstrip('/')}/api/datasets/{dataset}/revision/{revision}?blobs=true"
    reply = session.json(url)
    session.forget()  # a branch may move: no other run may meet this answer
    try:
        listing = Listing(str(reply["sha"]), {_path(entry): _expected(entry) for entry in reply["siblings"]})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DownloadError(
            f"{url}: the answer is no list of files ({type(error).__name__} {error}), expected sha and siblings"
        ) from error
    return listing


def download_files(
    listing: Listing,
    paths: list[str],
    folder: Path,
    *,
    dataset: str,
    server: str = SERVER,
    progress: OnByte = ignore_progress,
    timeout_seconds: float = 60.0,
    n_attempt: int = 6,
    pause_seconds: float = 1.0,
) -> list[Path]:
    """Return files of a listing in a folder; download what it lacks, and check every file against the listing.

    An interrupted download leaves ``PATH.part`` and is taken up from there.

    Args:
        listing: As ``list_files`` returned it.
        paths: Which of its files.
        folder: Where they are kept, below the commit's name.
        dataset: Owner and name.
        server: Address of the Hub.
        progress: Called while bytes arrive.
        timeout_seconds: Longest silence of the server.
        n_attempt: Attempts per file.
        pause_seconds: Pause before the second attempt, see ``retries.repeat``.

    Raises:
        DownloadError: A file could not be downloaded, or is not the one that is listed.
    """
    total, before, local = sum(listing.files[path].n_byte for path in paths), 0, []
    for path in paths:
        expected, target = listing.files[path], folder / listing.commit / path
        url = f"{server.rstrip('/')}/datasets/{dataset}/resolve/{listing.commit}/{path}"
        attempt = functools.partial(
            fetch_file, url, target, expected, timeout_seconds, _count_from(before, total, progress)
        )
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if not expected.is_at(target):
                repeat(attempt, what=url, n_attempt=n_attempt, pause_seconds=pause_seconds)
        except FailedAttemptError as error:
            raise DownloadError(f"{url}: {error}; what has come is kept, the same command goes on") from error
        except OSError as error:
            raise DownloadError(f"{target} could not be written ({error})") from error
        before += expected.n_byte
        local.append(target)
    return local


def _count_from(before: int, total: int, progress: OnByte) -> OnByte:
    """Return what to call with the bytes of one file, where those of the files before it are here."""
    return lambda present, _n_byte: progress(before + present, total)


def _path(entry: dict[str, Any]) -> str:
    """Return a file's path, which must stay below the folder that it is written to."""
    path = PurePosixPath(str(entry["rfilename"]))
    if path.is_absolute() or ".." in path.parts:
        raise ValueError(f"{path} leaves the folder of the data set")
    return str(path)


def _expected(entry: dict[str, Any]) -> ExpectedFile:
    signature, kind = _SIGNATURES.get(PurePosixPath(str(entry["rfilename"])).suffix, (b"", "data file"))
    if stored := entry.get("lfs"):
        return ExpectedFile(int(stored["size"]), str(stored["sha256"]), signature=signature, kind=kind)
    return ExpectedFile(int(entry["size"]), str(entry["blobId"]), signature=signature, kind=kind, is_git_object=True)
