"""What was fetched or imported into ``external/``, and DVC's record of it."""

import logging

from paraisite.core.dvc import run_dvc

logger = logging.getLogger(__name__)


def track_external(*arguments: str) -> None:
    """Let DVC record what lies in ``external/`` (``dvc ARGUMENTS``); outside of a DVC repository a warning."""
    if (reason := run_dvc(*arguments)) is not None:
        logger.warning("DVC does not track it: %s", reason)
