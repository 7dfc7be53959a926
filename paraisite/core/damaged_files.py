"""Damage to files that this project has written itself: one sentence, whatever a parser makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from paraisite.errors import DataError, ParaisiteError

_LONGEST: Final = 200


@contextmanager
def refuse_damaged(path: Path, *, remedy: str) -> Iterator[None]:
    """Turn what parsers raise on a damaged file or folder into one error that names it.

    Args:
        path: Of what is read inside.
        remedy: What to do, e.g. "make it anew".

    Raises:
        DataError: Something was raised inside.
        FileNotFoundError: As inside: an absent file is none that is damaged.
    """
    try:
        yield
    except (ParaisiteError, FileNotFoundError):
        raise
    # Of parsers almost any exception, as of a table whose columns are others, or of no text where one was.
    except Exception as error:
        said = " ".join(str(error).split())[:_LONGEST] or type(error).__name__
        raise DataError(f"{path} is damaged or of another program ({said}): {remedy}") from error
