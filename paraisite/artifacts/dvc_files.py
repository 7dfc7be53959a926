"""Files that DVC tracks: fetched from the repository's remote where they are absent, recorded where they are new."""

import logging
import os
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock

from paraisite.core.dvc import run_dvc
from paraisite.errors import MissingInputError

logger = logging.getLogger(__name__)


def fetch_tracked(path: Path, *, target: str, project: Path = Path()) -> Path:
    """Return a tracked file or folder; run ``dvc pull`` if it is absent. One that is there is left as it is.

    Of several processes that want something at once, one fetches and the others wait: DVC would refuse them, and a
    folder is there before it is complete.

    Args:
        path: What is needed, relative to ``project``.
        target: What DVC calls it: a .dvc file, or an output of dvc.yaml.
        project: Folder of the repository.

    Raises:
        MissingInputError: It is absent and DVC cannot fetch it.
    """
    wanted = project / path
    with _alone(project):
        failure = None if wanted.exists() else _pull(target, wanted, project=project)
    if failure is not None or not wanted.exists():
        raise MissingInputError(
            f"{wanted} is absent and `dvc pull {target}` did not bring it "
            f"({failure or 'it is not tracked under this name'}); "
            "the files are in the repository's dvcstore/, so a complete git clone has them"
        )
    return wanted


def _pull(target: str, wanted: Path, *, project: Path) -> str | None:
    """Run DVC; return its message if it failed."""
    logger.info("%s is absent: dvc pull %s", wanted, target)
    return run_dvc("pull", "--quiet", target, project=project)


def _alone(project: Path) -> AbstractContextManager[object]:
    """Wait until no other process fetches; where nothing can be written, none does."""
    folder = project / ".dvc" / "tmp"
    if not os.access(folder.parent, os.W_OK):
        return nullcontext()
    folder.mkdir(exist_ok=True)
    return FileLock(folder / "paraisite-fetch.lock")


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
        for command in (("commit", "--force", "--quiet", self._stage), ("push", "--quiet", self._stage)):
            if (reason := run_dvc(*command)) is not None:
                logger.warning("`dvc %s` failed, finished parts are on this disk only: %s", " ".join(command), reason)
                return
