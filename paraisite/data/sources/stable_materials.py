"""The snapshot of the Materials Project's stable materials: documents in, validated tables out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.record import Rejection
from paraisite.data.snapshot import MATERIALS_FILE, REJECTED_FILE, Snapshot, write_tables
from paraisite.data.structure_columns import append_structure_columns, read_structure_columns
from paraisite.data.structure_files.formulas import parse_formula
from paraisite.data.structure_files.json_documents import STRUCTURE, crystal_of_document
from paraisite.data.structure_files.stated_facts import StatedFacts, check_stated
from paraisite.data.validation import validate_structure
from paraisite.errors import DataError, StructureError
from paraisite.schema import FORMULA, MATERIAL_ID, REASON


@dataclass(frozen=True, eq=False)
class StableMaterials:
    """What a snapshot holds.

    Attributes:
        table: One row per material: material_id, formula, and the descriptors; missing numbers are NaN, flags None.
        structures: Of each row.
        rejected: What was refused: material_id, reason.
    """

    table: pd.DataFrame
    structures: tuple[Structure, ...]
    rejected: pd.DataFrame


def write_stable_materials(
    folder: Path, documents: Iterable[dict[str, Any]], *, query: str, database_version: str
) -> Snapshot:
    """Write the usable documents as a table, the others with their reasons as another.

    Args:
        folder: Of the snapshot.
        documents: As the Materials Project gives them, with ``NUMBERS``, ``FLAGS`` and a structure; one whose formula,
            number of sites or volume is not its structure's is rejected, and so is one that is deprecated.
        query: What was asked, for people.
        database_version: As the Materials Project names it.

    Raises:
        DataError: No document is usable, or the folder cannot be written.
    """
    rows: dict[str, dict[str, Any]] = {}
    structures: list[Structure] = []
    rejections: list[Rejection] = []
    for number, document in enumerate(documents, start=1):
        material_id = str(document.get(MATERIAL_ID) or f"document {number}")
        try:
            if material_id in rows:
                raise DataError("duplicate id: an earlier row was kept")
            structure, row = _parse(document)
        except (DataError, StructureError) as error:
            rejections.append(Rejection(material_id, str(error)))
            continue
        rows[material_id] = {MATERIAL_ID: material_id, FORMULA: structure.composition.reduced_formula} | row
        structures.append(structure)
    if not rows:
        raise DataError(f"no usable material of {len(rejections)}, the first: {rejections[0].reason}")
    schema = pa.schema(
        [
            pa.field(MATERIAL_ID, pa.string()),
            pa.field(FORMULA, pa.string()),
            *(pa.field(name, pa.float64(), metadata={"unit": unit}) for name, unit in NUMBERS.items()),
            *(pa.field(name, pa.bool_()) for name in FLAGS),
        ]
    )
    materials = append_structure_columns(pa.Table.from_pylist(list(rows.values()), schema=schema), structures)
    rejected = pa.table(
        {MATERIAL_ID: [item.material_id for item in rejections], REASON: [item.reason for item in rejections]},
        schema=pa.schema([(MATERIAL_ID, pa.string()), (REASON, pa.string())]),
    )
    tables = {REJECTED_FILE: rejected, MATERIALS_FILE: materials}
    return write_tables(folder, tables, MATERIALS_FILE, source=SOURCE, query=query, database_version=database_version)


def _parse(document: dict[str, Any]) -> tuple[Structure, dict[str, Any]]:
    if document.get("is_stable") is False:
        raise DataError("not stable, expected stable materials only")
    if document.get(DEPRECATED):
        raise DataError("the Materials Project marks it as deprecated")
    row = {name: _number(document.get(name), name) for name in NUMBERS}
    structure = document.get(STRUCTURE)
    crystal = (
        CrystalArrays.from_structures([structure])
        if isinstance(structure, Structure)
        else crystal_of_document({STRUCTURE: structure})
    )
    if isinstance(crystal, str):
        raise StructureError(crystal)
    checked = validate_structure(crystal)
    formula = document.get(FORMULA_PRETTY)
    check_stated(
        crystal,
        StatedFacts(
            formula=parse_formula(formula) if isinstance(formula, str) else None,
            n_atom=row["nsites"],
            volume_cubic_angstrom=row["volume"],
        ),
    )
    return checked, row | {name: _flag(document.get(name), name) for name in FLAGS}


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise DataError(f"{name} is {value!r}, expected a finite number")
    return float(value)


def _flag(value: Any, name: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise DataError(f"{name} is {value!r}, expected true or false")


def load_stable_materials(folder: Path) -> StableMaterials:
    """Return what a snapshot holds.

    Raises:
        MissingInputError: There is none.
        DataError: It is damaged.
    """
    Snapshot.load(folder)
    try:
        materials, rejected = pq.read_table(folder / MATERIALS_FILE), pq.read_table(folder / REJECTED_FILE)
        table = materials.select([MATERIAL_ID, FORMULA, *NUMBERS, *FLAGS]).to_pandas()
        return StableMaterials(
            table, read_structure_columns(materials), rejected.select([MATERIAL_ID, REASON]).to_pandas()
        )
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise DataError(f"{folder} holds no readable snapshot ({error}): fetch it anew") from error


SOURCE: Final = "Materials Project"
FORMULA_PRETTY: Final = "formula_pretty"
DEPRECATED: Final = "deprecated"


NUMBERS: Final = {
    "energy_per_atom": "eV/atom",
    "formation_energy_per_atom": "eV/atom",
    "uncorrected_energy_per_atom": "eV/atom",
    "volume": "Å³",
    "nsites": "",
    "nelements": "",
    "density": "g/cm³",
    "density_atomic": "Å³/atom",  # volume per atom, whatever the name says
    "band_gap": "eV",
}
"""Descriptors that are numbers, by their names in the Materials Project, with their units."""


FLAGS: Final = ("is_gap_direct", "is_stable", "theoretical")
"""Descriptors that are true or false."""
