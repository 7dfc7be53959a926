"""What makes a candidate fail without ending its campaign, and how its row says so."""

from typing import Final

from paraisite.errors import StructureError

FAILURES: Final = (StructureError, ArithmeticError, LookupError, RuntimeError, ValueError)
"""One candidate in thousands makes a library give up; its row says where, and the campaign goes on."""

_MAX_LENGTH: Final = 200


def reason_of(error: Exception) -> str:
    """Return a row's reason: our own message as it is, a library's on one line with the name of its error."""
    if isinstance(error, StructureError):
        return str(error)
    return f"{type(error).__name__}: {' '.join(str(error).split())[:_MAX_LENGTH]}"
