"""Textbook crystals: well-known compounds of many structure types with conductivities from the literature.

They are looked at, never trained on, and nothing is tuned to them. A conductivity is that at about 300 K, in an
anisotropic crystal the mean of the tensor's three diagonal elements. Most are measured, on crystals with natural
isotopes and with defects, which lower it, where the models are fitted to computed conductivities of perfect crystals: a
factor of 1.3 between the two is common.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.errors import DataError

TABLE: Final = Path(__file__).with_name("textbook_crystals.csv")
MEASURED: Final = "measured"
COMPUTED: Final = "computed"

_COLUMNS: Final = [
    "name",
    "formula",
    "structure_type",
    "space_group",
    "cell",
    "sites",
    "density_g_per_cm3",
    "kappa_w_per_m_k",
    "along",
    "how",
    "sample",
    "source",
    "compared",
]
_FIRST_ORIGIN: Final = {227: "Fd-3m"}
"""Space groups whose sites are given for the first of two origins, by the symbol that pymatgen takes for it."""


@dataclass(frozen=True, eq=False)
class TextbookCrystal:
    """A crystal with a conductivity from the literature.

    Attributes:
        name: For people.
        formula: As it is usually written.
        structure_type: For people.
        space_group: Its number.
        structure: Conventional cell, from lattice constants and sites at room temperature.
        density_g_per_cm3: As handbooks state it, from no lattice constant.
        kappa_w_per_m_k: Thermal conductivity at about 300 K, W/m/K, mean over three directions.
        along: Its components, where the crystal is anisotropic and the source tells them.
        how: "measured" or "computed".
        sample: What was measured or how it was computed.
        source: Citation.
        compared: Whether the value was compared with the source's own abstract; the others are as the source is
            usually quoted.
    """

    name: str
    formula: str
    structure_type: str
    space_group: int
    structure: Structure
    density_g_per_cm3: float
    kappa_w_per_m_k: float
    along: str
    how: str
    sample: str
    source: str
    compared: bool


def load_textbook_crystals(path: Path = TABLE) -> list[TextbookCrystal]:
    """Return the crystals of the table, in its order.

    Raises:
        DataError: The table breaks its schema.
    """
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if reader.fieldnames != _COLUMNS:
            raise DataError(f"{path}: expected columns {', '.join(_COLUMNS)}, found {reader.fieldnames}")
        return [_read_row(row, where=f"{path.name}, line {reader.line_num}") for row in reader]


def _read_row(row: Mapping[str, str], *, where: str) -> TextbookCrystal:
    try:
        space_group, kappa = int(row["space_group"]), float(row["kappa_w_per_m_k"])
        if not kappa > 0 or row["how"] not in (MEASURED, COMPUTED):
            raise ValueError(f"{kappa:g} W/m/K, {row['how']!r}")
        return TextbookCrystal(
            name=row["name"],
            formula=row["formula"],
            structure_type=row["structure_type"],
            space_group=space_group,
            structure=_build(row["cell"], row["sites"], space_group),
            density_g_per_cm3=float(row["density_g_per_cm3"]),
            kappa_w_per_m_k=kappa,
            along=row["along"],
            how=row["how"],
            sample=row["sample"],
            source=row["source"],
            compared=row["compared"] == "yes",
        )
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: no textbook crystal ({error})") from error


def _build(cell: str, sites: str, space_group: int) -> Structure:
    """Return the conventional cell.

    Args:
        cell: a, b, c in Å, then the angles in degrees.
        sites: Element and fractional coordinates of each site, e.g. "Na 0 0 0; Cl 1/2 1/2 1/2".
        space_group: Its number; the sites are given for the setting of the International Tables, b unique, hexagonal.
    """
    words = [site.split() for site in sites.split(";")]
    return Structure.from_spacegroup(
        _FIRST_ORIGIN.get(space_group, space_group),
        Lattice.from_parameters(*map(float, cell.split())),
        [element for element, *_ in words],
        [[float(Fraction(number)) for number in numbers] for _, *numbers in words],
        tol=1e-3,
    )
