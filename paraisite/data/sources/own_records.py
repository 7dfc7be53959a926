"""How the values of a user's own data are read, and how a value with a structure becomes a record."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymatgen.core.structure import Structure

from paraisite.data.record import Record, check_kappa
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, DataError
from paraisite.schema import KAPPA, MATERIAL_ID

UNITS: Final = {"W/m/K": 1.0, "mW/m/K": 1e-3, "W/cm/K": 1e2, "mW/cm/K": 1e-1}
"""Units of conductivity, in W/m/K."""


ID_COLUMNS: Final = (MATERIAL_ID, "id", "name")
TEMPERATURE_COLUMNS: Final = ("temperature", "temperature_kelvin", "temperature_k", "t_k")
UNIT_COLUMNS: Final = ("unit", "units", "kappa_unit", "kappa_units", "kappa_w_per_m_k_unit")
TEMPERATURE_TOLERANCE_KELVIN: Final = 10.0
"""Conductivities fall about as 1/T: room temperature, 293 to 300 K, is one temperature within 3 %."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_TEMPERATURE: Final = re.compile(rf"({_NUMBER.pattern})\s*([°º]?\s*C\b|℃)?", re.ASCII)
_ZERO_CELSIUS: Final = 273.15
_CONDUCTIVITY: Final = re.compile(r"w|btu|cal|erg|j/", re.IGNORECASE)
"""What stands in a unit of conductivity, and hardly in another."""

_WATTS: Final = re.compile(r"(m?)w(c?)m1?k1?")
"""A unit of conductivity without signs between its parts, as WmK of W/(m K) or Wm1K1 of W m^-1 K^-1."""


@dataclass(frozen=True)
class ImportOptions:
    """How values are read.

    Attributes:
        source: Where the data come from, for people; stands with every record.
        table: CSV table of a folder of structure files; None for the only one in the folder.
        column: Column, or extended XYZ's key, with the conductivities.
        unit: Their unit, one of ``UNITS``.
        temperature_kelvin: Which of phono3py's temperatures.
    """

    source: str
    table: Path | None = None
    column: str = KAPPA
    unit: str = "W/m/K"
    temperature_kelvin: float = 300.0

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ConfigError(f"unknown unit {self.unit!r}; known ones are {', '.join(UNITS)}")


Item = tuple[str, Callable[[], Record]]
"""A material's id, and a function that makes its record or raises DataError or StructureError."""


def make_record(
    material_id: str,
    structure: Structure | str,
    values: Mapping[Any, Any],
    options: ImportOptions,
    *,
    prototype: str | None = None,
) -> Record:
    """Return a checked record.

    Args:
        material_id: Its id.
        structure: The crystal, or the reason why there is none.
        values: The row's, by column: the conductivity, and what may stand beside it, its unit and temperature.
        options: How values are read.
        prototype: Structure type.

    Raises:
        DataError: The value is none, or of another unit or temperature, or the structure is the reason why there is
            none.
        StructureError: The structure cannot be used.
    """
    kappa = check_kappa(_number(values[options.column]) * UNITS[options.unit])
    _check_conditions({str(name).strip().lower(): value for name, value in values.items()}, options)
    if isinstance(structure, str):
        raise DataError(structure)
    return Record(material_id, validate_structure(structure), kappa, prototype, options.source)


def is_condition(column: str) -> bool:
    """Return whether a column may hold the unit or the temperature of the values beside it."""
    return column.strip().lower() in (*TEMPERATURE_COLUMNS, *UNIT_COLUMNS)


def check_column(options: ImportOptions) -> None:
    """Compare the unit in a column's name, as "kappa (mW/m/K)", with that in which its values are read.

    Raises:
        DataError: They differ, or the column holds logarithms.
    """
    if re.match(r"(?:log|ln)(?![a-z]*ist)", options.column, re.IGNORECASE):
        raise DataError(f"the column {options.column!r} holds logarithms by its name, expected conductivities")
    for watt in re.finditer(r"(?<![A-Za-z])m?W", options.column):
        if (unit := _unit(options.column[watt.start() :])) is not None and unit != options.unit:
            raise DataError(
                f"the column {options.column!r} is in {unit} by its name, and read in {options.unit}: see --unit"
            )


def _check_conditions(values: Mapping[str, Any], options: ImportOptions) -> None:
    """Raise if what stands beside a value says that it has another unit or temperature than is read."""
    for name in UNIT_COLUMNS:
        text = str(values.get(name) or "").strip()
        if _CONDUCTIVITY.search(text) and (unit := _unit(text)) != options.unit:
            raise DataError(f"the value's unit is {unit or text[:20]!r}, expected {options.unit}: see --unit")
    for name in TEMPERATURE_COLUMNS:
        match = _TEMPERATURE.match(str(values.get(name, "")).strip())
        kelvin = float(match[1]) + (_ZERO_CELSIUS if match[2] else 0.0) if match else options.temperature_kelvin
        if not abs(kelvin - options.temperature_kelvin) <= TEMPERATURE_TOLERANCE_KELVIN:
            raise DataError(f"the value is of {kelvin:g} K, expected one of {options.temperature_kelvin:g} K")


def _unit(text: str) -> str | None:
    """Return the unit of conductivity that a text such as "W/(m K)" or "mW m^-1 K^-1" names, or None."""
    match = _WATTS.fullmatch(re.sub(r"[\s/()\[\].*·⋅^\-−⁻_]|per", "", text.replace("⁻¹", "1").strip().lower()))
    return f"{match[1] and 'm'}W/{match[2] and 'c'}m/K" if match else None


def _number(value: object) -> float:
    """Return a number given as such or as text."""
    text = str(value).strip()
    # Python takes 1_050 for a number, too.
    if isinstance(value, str) and not (_NUMBER.fullmatch(text) or text.lower().lstrip("+-") in ("nan", "inf")):
        raise DataError(f"the value is {value!r}, expected a number")
    try:
        number = float(text)
    except ValueError as error:
        raise DataError(f"the value is {value!r}, expected a number") from error
    if not math.isfinite(number):
        raise DataError(f"the value is {number}, expected a finite number")
    return number


def refuse_record(reason: str) -> Callable[[], Record]:
    """Return what raises the reason why an item makes no record."""

    def make() -> Record:
        raise DataError(reason)

    return make
