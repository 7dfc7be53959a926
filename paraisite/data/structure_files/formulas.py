"""Formulas as files state them: text or amounts by element."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS

FORMULA_TOLERANCE: Final = 0.02
"""Relative, of the amount of an element: formulas are rounded."""

MAX_FORMULA: Final = 1000
"""Characters of a formula."""

_TERM: Final = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")
_GROUP: Final = re.compile(r"\(([^()]*)\)[ ]*(\d*\.?\d*)")
_BRACKETS: Final = str.maketrans("[]{}", "()()")
_MAX_GROUPS: Final = 50
_UPPERCASE: Final = re.compile(r"([A-Za-z]{2})(\d*\.?\d*)")


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> Mapping[str, float] | None:
    """Return the amount of each element of a formula such as "Na4 Cl4"; None if it is written in another way."""
    if len(text) > MAX_FORMULA:
        return None
    if "(" in text or "[" in text:
        return _parse_groups(text)
    amounts: dict[str, float] = {}
    for word in re.sub(r"[\s'\"_]", " ", text).split():
        terms = _split_word(word)
        if terms is None:
            return None
        for name, amount in terms:
            amounts[name] = amounts.get(name, 0.0) + amount
    usable = {name: amount for name, amount in amounts.items() if amount > 0}
    return usable or None


def _parse_groups(text: str) -> Mapping[str, float] | None:
    """Return the amounts of a formula with parentheses such as "Mg(OH)2" or "Ca3 (P O4)2"."""
    plain = re.sub(r"[\s'\"_]", " ", text).translate(_BRACKETS)
    for _ in range(_MAX_GROUPS):
        if (group := _GROUP.search(plain)) is None:
            return None if "(" in plain or ")" in plain else parse_formula(plain)
        inner = parse_formula(group[1])
        if inner is None:
            return None
        factor = _amount(group[2])
        terms = " ".join(f"{name}{format(amount * factor, '.6f')}" for name, amount in inner.items())
        plain = f"{plain[: group.start()]} {terms} {plain[group.end() :]}"
    return None


def _split_word(word: str) -> list[tuple[str, float]] | None:
    matches = list(_TERM.finditer(word))
    if "".join(match[0] for match in matches) != word or any(match[1] not in ATOMIC_NUMBERS for match in matches):
        match = _UPPERCASE.fullmatch(word)  # an element in other letters, as MG
        matches = [match] if match and match[1].capitalize() in ATOMIC_NUMBERS else []
    return [(match[1].capitalize(), _amount(match[2])) for match in matches] or None


def _amount(digits: str) -> float:
    return float(digits) if digits not in ("", ".") else 1.0


def is_same_formula(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Return whether two formulas are the same but for a factor."""
    if one.keys() != other.keys():
        return False
    scale = sum(one.values()) / sum(other.values())
    return all(is_near(one[name], scale * amount, FORMULA_TOLERANCE) for name, amount in other.items())


def is_near(value: float, expected: float, tolerance: float) -> bool:
    """Return whether a value is the expected one within a relative tolerance."""
    return abs(value - expected) <= tolerance * abs(expected)


def format_formula(amounts: Mapping[str, Any]) -> str:
    """Return a formula for people, such as "Na4 Cl4"."""
    return " ".join(f"{name}{'' if amount == 1 else format(amount, 'g')}" for name, amount in amounts.items())
