"""Errors that make a candidate fail without ending its campaign, and the reason that its row then holds."""

from typing import Final

from paraisite.errors import StructureError

FAILURES: Final = (StructureError, ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)
"""One candidate in thousands makes a library give up; its row holds the reason, and the campaign goes on.
A TypeError is what a library says that finds None in one of its tables."""

_MAX_LENGTH: Final = 200


def describe_error(error: Exception) -> str:
    """Return a row's reason: our own message as it is, a library's on one line with the name of its error."""
    if isinstance(error, StructureError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_MAX_LENGTH]}"
