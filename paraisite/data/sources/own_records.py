"""How the values of a user's own data are read, and how a value with a structure becomes a record."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.data.record import Record, check_kappa
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, DataError
from paraisite.schema import KAPPA, MATERIAL_ID

UNITS: Final = {"W/m/K": 1.0, "mW/m/K": 1e-3, "W/cm/K": 1e2, "mW/cm/K": 1e-1}
"""Units of conductivity, in W/m/K."""


ID_COLUMNS: Final = (MATERIAL_ID, "id", "name")


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
    material_id: str, structure: Structure | str, value: object, options: ImportOptions, *, prototype: str | None = None
) -> Record:
    """Return a checked record.

    Raises:
        DataError: The value is none, or the structure is the reason why there is none.
        StructureError: The structure cannot be used.
    """
    kappa = check_kappa(_number(value) * UNITS[options.unit])
    if isinstance(structure, str):
        raise DataError(structure)
    return Record(material_id, validate_structure(structure), kappa, prototype, options.source)


def _number(value: object) -> float:
    """Return a number given as such or as text."""
    try:
        number = float(str(value))
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
