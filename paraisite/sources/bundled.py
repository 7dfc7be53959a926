"""Files of this project that DVC keeps: fetched from the remote in the repository where they are absent."""

import logging
from pathlib import Path

from paraisite.errors import MissingInputError
from paraisite.processes import run_dvc

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
    failure = run_dvc("pull", "--quiet", target, project=project)
    if failure is not None or not wanted.exists():
        raise MissingInputError(
            f"{wanted} is absent and `{command}` did not bring it "
            f"({failure or 'it is not tracked under this name'}); "
            "the files are in the repository's dvcstore/, so a complete git clone has them"
        )
    return wanted
