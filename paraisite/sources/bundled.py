"""Files of this project that DVC keeps: fetched from the remote in the repository where they are absent."""

import logging
import subprocess
import sys
from pathlib import Path

from paraisite.errors import MissingInputError

logger = logging.getLogger(__name__)


def fetch_bundled(path: Path, *, target: str, project: Path = Path()) -> Path:
    """Return a tracked file or folder; run ``dvc pull`` if it is absent. One that is there is left as it is.

    Args:
        path: What is needed, relative to ``project``.
        target: What DVC calls it: a .dvc file, or an output of dvc.yaml.
        project: Folder of the repository.

    Raises:
        MissingInputError: It is absent and DVC cannot fetch it.
    """
    wanted = project / path
    if wanted.exists():
        return wanted
    command = f"dvc pull {target}"
    logger.info("%s is absent: %s", wanted, command)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dvc", "pull", "--quiet", target],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        raise MissingInputError(f"{wanted} is absent and `{command}` could not be run: {error}") from error
    if done.returncode != 0 or not wanted.exists():
        reason = " ".join((done.stderr or done.stdout).split()) or "it is not tracked under this name"
        raise MissingInputError(
            f"{wanted} is absent and `{command}` did not bring it ({reason}); "
            "the files are in the repository's dvcstore/, so a complete git clone has them"
        )
    return wanted
