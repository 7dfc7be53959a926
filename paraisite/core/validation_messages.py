"""What pydantic refuses, in one sentence that names the place, the value and what was expected."""

import typing
from collections.abc import Iterable
from dataclasses import is_dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from paraisite.core.settings_file import shown

_EXPECTED: Final = {
    "dataclass_type": "a mapping",
    "finite_number": "a finite number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "{ge} or more",
    "int_type": "an integer",
    "less_than": "less than {lt}",
    "less_than_equal": "{le} at most",
    "literal_error": "one of {expected}",
    "path_type": "a path",
    "string_too_short": "text",
    "string_type": "text",
    "too_short": "one value or more",
    "tuple_type": "a list",
    "value_error": "{error}",
}
"""What is expected, by pydantic's name of the mistake."""

_UNKNOWN_KEY: Final = ("unexpected_keyword_argument", "invalid_key")


def describe_mistake(error: ValidationError, cls: type, *, where: str = "") -> str:
    """Return the first mistake in one sentence; an unknown key goes before the missing one that it may stand for.

    Args:
        error: What pydantic refused.
        cls: Dataclass that was to be built.
        where: File, or nothing.
    """
    mistake = min(error.errors(include_url=False), key=lambda mistake: mistake["type"] not in _UNKNOWN_KEY)
    keys, text = _keys_and_text(mistake, cls)
    return ": ".join(
        [*filter(None, [where]), *(f"item {key + 1}" if isinstance(key, int) else key for key in keys), text]
    )


def _keys_and_text(mistake: ErrorDetails, cls: type) -> tuple[Iterable[int | str], str]:
    if mistake["type"] in (*_UNKNOWN_KEY, "missing"):
        *section, key = mistake["loc"]
        if mistake["type"] == "missing":
            return section, f"missing key {key}"
        return section, f"unknown key {str(key)[:60]}; known keys are {', '.join(_known_keys(cls, section))}"
    template = _EXPECTED.get(mistake["type"])
    bounds = {
        name: int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        for name, bound in mistake.get("ctx", {}).items()
    }
    expected = template.format(**bounds) if template else mistake["msg"]
    return mistake["loc"], f"expected {expected}, found {shown(mistake['input'])}"


def _known_keys(cls: type, section: Iterable[int | str]) -> Iterable[str]:
    hint: Any = cls
    for key in section:
        # The items of a dict or tuple are all of one type.
        hint = typing.get_type_hints(hint)[str(key)] if is_dataclass(hint) else typing.get_args(hint)[-1]
    return typing.get_type_hints(hint)
