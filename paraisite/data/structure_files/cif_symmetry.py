"""The symmetry of a CIF's block: the operations that it lists, or those of the setting that it names."""

import re
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.data.structure_files.cif_block import UNKNOWN, CifBlock
from paraisite.data.structure_files.space_groups import (
    CRYSTAL_SYSTEMS,
    SpaceGroupSetting,
    build_setting,
    find_crystal_system,
    find_number_of_type,
    find_setting_of_hall,
    find_settings,
    find_settings_of_number,
)
from paraisite.errors import StructureError

METRIC_TOLERANCE: Final = 0.02
"""Of a cell's metric under an operation: one per cent of a length, one degree of an angle."""

OPERATIONS: Final = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_MAGNETIC: Final = ("_space_group_symop_magn_operation_xyz", "_space_group_symop_magn_operation_mxmymz")
_NAMES: Final = re.compile(
    r"_(?:space_?group|symmetry)(?!_symop)_\w*(?:name|number|symbol|tables)(?!\w*transform)|_(?:symmetry_)?space_?group$"
)
_MAY_LIST: Final = re.compile(r"_(?:symmetry|space_?group)_")
_OPERATION: Final = re.compile(r"[^,]*[xyz][^,]*,[^,]*[xyz][^,]*,[^,]*[xyz][^,]*", re.IGNORECASE)
_SYMBOL: Final = re.compile(r"[ABCFHIPR](?![a-z]{2})")
"""Beginning of a Hermann-Mauguin symbol, which no word such as Unknown has."""

_MAY_NAME: Final = re.compile(r"_(?!atom_site|geom|space_group_symop)\w*(?:space_?group|symmetry)")
_TRANSFORM: Final = re.compile(r"_space_group_transform_")
_NO_TRANSFORM: Final = re.compile(r"(?:a,b,c|x,y,z)(?:;0,0,0)?")
_CENTRINGS: Final = ("_space_group_symop_magn_centering_xyz",)
_SYMBOLS: Final = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_symmetry_space_group_name_h_m",
    "_space_group_name_h_m_alt",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
_HALL: Final = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NUMBER: Final = ("_space_group_it_number", "_symmetry_int_tables_number")
_CODE: Final = ("_space_group_it_coordinate_system_code",)
_TYPE_ONLY: Final = (
    "_space_group_name_h-m_ref",
    "_space_group_name_schoenflies",
    "_symmetry_space_group_name_schoenflies",
)
"""Tags that name the type of a space group, not its setting."""

_SYSTEM: Final = ("_space_group_crystal_system", "_symmetry_cell_setting", "_symmetry_crystal_system")
_HEXAGONAL: Final = ("trigonal", "hexagonal")  # crystals of either are called by both names
_SYSTEMS_OF_NAME: Final = {system: (system,) for system in CRYSTAL_SYSTEMS} | {
    "anorthic": ("triclinic",),
    "trigonal": _HEXAGONAL,
    "rhombohedral": _HEXAGONAL,
    "hexagonal": _HEXAGONAL,
    "isometric": ("cubic",),
}
_CLASSES: Final = (
    "_space_group_bravais_type",
    "_space_group_laue_class",
    "_space_group_point_group_h-m",
    "_space_group_centring_type",
)
_NO_CLASS: Final = ("ap", "-1", "1", "p")
_OF_SITES: Final = (
    "_atom_site_wyckoff_symbol",
    "_atom_site_wyckoff_label",
    "_atom_site_wyckoff_letter",
    "_atom_site_site_symmetry_symbol",
)
_NO_SYMMETRY_OF_SITE: Final = (*UNKNOWN, "a", "1a", "1", "C1")
IDENTITY: Final = ("x,y,z",)
_TIME_REVERSAL: Final = re.compile(r"\s*,\s*[+-]?1\s*$")


@dataclass(frozen=True)
class CifSymmetry:
    """What a block may mean.

    Attributes:
        settings: One, or several where the file does not say which.
        named: What the file names, for people.
        unconfirmed: Settings of the space group that the file names while its operations are another's; the crystal
            itself has to show that it is the file's.
    """

    settings: tuple[SpaceGroupSetting, ...]
    named: str
    unconfirmed: tuple[SpaceGroupSetting, ...] = ()


def read_symmetry(block: CifBlock, lattice_angstrom: npt.NDArray[np.float64]) -> CifSymmetry:
    """Return the settings that a block may mean, those that its cell allows.

    A block that says nothing of its symmetry lists all atoms.

    Raises:
        StructureError: What the block says is not understood or contradicts itself, or the cell.
    """
    operations = _read_operations(block)
    stated = _read_stated(block, required=operations is None)
    if operations is not None and build_setting(operations).key == build_setting(IDENTITY).key:
        _check_identity(block, stated)
    if operations is not None:
        setting = build_setting(operations)
        found = CifSymmetry((setting,), stated.named or "the listed operations", _compare_with_stated(setting, stated))
    elif stated.candidates:
        found = CifSymmetry(_of_system(block, stated), stated.named)
    else:
        _check_no_symmetry(block)
        found = CifSymmetry((build_setting(IDENTITY),), "P 1")
    fitting = tuple(setting for setting in found.settings if fits_cell(setting, lattice_angstrom))
    if not fitting:
        raise StructureError(
            f"the cell does not have the symmetry of {found.named}: its lengths or angles differ where the operations "
            "make them equal"
        )
    return replace(found, settings=fitting)


def _of_system(block: CifBlock, stated: "_Stated") -> tuple[SpaceGroupSetting, ...]:
    """Return the settings that a block names and that are of the crystal system it names.

    Raises:
        StructureError: None is.
    """
    system = block.text(*_SYSTEM) or ""
    systems = _SYSTEMS_OF_NAME.get(system.strip().lower(), CRYSTAL_SYSTEMS)
    if found := tuple(
        one for one in stated.candidates if one.number is None or find_crystal_system(one.number) in systems
    ):
        return found
    raise StructureError(
        f"the crystal system {system!r} is named, and the space group {stated.named}, which is not in it"
    )


def _check_identity(block: CifBlock, stated: "_Stated") -> None:
    """Raise if a block whose only operation is the identity names a space group that is not understood."""
    for tag, text in _list_names(block).items():
        if not stated.candidates and tag in _SYMBOLS and _SYMBOL.match(text) and not _settings_of(tag, text, None):
            raise StructureError(f"the space group {text!r} is not understood, and x,y,z is the only operation listed")


def _check_no_symmetry(block: CifBlock) -> None:
    """Raise if a block that names no space group and no operations says elsewhere that there is more than P 1."""
    for tag in filter(_MAY_LIST.match, block.values):
        for listed in block.column(tag) or ():
            if _OPERATION.fullmatch(listed) and not is_no_transform(listed):
                raise StructureError(f"{tag}, which lists {listed[:40]!r}, is not known: expected {OPERATIONS[0]}")
    if (system := block.text(*_SYSTEM)) and system.lower() not in ("triclinic", "anorthic"):
        raise StructureError(f"the crystal system {system!r} is named, but no space group and no operations are")
    for tag in _CLASSES:
        if (value := block.text(tag)) and value.lower() not in _NO_CLASS:
            raise StructureError(f"{tag} is {value!r}, but no space group and no operations are given")
    for tag in _OF_SITES:
        if others := [value for value in block.column(tag) or () if value.strip() not in _NO_SYMMETRY_OF_SITE]:
            raise StructureError(f"{tag} is {others[0]!r}, but no space group and no operations are given")
    for tag in filter(_MAY_NAME.match, block.values):
        value = block.text(tag)
        if value and (tag.endswith("number") or not value.isdecimal()):
            settings = _settings_of(tag, value, None)
            if settings and all(setting.number != 1 for setting in settings):
                raise StructureError(f"{tag} is {value!r}, but no space group of the atoms and no operations are given")


def states_symmetry(block: CifBlock) -> bool:
    """Return whether a block lists operations or names a space group, understood or not."""
    return any(
        tag in (*OPERATIONS, *_MAGNETIC) or _NAMES.match(tag)
        for tag, values in block.values.items()
        if any(value.strip() not in UNKNOWN for value in values)
    )


def fits_cell(setting: SpaceGroupSetting, lattice_angstrom: npt.NDArray[np.float64]) -> bool:
    """Return whether the operations leave the cell's lengths and angles as they are."""
    metric = lattice_angstrom @ lattice_angstrom.T
    length = np.sqrt(np.diag(metric))
    moved = np.einsum("nji,jk,nkl->nil", setting.rotations, metric, setting.rotations)
    return bool((np.abs(moved - metric) <= METRIC_TOLERANCE * np.outer(length, length)).all())


def _read_operations(block: CifBlock) -> tuple[str, ...] | None:
    lists = [listed for tag in OPERATIONS if (listed := _known_values(block, tag))]
    if len(lists) == 2 and build_setting(lists[0]).key != build_setting(lists[1]).key:
        raise StructureError(f"{' and '.join(OPERATIONS)} list different operations")
    magnetic = _read_magnetic(block)
    if lists and magnetic and build_setting(lists[0]).key != build_setting(magnetic).key:
        raise StructureError(f"{OPERATIONS[0]} lists other operations than {_MAGNETIC[0]}")
    return lists[0] if lists else magnetic


def _read_magnetic(block: CifBlock) -> tuple[str, ...] | None:
    """Return the operations of a magnetic space group without what they do to time, or None."""
    magnetic = _known_values(block, *_MAGNETIC)
    if not magnetic:
        return None
    centrings = block.column(*_CENTRINGS) or ["x,y,z,+1"]
    shifts = [re.sub(r"[xyz+]", "", _spatial(centring), flags=re.IGNORECASE).split(",") for centring in centrings]
    return tuple(
        ",".join(f"{part}+{shift}" if shift.strip() else part for part, shift in zip(parts, centring, strict=True))
        for parts in (_spatial(operation).split(",") for operation in magnetic)
        for centring in shifts
    )


def _known_values(block: CifBlock, *tags: str) -> tuple[str, ...]:
    """Return the values of the first of these tags that is there and says anything."""
    return tuple(value for value in block.column(*tags) or () if value.strip() not in UNKNOWN)


def _spatial(operation: str) -> str:
    """Return a magnetic operation without what it does to time."""
    return _TIME_REVERSAL.sub("", operation)


@dataclass(frozen=True)
class _Stated:
    """What a block names: the settings that this leaves, none where nothing is named; whether it names one exactly."""

    candidates: tuple[SpaceGroupSetting, ...]
    is_setting: bool
    named: str


def _read_stated(block: CifBlock, *, required: bool) -> _Stated:
    """Return what a block names.

    Args:
        block: Of a CIF.
        required: Whether it lists no operations, so that its names have to be understood.

    Raises:
        StructureError: They are not, or they name several space groups.
    """
    code, number = block.text(*_CODE), block.number(*_NUMBER)
    if number is not None and (number != int(number) or not 1 <= number <= 230):
        raise StructureError(f"the space group has the number {number:g}, expected 1 to 230")
    listed = _list_names(block)
    others = tuple(tag for tag in listed if tag not in (*_SYMBOLS, *_HALL, *_TYPE_ONLY, *_NUMBER))
    names = {tag: text for tag in (*_SYMBOLS, *_HALL, *_TYPE_ONLY, *others) if (text := block.text(tag))}
    understood = {tag: settings for tag, text in names.items() if (settings := _settings_of(tag, text, code))}
    named = " ".join([*dict.fromkeys(names.values()), *([] if number is None else [f"({int(number)})"])])
    if number is not None:
        understood[_NUMBER[0]] = find_settings_of_number(int(number), code)
    numbers = [{setting.number for setting in settings} - {None} for settings in understood.values()]
    if numbers and not set.intersection(*(found or set(range(231)) for found in numbers)):
        raise StructureError(f"several space groups are named that are not the same: {named}")
    halls, symbols = ([understood[tag] for tag in tags if tag in understood] for tags in (_HALL, (*_SYMBOLS, *others)))
    exact = halls + [settings for settings in symbols if not _may_be_type(settings)] or symbols
    if required and listed.keys() - {*understood, *_NUMBER} and not exact:
        shown = named or " ".join(listed.values())
        raise StructureError(f"the space group {shown!r} is not understood, and no symmetry operations are listed")
    if required and understood and (transform := _find_transform(block)):
        raise StructureError(
            f"{' = '.join(transform)} says that the axes or the origin are others than those of {named}, and no "
            "symmetry operations are listed"
        )
    if exact:
        return _Stated(_common_settings(exact, named, required=required), True, named)
    types = [understood[tag] for tag in (*_TYPE_ONLY, _NUMBER[0]) if tag in understood]
    return _Stated(types[0] if types else (), False, named)


def _find_transform(block: CifBlock) -> tuple[str, str] | None:
    """Return a tag that says how the axes differ from those of a standard setting, and its value; None if none does."""
    for tag in filter(_TRANSFORM.match, block.values):
        if (text := block.text(tag)) and not is_no_transform(text):
            return tag, repr(text)
    return None


def is_no_transform(text: str) -> bool:
    """Return whether axes and origin stay what they are, as in "a,b,c;0,0,0"."""
    return _NO_TRANSFORM.fullmatch(text.replace(" ", "").lower()) is not None


def _common_settings(
    exact: list[tuple[SpaceGroupSetting, ...]], named: str, *, required: bool
) -> tuple[SpaceGroupSetting, ...]:
    """Return the settings that all names mean.

    Raises:
        StructureError: They mean different ones, and no list of operations says which.
    """
    keys = frozenset.intersection(*(frozenset(one.key for one in settings) for settings in exact))
    if required and not keys:
        raise StructureError(f"several settings of a space group are named that are not the same: {named}")
    return tuple(one for one in exact[0] if one.key in keys or not keys)


def _may_be_type(settings: tuple[SpaceGroupSetting, ...]) -> bool:
    """Return whether a symbol may stand for the group in any setting: a standard one without choice of origin."""
    return any(one.is_standard for one in settings) and not (len(settings) == 1 and ":" in settings[0].name)


def _settings_of(tag: str, text: str, code: str | None) -> tuple[SpaceGroupSetting, ...]:
    """Return the settings that a name means, which may stand behind the tag of another kind of name."""
    if tag in _TYPE_ONLY:
        number = find_number_of_type(text)
        return find_settings_of_number(number, code) if number else ()
    if tag not in _HALL:
        is_number = text.isdecimal() and len(text) <= 3
        settings = find_settings_of_number(int(text), code) if is_number else find_settings(text, code)
        if settings:
            return settings
    hall = find_setting_of_hall(text, only_listed=tag not in _HALL)
    return (hall,) if hall else ()


def _list_names(block: CifBlock) -> dict[str, str]:
    """Return what tags say that name a space group in any way, known or not."""
    return {tag: text for tag in block.values if _NAMES.match(tag) and (text := block.text(tag)) is not None}


def _compare_with_stated(setting: SpaceGroupSetting, stated: _Stated) -> tuple[SpaceGroupSetting, ...]:
    """Return the settings of the space group that a block names, if its operations are another's.

    Raises:
        StructureError: The operations are those of another setting than the one that is named. A standard symbol may
            stand for the group in any setting.
    """
    numbers = {candidate.number for candidate in stated.candidates} - {None}
    if not numbers or setting.number is None:
        return ()
    if setting.number not in numbers:
        return stated.candidates
    exact = stated.candidates if stated.is_setting and setting.name else ()  # the origin may be any that is not listed
    if exact and not _may_be_type(exact) and setting.key not in {one.key for one in exact}:
        raise StructureError(f"the symmetry operations are those of {setting.name}, while {stated.named} is named")
    return ()
