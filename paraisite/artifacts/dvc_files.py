"""Files that DVC tracks: fetched from the repository's remote where they are absent, recorded where they are new."""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from paraisite.artifacts.tracked_outputs import STORE, is_tracked, lacks_shipped_files
from paraisite.core.dvc import run_dvc
from paraisite.core.folders import restore_folder
from paraisite.core.paths import IN_PACKAGE, PACKAGED, SOURCE_TREE
from paraisite.errors import MissingInputError

logger = logging.getLogger(__name__)

_SILENT_SECONDS: Final = 1.0
"""How long to wait for another process that fetches before a line says so."""


def fetch_tracked(path: Path, *, target: str, project: Path = Path()) -> Path:
    """Return a tracked file or folder; run ``dvc pull`` if it is absent or was left incomplete.

    One that is there, as it is shipped or otherwise, is left as it is. Of several processes that want something at
    once, one fetches and the others wait: DVC would refuse them, and a folder is there before it is complete.

    Outside of a clone an installation's own files are returned, where it has them; of one that is a clone, as an
    editable one is, those that a wheel would hold.

    Args:
        path: What is needed, relative to ``project``.
        target: What DVC calls it: a .dvc file, or an output of dvc.yaml.
        project: Folder of the repository.

    Raises:
        MissingInputError: It is absent or incomplete, and DVC cannot fetch it.
    """
    wanted = project / path
    if not wanted.exists() and not is_tracked(path, project=project):
        if (PACKAGED / path).exists():
            return PACKAGED / path
        if path in IN_PACKAGE and is_tracked(path, project=SOURCE_TREE):
            return fetch_tracked(path, target=target, project=SOURCE_TREE)
    with _alone(project):
        restore_folder(wanted)
        state = _describe_absence(path, project=project)
        failure = None if state is None else _pull(target, wanted, state, project=project)
    if failure is not None:
        raise MissingInputError(
            f"{wanted} is {state} and `dvc pull {target}` did not bring it ({failure}); "
            f"the files are in the repository's {STORE}/, so a complete git clone has them"
        )
    if not wanted.exists():
        raise MissingInputError(f"{wanted} is absent, and none of the files that ship")
    return wanted


def is_repository(project: Path = Path()) -> bool:
    """Return whether a folder is a clone of the repository, or an archive of it, or a part that DVC knows."""
    return any((project / name).exists() for name in (".dvc", "dvc.lock", "dvc.yaml", STORE))


def _describe_absence(path: Path, *, project: Path) -> str | None:
    """Return the word for what is wrong with a tracked file or folder; None where it can be used."""
    if not (project / path).exists():
        return "absent"
    return "incomplete" if lacks_shipped_files(path, project=project) else None


def _pull(target: str, wanted: Path, state: str, *, project: Path) -> str | None:
    """Run DVC; return its message if it failed."""
    if (project / ".dvc").is_dir() and not _is_in_git(project) and not _knows_no_git(project):
        # As in a downloaded archive of the repository, where DVC would refuse everything.
        logger.info("no git repository here: dvc config --local core.no_scm true")
        run_dvc("config", "--local", "core.no_scm", "true", project=project)
    logger.info("%s is %s and is fetched: dvc pull %s", wanted, state, target)
    return run_dvc("--wait-for-lock", "pull", target, project=project)


def _is_in_git(project: Path) -> bool:
    folder = project.resolve()
    return any((each / ".git").exists() for each in (folder, *folder.parents))


def _knows_no_git(project: Path) -> bool:
    """Return whether DVC was told that there is no git."""
    return any("no_scm" in file.read_text() for file in (project / ".dvc").glob("config*") if file.is_file())


@contextmanager
def _alone(project: Path) -> Iterator[None]:
    """Wait until no other process fetches, and say so; where nothing can be written, none does."""
    folder = project / ".dvc" / "tmp"
    if find_spec("filelock") is None or not os.access(folder.parent, os.W_OK):  # it comes with DVC's extra
        yield
        return
    from filelock import FileLock, Timeout

    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "paraisite-fetch.lock")
    try:
        lock.acquire(timeout=_SILENT_SECONDS)
    except Timeout:
        logger.info("another process fetches tracked files: waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def track_with_dvc(*arguments: str) -> None:
    """Record new files by ``dvc ARGUMENTS``; a failure, as outside of a DVC repository, is a warning."""
    if (reason := run_dvc(*arguments)) is not None:
        logger.warning("DVC does not track it: %s", reason)


class StageKeeper:
    """Commits and pushes what a long stage has finished, so that a lost machine does not cost hours."""

    def __init__(self, stage: str, *, seconds_between: float) -> None:
        """Start the clock.

        Args:
            stage: Name in ``dvc.yaml``.
            seconds_between: Shortest time between two commits on the way.
        """
        self._stage, self._seconds_between = stage, seconds_between
        self._last = time.monotonic()

    def keep_if_due(self) -> None:
        """Commit and push if enough time has passed."""
        if time.monotonic() - self._last >= self._seconds_between:
            self.keep()

    def keep(self) -> None:
        """Commit and push; a failure is a warning, as the files stay where they are."""
        self._last = time.monotonic()
        for command in (("commit", "--force", self._stage), ("push", self._stage)):
            if (reason := run_dvc(*command)) is not None:
                logger.warning("`dvc %s` failed, finished parts are on this disk only: %s", " ".join(command), reason)
                return
