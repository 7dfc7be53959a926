"""The user's own data: structure files with a table of values, phono3py's results, or a parquet table, as records.

Whatever is wrong with one material becomes a rejection; only what leaves nothing to read is an error.
"""

import json
import math
import reprlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.sources.phono3py_files import has_kappa, read_cell, read_kappa, result_folders
from paraisite.data.structure_columns import STRUCTURE_SCHEMA, structures_of
from paraisite.data.structure_files import EXTENDED_XYZ_SUFFIXES, read_frames, read_structure, structure_files
from paraisite.data.validation import validate_structure
from paraisite.errors import ConfigError, DataError, MissingInputError, StructureError
from paraisite.schema import KAPPA, MATERIAL_ID, PROTOTYPE

UNITS: Final = {"W/m/K": 1.0, "mW/m/K": 1e-3, "W/cm/K": 1e2, "mW/cm/K": 1e-1}
"""Units of conductivity, in W/m/K."""

FILE_COLUMNS: Final = ("file", "filename", "path")
ID_COLUMNS: Final = (MATERIAL_ID, "id", "name")
STRUCTURE_COLUMN: Final = "structure"


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
"""A material's id, and what makes its record or raises DataError or StructureError."""


class ComputeKappa(Protocol):
    """Computes a conductivity from a folder with forces."""

    def __call__(self, folder: Path, *, temperature_kelvin: float) -> tuple[float, str]:
        """Return the conductivity in W/m/K and how it was computed, for people, or raise DataError."""
        ...


def load_own(
    path: Path,
    options: ImportOptions,
    *,
    compute_kappa: ComputeKappa,
    on_row: Callable[[int], None] | None = None,
) -> tuple[list[Record], list[Rejection]]:
    """Return the records of a folder or file, and what was rejected; of equal ids the first is kept.

    Args:
        path: A parquet table; an extended XYZ file; a folder of phono3py's results, one crystal per folder; or a
            folder of structure files.
        options: How values are read.
        compute_kappa: For a folder of phono3py's forces without a conductivity.
        on_row: Called with the number of rows so far.

    Raises:
        MissingInputError: There is no such path.
        DataError: Nothing in it can be read as one of these.
    """
    if not path.exists():
        raise MissingInputError(f"{path} not found: expected a folder, a parquet table or an extended XYZ file")
    records: dict[str, Record] = {}
    rejections: list[Rejection] = []
    for material_id, make in _items(path, options, compute_kappa):
        try:
            if material_id in records:
                raise DataError("duplicate id: an earlier row was kept")
            records[material_id] = make()
        except (DataError, StructureError) as error:
            rejections.append(Rejection(material_id, str(error)))
        if on_row:
            on_row(len(records) + len(rejections))
    return list(records.values()), rejections


def _items(path: Path, options: ImportOptions, compute_kappa: ComputeKappa) -> Iterator[Item]:
    if path.is_dir():
        if folders := result_folders(path):
            return _phono3py_items(path, folders, options, compute_kappa)
        return _file_items(path, options)
    if path.suffix == ".parquet":
        return _table_items(path, options)
    if path.suffix in EXTENDED_XYZ_SUFFIXES:
        return _frame_items(path, options)
    raise DataError(f"{path}: expected a folder, or a file whose name ends in .parquet, .extxyz or .xyz")


def _record(material_id: str, structure: Structure | str, value: object, options: ImportOptions, **more: Any) -> Record:
    """Return a checked record.

    Raises:
        DataError: The value is none, or the structure is the reason why there is none.
        StructureError: The structure cannot be used.
    """
    kappa = check_kappa(_number(value) * UNITS[options.unit])
    if isinstance(structure, str):
        raise DataError(structure)
    return Record(material_id, validate_structure(structure), kappa, more.get("prototype"), options.source)


def _number(value: object) -> float:
    """Return a number given as such or as text."""
    try:
        number = float(str(value))
    except ValueError as error:
        raise DataError(f"the value is {value!r}, expected a number") from error
    if not math.isfinite(number):
        raise DataError(f"the value is {number}, expected a finite number")
    return number


def _phono3py_items(
    path: Path, folders: list[Path], options: ImportOptions, compute_kappa: ComputeKappa
) -> Iterator[Item]:
    for folder in folders:
        material_id = path.resolve().name if folder == path else folder.relative_to(path).as_posix()

        def make(folder: Path = folder, material_id: str = material_id) -> Record:
            find = read_kappa if has_kappa(folder) else compute_kappa
            kappa, where = find(folder, temperature_kelvin=options.temperature_kelvin)
            structure = validate_structure(read_cell(folder))
            # phono3py writes W/m/K: the unit of tables does not apply.
            return Record(material_id, structure, check_kappa(kappa), None, f"{options.source} ({where})")

        yield material_id, make


def _file_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield one item per line of the table, then those files that no line names."""
    table, unreadable = _read_values(path, options)
    for line in unreadable:
        yield reprlib.repr(",".join(line)), _refuse(f"a line of {len(line)} cells, expected {len(table.columns)}")
    file_column = next((name for name in FILE_COLUMNS if name in table), None)
    id_column = next((name for name in ID_COLUMNS if name in table), None)
    if file_column is None and id_column is None:
        found = ", ".join(table.columns)
        raise DataError(
            f"the table of values has the columns {found}, expected one of {', '.join(FILE_COLUMNS)} "
            f"or, for files named after their ids, {', '.join(ID_COLUMNS)}"
        )
    files = {file.name: file for file in [*structure_files(path), *extended_xyz_files(path)]}
    by_stem = {file.stem: file for file in files.values()}
    named: set[Path] = set()
    for number, row in enumerate(table.to_dict("records"), start=1):
        text = str(row[file_column or id_column]).strip()
        file = files.get(text) or by_stem.get(text) or path / text
        named.add(file)
        material_id = (str(row[id_column]).strip() if id_column else "") or text or f"row {number}"

        def make(row: dict[Any, Any] = row, file: Path = file, material_id: str = material_id) -> Record:
            value, prototype = row[options.column], str(row.get(PROTOTYPE, "")).strip() or None
            return _record(material_id, _read_one(file), value, options, prototype=prototype)

        yield material_id, make
    for file in files.values():
        if file not in named:
            yield file.name, _refuse("no line of the table of values names this file")


def _refuse(reason: str) -> Callable[[], Record]:
    def make() -> Record:
        raise DataError(reason)

    return make


def extended_xyz_files(path: Path) -> list[Path]:
    """Return the extended XYZ files of a folder, in order of their names."""
    return sorted(file for suffix in EXTENDED_XYZ_SUFFIXES for file in path.glob(f"*{suffix}"))


def _read_one(file: Path) -> Structure | str:
    if file.suffix not in EXTENDED_XYZ_SUFFIXES:
        return read_structure(file)
    frames = [frame for _, frame in read_frames(file)]
    return frames[0] if len(frames) == 1 else f"holds {len(frames)} crystals, expected one: import the file by itself"


def _read_values(path: Path, options: ImportOptions) -> tuple[pd.DataFrame, list[list[str]]]:
    """Return the table as text, so that a bad cell costs its own line only, and the lines with too many cells."""
    file = options.table
    if file is None:
        found = sorted(path.glob("*.csv"))
        if len(found) != 1:
            raise DataError(f"{path} holds {len(found)} CSV tables, expected one: name it with --values")
        file = found[0]
    unreadable: list[list[str]] = []
    try:
        table = pd.read_csv(
            file,
            dtype=str,
            keep_default_na=False,
            encoding="utf-8-sig",
            skipinitialspace=True,
            index_col=False,
            engine="python",  # the other one has no say in bad lines
            on_bad_lines=unreadable.append,
        ).fillna("")
    except FileNotFoundError as error:
        raise MissingInputError(f"{file} not found: expected a CSV table of values") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{file} is not UTF-8 text ({error}): save it with that encoding") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is no readable CSV table: {error}") from error
    table.columns = table.columns.str.strip()
    if options.column not in table:
        raise DataError(
            f"{file} has no column {options.column!r}, but {', '.join(table.columns)}: name it with --column"
        )
    return table, unreadable


def _frame_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    for number, (facts, structure) in enumerate(read_frames(path), start=1):
        names = (facts.get(name) for name in ID_COLUMNS)
        material_id = next((str(name) for name in names if name is not None), f"{path.name} {number}")

        def make(
            material_id: str = material_id,
            facts: dict[str, object] = facts,
            structure: Structure | str = structure,
        ) -> Record:
            if isinstance(structure, str):
                raise DataError(structure)
            if options.column not in facts:
                raise DataError(f"no {options.column}, but {', '.join(facts) or 'nothing'}: name it with --column")
            return _record(material_id, structure, facts[options.column], options)

        yield material_id, make


def _table_items(path: Path, options: ImportOptions) -> Iterator[Item]:
    """Yield the rows of a parquet table: structures as this project writes them, or as text that pymatgen reads."""
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is no readable parquet table: {error}") from error
    if options.column not in table.column_names:
        raise DataError(f"{path} has no column {options.column!r}, but {', '.join(table.column_names)}: see --column")
    as_lists = set(STRUCTURE_SCHEMA.names) <= set(table.column_names)
    if not as_lists and STRUCTURE_COLUMN not in table.column_names:
        raise DataError(
            f"{path} has neither the columns {', '.join(STRUCTURE_SCHEMA.names)} nor {STRUCTURE_COLUMN!r} "
            "(pymatgen's JSON, a CIF or a POSCAR as text)"
        )
    id_column = next((name for name in ID_COLUMNS if name in table.column_names), None)
    for number in range(table.num_rows):
        row = table.slice(number, 1)
        values = row.drop_columns([name for name in STRUCTURE_SCHEMA.names if name in row.column_names]).to_pylist()[0]
        material_id = str((values[id_column] if id_column else None) or f"row {number + 1}")

        def make(row: pa.Table = row, values: dict[str, Any] = values, material_id: str = material_id) -> Record:
            structure = _structure_from_lists(row) if as_lists else structure_from_text(values[STRUCTURE_COLUMN])
            prototype = values.get(PROTOTYPE)
            return _record(material_id, structure, values[options.column], options, prototype=prototype or None)

        yield material_id, make


def _structure_from_lists(row: pa.Table) -> Structure | str:
    try:
        return structures_of(row)[0]
    except (ValueError, TypeError, IndexError, KeyError) as error:
        return f"the columns {', '.join(STRUCTURE_SCHEMA.names)} make no crystal: {error}"


def structure_from_text(text: object) -> Structure | str:
    """Return the structure of pymatgen's dictionary or JSON, or of a CIF's or POSCAR's text, or why there is none."""
    if isinstance(text, dict):
        try:
            return Structure.from_dict(text)
        except Exception as error:  # pymatgen raises almost any exception on what is no structure
            return f"no structure as pymatgen writes it: {type(error).__name__} {error}"
    content = str(text)
    kind: Literal["json", "cif", "poscar"] = (
        "json" if content.lstrip().startswith("{") else "cif" if "_cell_length_a" in content else "poscar"
    )
    try:
        # Python's own reader takes NaN, so that it is the crystal that is refused, with the reason that all give.
        return Structure.from_dict(json.loads(content)) if kind == "json" else Structure.from_str(content, fmt=kind)
    except Exception as error:  # as above
        return f"not a readable {kind}: {' '.join(str(error).split())[:200] or type(error).__name__}"
