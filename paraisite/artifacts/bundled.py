"""Files of this project that DVC keeps: fetched from the remote in the repository where they are absent."""

import logging
import os
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from filelock import FileLock

from paraisite.core.dvc import run_dvc
from paraisite.errors import MissingInputError

logger = logging.getLogger(__name__)


def fetch_bundled(path: Path, *, target: str, project: Path = Path()) -> Path:
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
    """Run DVC; return what it said if it failed."""
    logger.info("%s is absent: dvc pull %s", wanted, target)
    return run_dvc("pull", "--quiet", target, project=project)


def _alone(project: Path) -> AbstractContextManager[object]:
    """Wait until no other process fetches; where nothing can be written, none does."""
    folder = project / ".dvc" / "tmp"
    if not os.access(folder.parent, os.W_OK):
        return nullcontext()
    folder.mkdir(exist_ok=True)
    return FileLock(folder / "paraisite-fetch.lock")
