"""Phonix: accurate conductivities of many structure types, from first principles; also the form of its table.

Of each crystal the table has its id, cell, atoms, structure type, conductivity, the test set of the benchmark that it
is in, and what makes its value doubtful. The rows of test set ``ood_lowkappa_test`` are there because their
conductivity is below 1 W/m/K: ``data.datasets.label_selection`` says what follows from it.

Source: Ohnishi et al., npj Comput. Mater. 12, 150 (2026), 10.1038/s41524-026-02033-w, arXiv 2504.21245 (VASP with
PBEsol, ALAMODE, conductivity of particles and coherences at 300 K); structures of the Materials Project; test sets of
arXiv 2605.11610. All CC BY 4.0.
"""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.composition import Composition
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.record import Record, Rejection, check_kappa
from paraisite.data.sources.fact_table import ID_COLUMN, KAPPA_COLUMN
from paraisite.data.structure_columns import SPECIES
from paraisite.data.structure_labels import order_label
from paraisite.data.validation import build_structure
from paraisite.errors import DataError, MissingInputError, StructureError
from paraisite.schema import BENCHMARK_SPLIT, PROTOTYPE, SPACE_GROUP

NAME: Final = "phonix"
FULL_NAME: Final = "phonix-full"
"""What the full database is called as a data set, once it was fetched."""
FILE_NAME: Final = "phonix.parquet"
SOURCE: Final = "Phonix, Ohnishi et al., npj Comput. Mater. 12, 150 (2026), CC BY 4.0"

CELL: Final = "cell"
"""Column of a, b, c in Å and alpha, beta, gamma in degrees."""
POSITIONS: Final = "positions_fractional"
SUSPECT: Final = "suspect"
"""Column of what makes a value doubtful; empty where nothing does."""

RANDOM_TEST: Final = "random_test"
SPACE_GROUP_TEST: Final = "spacegroup_test"
LOW_KAPPA_TEST: Final = "ood_lowkappa_test"
BENCHMARK_SPLITS: Final = (RANDOM_TEST, SPACE_GROUP_TEST, LOW_KAPPA_TEST)
SELECTED_BY_LABEL: Final = (LOW_KAPPA_TEST,)
"""Test sets whose rows were chosen by their label."""

SCHEMA: Final = pa.schema(
    [
        (ID_COLUMN, pa.string()),
        (SPACE_GROUP, pa.int64()),
        (PROTOTYPE, pa.string()),
        (CELL, pa.list_(pa.float64())),
        (SPECIES, pa.list_(pa.string())),
        (POSITIONS, pa.list_(pa.float64())),
        (KAPPA_COLUMN, pa.float64()),
        (BENCHMARK_SPLIT, pa.string()),
        (SUSPECT, pa.string()),
    ]
)
_ID: Final = re.compile(r"mp-[0-9]+")
_N_SPACE_GROUP: Final = 230


def load_phonix(path: Path) -> tuple[list[Record], list[Rejection]]:
    """Return the materials, and those with a doubtful value or an unusable crystal with the reason.

    Raises:
        MissingInputError: The table is absent.
        DataError: The table breaks its schema.
    """
    records: list[Record] = []
    rejections: list[Rejection] = []
    known: set[str] = set()
    for row in _read(path):
        material_id = str(row[ID_COLUMN])
        _check_row(f"{path} ({material_id})", row, known)
        known.add(material_id)
        try:
            if row[SUSPECT]:
                raise DataError(f"doubtful value: {row[SUSPECT]}")
            records.append(_build_record(material_id, row))
        except (DataError, StructureError) as error:
            rejections.append(Rejection(material_id, str(error)))
    return records, rejections


def load_annotations(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """Return by material the test set of the benchmark that it is in, and what makes its value doubtful.

    Raises:
        MissingInputError: The table is absent.
        DataError: The table breaks its schema.
    """
    rows = _read(path)
    parts, suspects = (
        {str(row[ID_COLUMN]): str(row[column]) for row in rows if row[column]} for column in (BENCHMARK_SPLIT, SUSPECT)
    )
    return parts, suspects


def load_formulas(path: Path) -> frozenset[str]:
    """Return the reduced formulas of all rows, those with a doubtful value among them.

    Raises:
        MissingInputError: The table is absent.
        DataError: It is damaged.
    """
    return frozenset(Composition(Counter(row[SPECIES])).reduced_formula for row in _read(path))


def build_cell(geometry: list[float], species: list[str], positions: list[float]) -> Structure:
    """Return the crystal of one row.

    Args:
        geometry: a, b, c in Å, alpha, beta, gamma in degrees.
        species: Element of each atom.
        positions: Fractional coordinates, [3 n_atom].

    Raises:
        StructureError: It is none that can be used.
    """
    if len(geometry) != 6 or min(geometry) <= 0 or max(geometry[3:]) >= 180:
        raise StructureError(f"{CELL} is {geometry}, expected three lengths and three angles below 180 degrees")
    if len(positions) != 3 * len(species):
        raise StructureError(f"{len(species)} atoms with {len(positions)} coordinates, expected three each")
    triples = [positions[first : first + 3] for first in range(0, len(positions), 3)]
    return build_structure(Lattice.from_parameters(*geometry), species, triples)


def _build_record(material_id: str, row: dict[str, Any]) -> Record:
    part = row[BENCHMARK_SPLIT] or None
    return Record(
        material_id,
        build_cell(row[CELL], row[SPECIES], row[POSITIONS]),
        check_kappa(row[KAPPA_COLUMN]),
        order_label(row[PROTOTYPE]) if row[PROTOTYPE] else None,
        SOURCE,
        space_group=row[SPACE_GROUP],
        benchmark_split=part,
        selected_by_label=part in SELECTED_BY_LABEL,
    )


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise MissingInputError(f"{path} not found: get the project's own tables with `dvc pull data.dvc`") from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged ({error}): get it anew with `dvc pull --force data.dvc`") from error
    if not table.schema.equals(SCHEMA):
        raise DataError(f"{path}: columns are {', '.join(table.schema.names)}, expected {', '.join(SCHEMA.names)}")
    if any(column.null_count for column in table.columns):
        raise DataError(f"{path}: a value is missing, expected all")
    if not table.num_rows:
        raise DataError(f"{path}: no rows")
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def _check_row(where: str, row: dict[str, Any], known: set[str]) -> None:
    """Check what the table promises of every row, be its value doubtful or not."""
    if not _ID.fullmatch(row[ID_COLUMN]):
        raise DataError(f"{where}: {ID_COLUMN} is {row[ID_COLUMN]!r}, expected a form like mp-1234")
    if row[ID_COLUMN] in known:
        raise DataError(f"{where}: duplicate id")
    if not 1 <= row[SPACE_GROUP] <= _N_SPACE_GROUP:
        raise DataError(f"{where}: {SPACE_GROUP} is {row[SPACE_GROUP]}, expected 1 to {_N_SPACE_GROUP}")
    if row[BENCHMARK_SPLIT] not in (*BENCHMARK_SPLITS, ""):
        raise DataError(
            f"{where}: {BENCHMARK_SPLIT} is {row[BENCHMARK_SPLIT]!r}, expected nothing or one of "
            f"{', '.join(BENCHMARK_SPLITS)}"
        )
