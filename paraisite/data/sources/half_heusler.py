"""HH143: 143 half-Heusler compounds with first-principles conductivities.

Source: Miyazaki et al., Sci. Rep. 11, 13410 (2021), 10.1038/s41598-021-92030-4.
"""

from pathlib import Path
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.data.record import Record
from paraisite.data.sources.fact_table import ID_COLUMN, KAPPA_COLUMN, FactRow, read_fact_table
from paraisite.data.structure_types import HALF_HEUSLER, half_heusler
from paraisite.errors import StructureError

FILE_NAME: Final = "hh143.csv"
SOURCE: Final = "Miyazaki et al., Sci. Rep. 11, 13410 (2021)"
SITES: Final = ("site_4a", "site_4b", "site_4c")
COLUMNS: Final = (ID_COLUMN, *SITES, "a_angstrom", KAPPA_COLUMN)


def load_half_heusler(path: Path) -> list[Record]:
    """Return the 143 materials as primitive cells.

    Raises:
        MissingInputError: The table is absent.
        DataError: The table breaks its schema.
    """
    return [
        Record(row.material_id, _structure(row), row.kappa_w_per_m_k(), HALF_HEUSLER, SOURCE)
        for row in read_fact_table(path, COLUMNS)
    ]


def _structure(row: FactRow) -> Structure:
    site_4a, site_4b, site_4c = (row.element(site) for site in SITES)
    if len({site_4a, site_4b, site_4c}) < len(SITES):
        raise row.fail(f"sites hold {site_4a}, {site_4b}, {site_4c}, expected three different elements")
    try:
        return half_heusler(site_4a, site_4b, site_4c, a_angstrom=row.lattice_constant_angstrom("a_angstrom"))
    except StructureError as error:
        raise row.fail(str(error)) from error
