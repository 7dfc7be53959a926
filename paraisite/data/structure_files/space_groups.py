"""Settings of space groups, by whatever names them: symbol, Hall symbol, number or list of operations.

gemmi knows the settings and their operations, spglib the full symbols beside them.

Source: International Tables for Crystallography A (2016), 10.1107/97809553602060000114; Hall, Acta Cryst. A37, 517
(1981), 10.1107/S0567739481001228.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache
from typing import Final

import gemmi
import numpy as np
import numpy.typing as npt
import spglib

from paraisite.errors import StructureError

MAX_OPERATIONS: Final = 1536
"""Of a file: eight times those of the largest space group, for a cell of eight of its cells."""

MAX_TRIPLET: Final = 100
"""Characters of an operation such as "-x+1/2,y,z", or of a symbol."""

CRYSTAL_SYSTEMS: Final = ("triclinic", "monoclinic", "orthorhombic", "tetragonal", "trigonal", "hexagonal", "cubic")

_MINUS: Final = str.maketrans(dict.fromkeys("\u2212\u2013\u2014\u2010\u2011\ufe63\uff0d", "-"))
_IDENTITY: Final = "x,y,z"
_SHIFTS: Final = (5**9, 5**9 * 24, 5**9 * 576)
_CHOICES: Final = {"s": "1", "z": "2", "o1": "1", "o2": "2", "hs": "h", "rs": "r"}
_SCREW_AXIS: Final = re.compile(r"([2346])\(([1-5])\)")
_TRAILING_NUMBER: Final = re.compile(
    r"\s*(?:\(\s*(?:no\.?|#)?\s*(\d{2,3})\s*\)|[\s(]+(?:no\.?|#)\s*(\d{1,3})\s*\)?|\s+\((\d)\))\s*$", re.IGNORECASE
)
_QUALIFIER: Final = re.compile(
    r"(?:\s*:\s*(?P<colon>[\w-]+)|[\s(]+origin\s*(?:choice)?\s*(?P<origin>[12])\)?|\s*\((?P<paren>[12])\)"
    r"|\s+(?P<spaced>[SZHRszhr]|[HR]S|O[12])|(?<=[\w])(?P<joined>[SZHR]|[HR]S|:[12]))\s*$"
)


@dataclass(frozen=True, eq=False)
class SpaceGroupSetting:
    """One setting of a space group.

    Attributes:
        name: Symbol with its choice of origin or axes, or the Hall symbol, for people; empty for a setting that is not
            listed.
        number: In the International Tables; None where spglib does not know either.
        is_standard: Whether its number alone stands for this setting, too.
        rotations: float64 [n_operation, 3, 3], acting on fractional coordinates.
        translations: float64 [n_operation, 3].
    """

    name: str
    number: int | None
    is_standard: bool
    rotations: npt.NDArray[np.float64]
    translations: npt.NDArray[np.float64]

    @cached_property
    def key(self) -> frozenset[int]:
        """The operations themselves, for comparison."""
        rotations = np.rint(self.rotations).astype(np.int64)
        return frozenset(_encode(rotations, np.rint(self.translations * gemmi.Op.DEN).astype(np.int64)).tolist())


def find_crystal_system(number: int) -> str:
    """Return the crystal system of a space group's number, one of ``CRYSTAL_SYSTEMS``."""
    return str(gemmi.find_spacegroup_by_number(number).crystal_system_str())


def plain_symbols(text: str) -> str:
    """Return a text with each minus sign as a hyphen, so that numbers and symbols can be read."""
    return text.translate(_MINUS)


@lru_cache(maxsize=1024)
def find_settings(symbol: str, choice: str | None = None) -> tuple[SpaceGroupSetting, ...]:
    """Return the settings that a Hermann-Mauguin symbol may mean; none if it is not understood.

    Args:
        symbol: Short, full or old, spaced or not, with a choice of origin or axes (``:2``, ``Z``, ``:R``) or without.
        choice: Such a choice, where it is given beside the symbol.
    """
    if len(symbol) > MAX_TRIPLET:
        return ()
    text = unicodedata.normalize("NFKC", plain_symbols(re.sub(r"<[^>]*>", "", symbol)))
    text = re.sub("(\\d)[\u0304\u0305]", r"-\1", re.sub(r"\\bar", "-", text))
    text = re.sub("[_~{}$]", "", text)
    joined = _SCREW_AXIS.sub(r"\1\2", text)
    if joined != text and (settings := find_settings(joined, choice)):  # else a number in brackets is another choice
        return settings
    if match := _TRAILING_NUMBER.search(text):
        number = int(next(group for group in match.groups() if group))
        settings = find_settings(text[: match.start()], choice)
        if any(setting.number == number for setting in settings):
            return settings
        if not match[3]:  # which may be an axis or an origin, too
            return ()
    is_bracket = False  # which is a screw axis, too, as in "P 4 (1)"
    if match := _QUALIFIER.search(text):
        is_bracket = match["paren"] is not None
        choice = next(group for group in match.groups() if group).lstrip(":")
        text = text[: match.start()]
    text = " ".join(text.split())
    known = gemmi.find_spacegroup_by_name(text) if text else None
    halls = _halls_of_symbol(known.hm) if known else _full_symbols().get(text.replace(" ", "").lower(), ())
    wanted = _CHOICES.get(choice.lower(), choice.lower()) if choice else None
    return tuple(
        _setting_of_hall(hall)
        for hall, codes in halls
        if wanted is None or wanted in codes or not (is_bracket or any(codes))
    )


@lru_cache(maxsize=1024)
def find_settings_of_number(number: int, choice: str | None = None) -> tuple[SpaceGroupSetting, ...]:
    """Return the settings that the International Tables list of the space group with a number, 1 to 230."""
    wanted = _CHOICES.get(choice.lower(), choice.lower()) if choice else None
    groups = [group for group in gemmi.spacegroup_table_itb() if group.number == number]
    halls = dict.fromkeys(g.hall for g in groups if wanted is None or wanted in _codes(g))
    return tuple(_setting_of_hall(hall) for hall in halls)


@cache
def _numbers_of_types() -> dict[str, int]:
    """Return the numbers of the space groups by their Schoenflies symbols."""
    kinds = [spglib.get_spacegroup_type(number) for number in range(1, 531)]
    return {kind.schoenflies.replace("_", "").lower(): kind.number for kind in kinds if kind is not None}


def find_number_of_type(name: str) -> int | None:
    """Return the number of a type of space group, by its standard or Schoenflies symbol, or None."""
    number = _numbers_of_types().get(re.sub(r"[\s_.]", "", name).lower())
    settings = find_settings(name) if number is None else ()
    return settings[0].number if settings else number


def find_setting_of_hall(hall: str, *, only_listed: bool = False) -> SpaceGroupSetting | None:
    """Return the setting that a Hall symbol means, or None if it is not understood.

    Args:
        hall: Such a symbol.
        only_listed: Whether it has to be one of the tables', because another kind of symbol may stand in its place: a
            damaged one of Hermann and Mauguin, too, has operations by Hall's rules.
    """
    if len(hall) > MAX_TRIPLET:
        return None
    text = " ".join(plain_symbols(hall).replace("_", " ").split())
    if only_listed and text.lower() not in _listed_halls():
        return None
    try:
        return _setting_of_hall(text)
    except (ValueError, RuntimeError):
        return None


@cache
def _listed_halls() -> frozenset[str]:
    return frozenset(group.hall.lower() for group in gemmi.spacegroup_table())


@lru_cache(maxsize=1024)
def build_setting(triplets: tuple[str, ...]) -> SpaceGroupSetting:
    """Return the group of listed operations, such as "-x+1/2,y,z".

    Raises:
        StructureError: One cannot be read, or they are no group.
    """
    if len(triplets) > MAX_OPERATIONS:
        raise StructureError(f"{len(triplets)} symmetry operations, expected at most {MAX_OPERATIONS}")
    operations: dict[str, gemmi.Op] = {}
    for triplet in triplets:
        try:
            if len(triplet) > MAX_TRIPLET:
                raise ValueError(f"{len(triplet)} characters")
            operation = gemmi.Op(plain_symbols(triplet)).wrap()
            if abs(operation.det_rot()) != gemmi.Op.DEN**3:
                raise ValueError("it does not keep volumes")
        except (ValueError, RuntimeError, OverflowError) as error:
            shown = triplet if len(triplet) <= MAX_TRIPLET else f"{triplet[:MAX_TRIPLET]}…"
            raise StructureError(f"the symmetry operation {shown!r} cannot be read: {error}") from error
        operations[operation.triplet()] = operation
    ops = list(operations.values())
    group: gemmi.SpaceGroup | None = gemmi.find_spacegroup_by_ops(gemmi.GroupOps(ops))
    setting = _build("", None, False, ops)
    # gemmi looks at the rotations and the centrings, not at each operation.
    if group is not None and setting.key == _setting_of_hall(group.hall).key:
        return replace(setting, name=group.xhm(), number=group.number, is_standard=group.is_reference_setting())
    if _IDENTITY not in operations and _is_group(_build("", None, False, [gemmi.Op(_IDENTITY), *ops])):
        return build_setting((_IDENTITY, *triplets))  # some lists leave it out
    if not _is_group(setting):
        raise StructureError(
            f"the {len(ops)} symmetry operations are no group: the list is not complete, or one of them is wrong"
        )
    return _with_number(setting)


def _is_group(setting: SpaceGroupSetting) -> bool:
    """Return whether the product of any two operations is among them."""
    rotations = np.rint(setting.rotations).astype(np.int64)
    translations = np.rint(setting.translations * gemmi.Op.DEN).astype(np.int64)
    codes = np.sort(_encode(rotations, translations))
    return all(
        np.isin(_encode(rotation @ rotations, translations @ rotation.T + translation), codes).all()
        for rotation, translation in zip(rotations, translations, strict=True)
    )


def _encode(rotations: npt.NDArray[np.int64], translations: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return a number for each operation; the rotation's entries, -2 to 2, and the translation's are its digits."""
    digits = np.concatenate([rotations.reshape(-1, 9) % 5, translations % gemmi.Op.DEN], axis=1)
    codes: npt.NDArray[np.int64] = digits @ np.array([*(5**place for place in range(9)), *_SHIFTS])
    return codes


@lru_cache(maxsize=1024)
def _setting_of_hall(hall: str) -> SpaceGroupSetting:
    operations = gemmi.symops_from_hall(hall)
    group: gemmi.SpaceGroup | None = gemmi.find_spacegroup_by_ops(operations)
    if group is None:
        return _with_number(_build(hall, None, False, operations))
    return _build(group.xhm(), group.number, group.is_reference_setting(), operations)


def _with_number(setting: SpaceGroupSetting) -> SpaceGroupSetting:
    """Return a setting that gemmi does not list, such as one of another origin, with the number of its type."""
    try:
        kind = spglib.get_spacegroup_type_from_symmetry(
            np.rint(setting.rotations).astype(np.intc).tolist(), setting.translations.tolist()
        )
    except Exception:  # spglib's errors have no common type across its versions
        kind = None
    return setting if kind is None else replace(setting, number=int(kind.number))


def _build(name: str, number: int | None, is_standard: bool, operations: Iterable[gemmi.Op]) -> SpaceGroupSetting:
    ops = list(operations)
    return SpaceGroupSetting(
        name=name,
        number=number,
        is_standard=is_standard,
        rotations=np.array([op.rot for op in ops], np.float64) / gemmi.Op.DEN,
        translations=np.array([op.tran for op in ops], np.float64) / gemmi.Op.DEN % 1.0,
    )


def _codes(group: gemmi.SpaceGroup) -> tuple[str, ...]:
    """Return what a file may call a setting, beside its symbol."""
    extension, qualifier = group.ext.strip("\0").lower(), group.qualifier.lower()
    return tuple(code for code in (extension, qualifier, extension + qualifier) if code)


@cache
def _halls_of_symbol(symbol: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    groups = [group for group in gemmi.spacegroup_table() if group.hm == symbol]
    several = len(groups) > 1
    return tuple((group.hall, _codes(group) if several else ("", *_codes(group))) for group in groups)


@cache
def _full_symbols() -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the Hall symbols, with their choices, of each full symbol."""
    symbols: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {}
    for number in range(1, 531):
        kind = spglib.get_spacegroup_type(number)
        if kind is None:
            continue
        key = kind.international_full.replace(" ", "").replace("_", "").lower()
        symbols[key] = (*symbols.get(key, ()), (kind.hall_symbol.strip(), (kind.choice.strip().lower(),)))
    return symbols
