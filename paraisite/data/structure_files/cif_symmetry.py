"""The symmetry of a CIF's block: the operations that it lists, or those of the setting that it names."""

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.data.structure_files.cif_block import CifBlock
from paraisite.data.structure_files.space_groups import (
    SpaceGroupSetting,
    build_setting,
    find_setting_of_hall,
    find_settings,
    find_settings_of_number,
)
from paraisite.errors import StructureError

METRIC_TOLERANCE: Final = 0.02
"""Of a cell's metric under an operation: one per cent of a length, one degree of an angle."""

OPERATIONS: Final = ("_space_group_symop_operation_xyz", "_symmetry_equiv_pos_as_xyz")
_MAGNETIC: Final = ("_space_group_symop_magn_operation_xyz", "_space_group_symop_magn_operation_mxmymz")
_CENTRINGS: Final = ("_space_group_symop_magn_centering_xyz",)
_SYMBOLS: Final = (
    "_space_group_name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_symmetry_space_group_name_h_m",
    "_space_group_name_h-m_full",
    "_space_group_name_h-m",
)
_HALL: Final = ("_space_group_name_hall", "_symmetry_space_group_name_hall")
_NUMBER: Final = ("_space_group_it_number", "_symmetry_int_tables_number")
_CODE: Final = ("_space_group_it_coordinate_system_code",)
_SYSTEM: Final = ("_space_group_crystal_system", "_symmetry_cell_setting")
_IDENTITY: Final = ("x,y,z",)
_TIME_REVERSAL: Final = re.compile(r"\s*,\s*[+-]?1\s*$")


@dataclass(frozen=True)
class CifSymmetry:
    """What a block may mean.

    Attributes:
        settings: One, or several where the file does not say which.
        unconfirmed: Number of the space group that the file names while its operations are another's; the crystal
            itself has to show it.
        unconfirmed_system: The crystal system that it names where nothing else is said.
        named: What the file names, for people.
    """

    settings: tuple[SpaceGroupSetting, ...]
    named: str
    unconfirmed: int | None = None
    unconfirmed_system: str | None = None


def read_symmetry(block: CifBlock, lattice_angstrom: npt.NDArray[np.float64]) -> CifSymmetry:
    """Return the settings that a block may mean, those that its cell allows.

    Raises:
        StructureError: What the block says is not understood or contradicts itself, or the cell.
    """
    operations = _read_operations(block)
    stated = _read_stated(block)
    if operations is not None:
        setting = build_setting(operations)
        unconfirmed = _compare_with_stated(setting, stated)
        candidates: tuple[SpaceGroupSetting, ...] = (setting,)
        found = CifSymmetry(candidates, stated.named or setting.name or "the listed operations", unconfirmed)
    elif stated.candidates is not None:
        found = CifSymmetry(stated.candidates, stated.named)
    else:
        system = block.text(*_SYSTEM)
        found = CifSymmetry((build_setting(_IDENTITY),), "P 1", None, system.lower() if system else None)
    fitting = tuple(setting for setting in found.settings if fits_cell(setting, lattice_angstrom))
    if not fitting:
        raise StructureError(
            f"the cell does not have the symmetry of {found.named}: its lengths or angles differ where the operations "
            "make them equal"
        )
    return CifSymmetry(fitting, found.named, found.unconfirmed, found.unconfirmed_system)


def fits_cell(setting: SpaceGroupSetting, lattice_angstrom: npt.NDArray[np.float64]) -> bool:
    """Return whether the operations leave the cell's lengths and angles as they are."""
    metric = lattice_angstrom @ lattice_angstrom.T
    length = np.sqrt(np.diag(metric))
    moved = np.einsum("nji,jk,nkl->nil", setting.rotations, metric, setting.rotations)
    return bool((np.abs(moved - metric) <= METRIC_TOLERANCE * np.outer(length, length)).all())


def _read_operations(block: CifBlock) -> tuple[str, ...] | None:
    if listed := block.column(*OPERATIONS):
        return tuple(listed)
    magnetic = block.column(*_MAGNETIC)
    if not magnetic:
        return None
    centrings = block.column(*_CENTRINGS) or ["x,y,z,+1"]
    shifts = [re.sub(r"[xyz+]", "", _spatial(centring), flags=re.IGNORECASE).split(",") for centring in centrings]
    return tuple(
        ",".join(f"{part}+{shift}" if shift.strip() else part for part, shift in zip(parts, centring, strict=True))
        for parts in (_spatial(operation).split(",") for operation in magnetic)
        for centring in shifts
    )


def _spatial(operation: str) -> str:
    """Return a magnetic operation without what it does to time."""
    return _TIME_REVERSAL.sub("", operation)


@dataclass(frozen=True)
class _Stated:
    """What a block names: settings, None where it names nothing; those by an exact name only; all names together."""

    candidates: tuple[SpaceGroupSetting, ...] | None
    by_hall: SpaceGroupSetting | None
    by_symbol: tuple[SpaceGroupSetting, ...]
    number: int | None
    named: str


def _read_stated(block: CifBlock) -> _Stated:
    symbol, hall, code = block.text(*_SYMBOLS), block.text(*_HALL), block.text(*_CODE)
    number = block.number(*_NUMBER)
    if number is not None and (number != int(number) or not 1 <= number <= 230):
        raise StructureError(f"the space group has the number {number:g}, expected 1 to 230")
    by_hall = find_setting_of_hall(hall) if hall else None
    by_symbol = find_settings(symbol, code) if symbol else ()
    named = " ".join(str(name) for name in (symbol or hall, None if number is None else f"({int(number)})") if name)
    if by_hall:
        candidates: tuple[SpaceGroupSetting, ...] | None = (by_hall,)
    elif symbol or hall:
        candidates = by_symbol
    elif number is not None:
        candidates = find_settings_of_number(int(number), code)
    else:
        candidates = None
    has_operations = any(tag in block.values for tag in (*OPERATIONS, *_MAGNETIC))
    if candidates == () and not has_operations:
        raise StructureError(f"the space group {named!r} is not understood, and no symmetry operations are listed")
    _check_names(by_hall, by_symbol, None if number is None else int(number), symbol, hall)
    return _Stated(candidates, by_hall, by_symbol, None if number is None else int(number), named)


def _check_names(
    by_hall: SpaceGroupSetting | None,
    by_symbol: tuple[SpaceGroupSetting, ...],
    number: int | None,
    symbol: str | None,
    hall: str | None,
) -> None:
    """Raise if a block names several space groups."""
    numbers = {setting.number for setting in by_symbol}
    if number is not None and by_symbol and number not in numbers:
        raise StructureError(f"the space group {symbol!r} has not the number {number} that stands beside it")
    if by_hall and number is not None and by_hall.number not in (number, None):
        raise StructureError(f"the space group {hall!r} has not the number {number} that stands beside it")
    if by_hall and by_symbol and by_hall.number not in {*numbers, None}:
        raise StructureError(f"the space groups {hall!r} and {symbol!r} are not the same")


def _compare_with_stated(setting: SpaceGroupSetting, stated: _Stated) -> int | None:
    """Return the number of the space group that a block names, if its operations are another's.

    Raises:
        StructureError: The operations are those of another setting than the one that is named. A standard symbol may
            stand for the group in any setting.
    """
    candidates = stated.candidates
    numbers = {candidate.number for candidate in candidates or ()} | ({stated.number} if stated.number else set())
    if not numbers or numbers == {None}:
        return None
    if setting.number not in numbers:
        return min(number for number in numbers if number)
    exact = (stated.by_hall,) if stated.by_hall else stated.by_symbol
    if exact and not any(one.is_standard or one.key == setting.key for one in exact):
        raise StructureError(f"the symmetry operations are those of {setting.name}, while {stated.named} is named")
    return None
