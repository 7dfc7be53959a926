"""Reads this project's own CSV tables strictly: they ship with the project, so any flaw is an error."""

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from paraisite.data.record import MAX_KAPPA_W_PER_M_K
from paraisite.data.validation import check_element
from paraisite.errors import DataError, MissingInputError, StructureError

ID_COLUMN: Final = "mp_id"
KAPPA_COLUMN: Final = "kappa_w_per_m_k"
MIN_LATTICE_CONSTANT_ANGSTROM: Final = 2.0
MAX_LATTICE_CONSTANT_ANGSTROM: Final = 12.0
_ID_PATTERN: Final = re.compile(r"mp-[0-9]+")


@dataclass(frozen=True)
class FactRow:
    """One line of a table.

    Attributes:
        where: File, line and id, for messages.
        cells: Text by column name.
    """

    where: str
    cells: dict[str, str]

    @property
    def material_id(self) -> str:
        """The row's Materials Project id."""
        return self.cells[ID_COLUMN]

    def fail(self, message: str) -> DataError:
        """Return the error that names this row."""
        return DataError(f"{self.where}: {message}")

    def element(self, column: str) -> str:
        """Return the element symbol in ``column``.

        Raises:
            DataError: It is not one.
        """
        try:
            return check_element(self.cells[column])
        except StructureError as error:
            raise self.fail(f"{column}: {error}") from error

    def number(self, column: str, *, low: float, high: float) -> float:
        """Return the number in ``column``.

        Raises:
            DataError: It is no number, not above ``low``, or above ``high``.
        """
        text = self.cells[column]
        try:
            value = float(text)
        except ValueError as error:
            raise self.fail(f"{column} is {text!r}, expected a number") from error
        if not (math.isfinite(value) and low < value <= high):
            raise self.fail(f"{column} is {text}, expected more than {low:g} and at most {high:g}")
        return value

    def kappa_w_per_m_k(self) -> float:
        """Return the thermal conductivity, W/m/K."""
        return self.number(KAPPA_COLUMN, low=0.0, high=MAX_KAPPA_W_PER_M_K)

    def lattice_constant_angstrom(self, column: str) -> float:
        """Return a lattice constant, Å."""
        return self.number(column, low=MIN_LATTICE_CONSTANT_ANGSTROM, high=MAX_LATTICE_CONSTANT_ANGSTROM)


def read_fact_table(path: Path, columns: Sequence[str]) -> list[FactRow]:
    """Return the rows of a CSV table with exactly these columns, ids checked.

    Raises:
        MissingInputError: The file is absent.
        DataError: It is not UTF-8 CSV, has other columns, a short or long line, no rows, or an id that is malformed
            or used twice.
    """
    lines = _read_lines(path)
    if not lines or lines[0][1] != list(columns):
        header = ",".join(lines[0][1]) if lines else "nothing"
        raise DataError(f"{path}: columns are {header}, expected {','.join(columns)}")
    if len(lines) == 1:
        raise DataError(f"{path}: no rows below the header")
    rows: list[FactRow] = []
    first_use: dict[str, str] = {}
    for number, cells in lines[1:]:
        row = _check_row(f"{path} line {number}", cells, columns)
        if row.material_id in first_use:
            raise row.fail(f"duplicate id, already used in {first_use[row.material_id]}")
        first_use[row.material_id] = row.where
        rows.append(row)
    return rows


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """Return (line number, stripped cells) of every line that is not blank."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, [cell.strip() for cell in line]) for line in reader if any(line)]
    except FileNotFoundError as error:
        raise MissingInputError(f"{path} not found: get the project's own tables with `dvc pull data.dvc`") from error
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise DataError(f"{path} is not a CSV table in UTF-8: {error}") from error


def _check_row(where: str, cells: Sequence[str], columns: Sequence[str]) -> FactRow:
    if len(cells) != len(columns):
        raise DataError(f"{where}: {len(cells)} cells, expected {len(columns)}")
    values = dict(zip(columns, cells, strict=True))
    if not _ID_PATTERN.fullmatch(values[ID_COLUMN]):
        raise DataError(f"{where}: {ID_COLUMN} is {values[ID_COLUMN]!r}, expected a form like mp-1234")
    return FactRow(where=f"{where} ({values[ID_COLUMN]})", cells=values)
