"""Crystal structures as columns of a parquet table, one list per material."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

LATTICE: Final = "lattice_angstrom"
SPECIES: Final = "species"
FRACTIONAL: Final = "fractional_coordinates"
STRUCTURE_SCHEMA: Final = pa.schema(
    [(LATTICE, pa.list_(pa.float64())), (SPECIES, pa.list_(pa.string())), (FRACTIONAL, pa.list_(pa.float64()))]
)


def element_symbols(structure: Structure) -> list[str]:
    """Return each atom's element symbol; oxidation states play no part in this project."""
    return [site.specie.symbol for site in structure]


def append_structure_columns(table: pa.Table, structures: Sequence[Structure | None]) -> pa.Table:
    """Return the table with the columns of ``STRUCTURE_SCHEMA``; lists are empty where there is no structure."""
    columns: tuple[list[Any], ...] = (
        [[] if structure is None else structure.lattice.matrix.ravel() for structure in structures],
        [[] if structure is None else element_symbols(structure) for structure in structures],
        [[] if structure is None else structure.frac_coords.ravel() for structure in structures],
    )
    for field, column in zip(STRUCTURE_SCHEMA, columns, strict=True):
        table = table.append_column(field, pa.array(column, type=field.type))
    return table


def read_structure_columns(table: pa.Table) -> tuple[Structure, ...]:
    """Return the structures of a table in which every row has one."""
    lattices, species, coords = (table.column(name).to_pylist() for name in STRUCTURE_SCHEMA.names)
    return tuple(
        Structure(Lattice(np.reshape(lattice, (3, 3))), names, np.reshape(coord, (-1, 3)))
        for lattice, names, coord in zip(lattices, species, coords, strict=True)
    )
