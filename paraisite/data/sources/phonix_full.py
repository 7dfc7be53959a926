"""The full Phonix database, as its authors publish it: some 7,000 rows, of which the project's table holds 2,968.

Its columns are read by a mapping that a user can change, because the real files were never seen here: names and forms
are those that programs use which read the authors' files. ``structure`` is what ``ase.Atoms.todict`` gives (atomic
numbers, Cartesian positions and cell in Å), as JSON or as Python writes it; a dictionary of pymatgen's is read, too.

Source: Ohnishi et al., npj Comput. Mater. 12, 150 (2026), 10.1038/s41524-026-02033-w; CC BY 4.0.
"""

import ast
import json
import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.sources.phonix import SOURCE
from paraisite.data.structure_files.pymatgen_documents import read_pymatgen_document
from paraisite.data.structure_labels import label_structure_type
from paraisite.data.validation import build_structure, validate_structure
from paraisite.errors import ConfigError, DataError, StructureError

logger = logging.getLogger(__name__)

HUB_DATASET: Final = "phonix-db/phonix-full"
REVISION: Final = "main"

ID: Final = "id"
KAPPA: Final = "kappa"
STRUCTURE: Final = "structure"
SPACE_GROUP: Final = "space_group"
COLUMNS: Final[Mapping[str, str]] = {
    ID: "mp_id",
    KAPPA: "klat[W/mK]",
    STRUCTURE: "structure",
    SPACE_GROUP: "spg_number",
}
"""Which column of the files holds what; kappa is that of particles and coherences together, at 300 K."""

ENDINGS: Final = (".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz")
"""Forms of tables that are read, the preferred one first."""

_N_SPACE_GROUP: Final = 230

_STRUCTURE_ERRORS: Final = (
    KeyError,
    TypeError,
    ValueError,
    IndexError,
    OverflowError,
    SyntaxError,
    RecursionError,
    MemoryError,
)


def choose_data_files(paths: Iterable[str]) -> list[str]:
    """Return the files that hold the rows: all of the first form of ``ENDINGS`` that there is.

    Raises:
        DataError: There are none.
    """
    known = sorted(paths)
    for ending in ENDINGS:
        if chosen := [path for path in known if path.endswith(ending)]:
            return chosen
    raise DataError(
        f"no table among {', '.join(known) or 'no files'}, expected one that ends with {', '.join(ENDINGS)}"
    )


def map_columns(changes: Mapping[str, str]) -> dict[str, str]:
    """Return ``COLUMNS`` with what a user has changed.

    Raises:
        ConfigError: There is no such field.
    """
    if unknown := sorted(set(changes) - set(COLUMNS)):
        raise ConfigError(f"{unknown[0]!r} is no field of {HUB_DATASET}: expected one of {', '.join(COLUMNS)}")
    return {**COLUMNS, **changes}


def read_phonix_full(
    files: Sequence[Path],
    columns: Mapping[str, str],
    *,
    benchmark_splits: Mapping[str, str],
    suspects: Mapping[str, str],
    on_row: Callable[[int, int], None],
) -> tuple[list[Record], list[Rejection]]:
    """Return the rows of the files; of rows with equal ids the first usable one is kept.

    Args:
        files: Tables, as ``choose_data_files`` found them.
        columns: Which column holds what, as ``map_columns`` returns it.
        benchmark_splits: Test set that a material is in, by its id.
        suspects: What makes a value doubtful, by the material's id.
        on_row: Called with rows read and rows in all.

    Raises:
        DataError: A file cannot be read, or lacks a column.
    """
    tables = [_read(file, columns) for file in files]
    total, n_done = sum(map(len, tables)), 0
    records: dict[str, Record] = {}
    rejections: list[Rejection] = []
    for table in tables:
        for row in table.to_dict("records"):
            n_done += 1
            named = row[columns[ID]]
            material_id = ("" if pd.isna(named) else str(named).strip()) or f"row {n_done}"
            try:
                if reason := suspects.get(material_id):
                    raise DataError(f"doubtful value: {reason}")
                if material_id in records:
                    raise DataError("duplicate id: an earlier row was kept")
                records[material_id] = _build_record(material_id, row, columns, benchmark_splits)
            except (DataError, StructureError) as error:
                rejections.append(Rejection(material_id, str(error)))
            on_row(n_done, total)
    logger.info("%s: %d records, %d rejected", HUB_DATASET, len(records), len(rejections))
    return list(records.values()), rejections


def _build_record(
    material_id: str, row: Mapping[Any, Any], columns: Mapping[str, str], benchmark_splits: Mapping[str, str]
) -> Record:
    kappa, group = _number(row, columns[KAPPA]), _number(row, columns[SPACE_GROUP])
    if not (1 <= group <= _N_SPACE_GROUP and group == int(group)):
        raise DataError(f"space group {group:g}, expected a whole number from 1 to {_N_SPACE_GROUP}")
    structure = parse_structure(row[columns[STRUCTURE]])
    return Record(
        material_id,
        structure,
        check_kappa(kappa),
        label_structure_type(structure),
        SOURCE,
        space_group=int(group),
        benchmark_split=benchmark_splits.get(material_id),
    )


def parse_structure(value: Any) -> Structure:
    """Return the crystal of a cell of the table.

    Args:
        value: What ``ase.Atoms.todict`` or pymatgen's ``Structure.as_dict`` gives, as a dictionary or as text.

    Raises:
        StructureError: It is neither, or no crystal that can be used.
    """
    try:
        content = _parse_text(value) if isinstance(value, str) else value
        if "lattice" in content and "sites" in content:
            return validate_structure(read_pymatgen_document(content))
        numbers, cell, positions = content["numbers"], content["cell"], content["positions"]
        symbols = [Element.from_Z(int(number)).symbol for number in numbers]
        lattice = Lattice([[float(part) for part in vector] for vector in cell])
        coords = lattice.get_fractional_coords([[float(part) for part in position] for position in positions])
        return build_structure(lattice, symbols, coords)
    except _STRUCTURE_ERRORS as error:
        raise StructureError(
            f"no structure as ASE or pymatgen writes it: {type(error).__name__} {str(error)[:100]}"
        ) from error


def _parse_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def _number(row: Mapping[Any, Any], column: str) -> float:
    try:
        value = float(row[column])
    except (TypeError, ValueError) as error:
        raise DataError(f"{column} is {row[column]!r}, expected a number") from error
    if not math.isfinite(value):
        raise DataError(f"{column} is {value}, expected a number")
    return value


def _read(file: Path, columns: Mapping[str, str]) -> pd.DataFrame:
    try:
        if file.name.endswith(".parquet"):
            _check_columns(file, pq.read_schema(file).names, columns)
            return pq.read_table(file, columns=list(columns.values())).to_pandas()
        if file.name.endswith((".csv", ".csv.gz")):
            table = pd.read_csv(file, dtype={columns[ID]: str, columns[STRUCTURE]: str})
        else:
            table = pd.read_json(file, lines=True, dtype=False, precise_float=True)
    except (OSError, ValueError, EOFError, pa.ArrowException) as error:
        raise DataError(f"{file} is no readable table ({error})") from error
    _check_columns(file, [str(name) for name in table], columns)
    return table[list(columns.values())]


def _check_columns(file: Path, names: Sequence[str], columns: Mapping[str, str]) -> None:
    if missing := [(field, column) for field, column in columns.items() if column not in names]:
        field, column = missing[0]
        raise DataError(
            f"{file.name} has no column {column!r} for {field}; it has {', '.join(map(str, names))}: name the right "
            f"one with --column {field}=NAME"
        )
