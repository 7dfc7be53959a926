"""Togo15: 95 rocksalt, wurtzite and zinc-blende compounds with first-principles conductivities.

Source: Togo, Chaput, Tanaka, PRB 91, 094306 (2015), 10.1103/PhysRevB.91.094306, and phonondb.
"""

from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.data import structure_types
from paraisite.data.record import Record
from paraisite.data.sources.fact_table import ID_COLUMN, KAPPA_COLUMN, FactRow, read_fact_table
from paraisite.errors import StructureError

FILE_NAME: Final = "togo15.csv"
SOURCE: Final = "Togo et al., PRB 91, 094306 (2015), and phonondb"
COLUMNS: Final = (ID_COLUMN, "cation", "anion", "prototype", "a_angstrom", "c_angstrom", "u", KAPPA_COLUMN)
PROTOTYPES: Final = (structure_types.ROCKSALT, structure_types.WURTZITE, structure_types.ZINCBLENDE)

# An ideal wurtzite has c/a = 1.633 and u = 3/8 (or 5/8, the same crystal with its polar axis turned round).
MIN_AXIAL_RATIO: Final = 1.5
MAX_AXIAL_RATIO: Final = 1.75
IDEAL_U: Final = (0.375, 0.625)
U_TOLERANCE: Final = 0.02


def load_togo15(path: Path) -> list[Record]:
    """Return the 95 materials as primitive cells.

    Raises:
        MissingInputError: The table is absent.
        DataError: The table breaks its schema.
    """
    return [
        Record(row.material_id, _structure(row), row.kappa_w_per_m_k(), row.cells["prototype"], SOURCE)
        for row in read_fact_table(path, COLUMNS)
    ]


def _structure(row: FactRow) -> Structure:
    cation, anion = row.element("cation"), row.element("anion")
    if cation == anion:
        raise row.fail(f"cation and anion are both {cation}")
    a = row.lattice_constant_angstrom("a_angstrom")
    try:
        match row.cells["prototype"]:
            case structure_types.ROCKSALT:
                _check_cubic(row)
                return structure_types.rocksalt(cation, anion, a_angstrom=a)
            case structure_types.ZINCBLENDE:
                _check_cubic(row)
                return structure_types.zincblende(cation, anion, a_angstrom=a)
            case structure_types.WURTZITE:
                return structure_types.wurtzite(
                    cation, anion, a_angstrom=a, c_angstrom=_wurtzite_c(row, a), u=_wurtzite_u(row)
                )
            case other:
                raise row.fail(f"prototype is {other!r}, expected one of {', '.join(PROTOTYPES)}")
    except StructureError as error:
        raise row.fail(str(error)) from error


def _check_cubic(row: FactRow) -> None:
    for column in ("c_angstrom", "u"):
        if row.cells[column]:
            raise row.fail(f"{column} is {row.cells[column]}, expected empty: {row.cells['prototype']} is cubic")


def _wurtzite_c(row: FactRow, a_angstrom: float) -> float:
    c = row.lattice_constant_angstrom("c_angstrom")
    if not MIN_AXIAL_RATIO < c / a_angstrom < MAX_AXIAL_RATIO:
        raise row.fail(f"c/a is {c / a_angstrom:.3f}, expected between {MIN_AXIAL_RATIO} and {MAX_AXIAL_RATIO}")
    return c


def _wurtzite_u(row: FactRow) -> float:
    u = row.number("u", low=0.0, high=1.0)
    if min(abs(u - ideal) for ideal in IDEAL_U) > U_TOLERANCE:
        raise row.fail(f"u is {u}, expected within {U_TOLERANCE} of 0.375 or 0.625")
    return u
