"""Plans: what the files of a folder depend on, so that work that goes on there never mixes with other work."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from paraisite.core.files import write_whole
from paraisite.errors import DataError

FORMAT_KEY: Final = "format"
"""In a plan: of the other files, which no user can choose."""


def claim_plan(
    path: Path,
    plan: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any],
    remedy: str = "take the old value back, or move the folder away to start anew",
) -> None:
    """Write the plan into a new folder, or check that it is the one that the folder was begun with.

    Args:
        path: Of the plan's file.
        plan: What the other files depend on.
        metadata: Written beside, for people; not compared.
        remedy: What is done where the plan is another one, for people.

    Raises:
        DataError: The folder was begun with another plan, or its plan is damaged.
    """
    if not path.exists():
        write_whole(path, (json.dumps({**plan, **metadata}, indent=2) + "\n").encode())
        return
    begun = {key: value for key, value in read_plan(path).items() if key not in metadata}
    for key in {FORMAT_KEY: None, **begun, **plan}:  # the format first: it may be why others differ
        if begun.get(key) == plan.get(key):
            continue
        if key == FORMAT_KEY:
            raise DataError(
                f"{path.parent} was written by another version of paraisite, in format {begun.get(key)}, not "
                f"{plan.get(key)}: choose another folder (--output), or remove this one to start anew"
            )
        raise DataError(
            f"{path.parent} was begun with {key} = {begun.get(key)!r}, now it is {plan.get(key)!r}: {remedy}"
        )


def read_plan(path: Path) -> dict[str, Any]:
    """Return a plan with its metadata.

    Raises:
        DataError: It is missing or damaged.
    """
    try:
        plan: dict[str, Any] = dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise DataError(f"{path} is no readable plan: {error!r}") from error
    return plan
