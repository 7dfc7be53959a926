"""Formulas as files state them: text or amounts by element."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from paraisite.data.crystal_arrays import ATOMIC_NUMBERS

FORMULA_TOLERANCE: Final = 0.02
"""Relative, of the amount of an element where amounts are no whole numbers: such formulas are rounded."""

WHOLE_TOLERANCE: Final = 1e-6
"""Of a whole number, which rounding alone changes."""

MAX_FORMULA: Final = 1000
"""Characters of a formula."""

_TERM: Final = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)")
_GROUP: Final = re.compile(r"\(([^()]*)\)[ ]*(\d*\.?\d*)")
_BRACKETS: Final = str.maketrans("[]{}", "()()")
_MAX_GROUPS: Final = 50
_UPPERCASE: Final = re.compile(r"([A-Za-z]{2})(\d*\.?\d*)")
_MARKUP: Final = re.compile(r"<[^>]*>|\$|_(?=[\d{])|\{(?=[\d.]+\})|(?<=\d)\}")
_BETWEEN_MOLECULES: Final = re.compile(r"\s*[\u00b7\u2022\u2219\u22c5*]\s*")
_COEFFICIENT: Final = re.compile(r"(\d+\.?\d*|\.\d+)\s*(?=[A-Z(\[])(.*)")
_CHARGE: Final = re.compile(r"(?<=[\s)\]])\d*[+-](?=\s|$|\))")
_VARIABLE: Final = re.compile(r"(?:[A-Z][a-z]?+[\d.+\-xyz]*+|[\s,()\[\]][\d.+\-xyz]*+)++")
_ELEMENT_WORD: Final = re.compile(r"[A-Z][a-z]?")


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> Mapping[str, float] | None:
    """Return the amount of each element of a formula such as "Na4 Cl4"; None if it is written in another way."""
    if len(text) > MAX_FORMULA:
        return None
    text = _MARKUP.sub("", unicodedata.normalize("NFKC", text))
    text = re.sub(r",(?!\d)", " ", text)
    if len(molecules := _BETWEEN_MOLECULES.split(text)) > 1:
        return _add_parts(molecules)
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


def parse_moieties(text: str) -> Mapping[str, float] | None:
    """Return the amounts of a formula by moieties such as "Mg 2+, 2(H O 1-)"; None if it is written in another way."""
    if len(text) > MAX_FORMULA:
        return None
    return _add_parts([re.sub(r"^\((.*)\)$", r"\1", _CHARGE.sub("", part.strip())) for part in text.split(",")])


def _add_parts(parts: Sequence[str]) -> Mapping[str, float] | None:
    """Return the amounts of formulas together, each of which may have a number before it, as 2H2O."""
    amounts: dict[str, float] = {}
    for part in parts:
        match = _COEFFICIENT.fullmatch(part.strip())
        inner = parse_formula(match[2] if match else part)
        if inner is None:
            return None
        for name, amount in inner.items():
            amounts[name] = amounts.get(name, 0.0) + amount * (float(match[1]) if match else 1.0)
    return amounts or None


def elements_of_formula(text: str) -> frozenset[str] | None:
    """Return the elements of a formula whose amounts are not known, such as "Ca1-x Mgx O"; None if it is no such."""
    if len(text) > MAX_FORMULA or not _VARIABLE.fullmatch(text):
        return None
    words = _ELEMENT_WORD.findall(text)
    names = [word if word in ATOMIC_NUMBERS else word[0] for word in words]
    return frozenset(names) if names and all(name in ATOMIC_NUMBERS for name in names) else None


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
    """Return whether two formulas are the same but for a factor, exactly where all amounts are whole numbers.

    A tolerance would let one atom of fifty be missing.
    """
    if one.keys() != other.keys():
        return False
    totals = sum(one.values()), sum(other.values())
    if all(is_whole(amount) for formula in (one, other) for amount in formula.values()):
        return all(round(one[name] * totals[1]) == round(amount * totals[0]) for name, amount in other.items())
    scale = totals[0] / totals[1]
    return all(is_near(one[name], scale * amount, FORMULA_TOLERANCE) for name, amount in other.items())


def is_whole(value: float) -> bool:
    """Return whether a number is a whole one but for rounding."""
    return abs(value - round(value)) < WHOLE_TOLERANCE


def is_near(value: float, expected: float, tolerance: float) -> bool:
    """Return whether a value is the expected one within a relative tolerance."""
    return abs(value - expected) <= tolerance * abs(expected)


def format_formula(amounts: Mapping[str, Any]) -> str:
    """Return a formula for people, such as "Na4 Cl4"."""
    return " ".join(f"{name}{'' if amount == 1 else format(amount, 'g')}" for name, amount in amounts.items())
