"""Physical descriptors that a structure alone gives, for models that need no graph.

What is known to set a conductivity: how heavy the atoms are and how different, how far apart, how many in the primitive
cell, how ionic their bonds. Elements' own properties are those of pymatgen's periodic table.
"""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.errors import StructureError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Descriptor:
    """One number that describes a crystal.

    Attributes:
        name: Column.
        unit: Unit as text; empty for a number without one.
        meaning: One sentence.
    """

    name: str
    unit: str
    meaning: str


PHYSICAL: Final = (
    Descriptor("log10_mean_mass", "log10(u)", "Mean mass of the atoms."),
    Descriptor("log10_lightest_mass", "log10(u)", "Mass of the lightest element."),
    Descriptor("log10_heaviest_mass", "log10(u)", "Mass of the heaviest element."),
    Descriptor("log10_volume_per_atom", "log10(Å³)", "Volume per atom."),
    Descriptor("log10_nearest_distance", "log10(Å)", "Shortest distance between two atoms, periodic images included."),
    Descriptor("log10_atoms_in_primitive_cell", "", "Number of atoms in the primitive cell."),
    Descriptor("mean_electronegativity", "", "Mean of Pauling's electronegativity over the atoms."),
    Descriptor("electronegativity_range", "", "Largest difference of it between two elements."),
    Descriptor("neighbours", "", "Mean number of atoms within 1.15 times an atom's shortest distance."),
)
"""Of a crystal as a whole."""

_SHELL: Final = 1.15
_SEARCH_ANGSTROM: Final = (4.0, 8.0, 16.0)

ELEMENT_PROPERTIES: Final = ("group", "row", "mendeleev_no", "atomic_mass", "X", "atomic_radius", "ionization_energy")
"""pymatgen's names: of each the composition's mean, lowest, highest and standard deviation are descriptors."""

_STATISTICS: Final = ("mean", "lowest", "highest", "deviation")
_RADIUS_ANGSTROM: Final = 1.5
_ELECTRONEGATIVITY: Final = 2.0
_IONIZATION_EV: Final = 10.0
_UNKNOWN: Final = {"atomic_radius": _RADIUS_ANGSTROM, "X": _ELECTRONEGATIVITY, "ionization_energy": _IONIZATION_EV}
"""Where the table has no value, as of noble gases and the heaviest elements: about the mean over the others."""


def physical_descriptors(structures: Sequence[Structure]) -> pd.DataFrame:
    """Return the columns of ``PHYSICAL``, one row per structure.

    Raises:
        StructureError: An atom has no other within 16 Å.
    """
    rows = [_of_crystal(structure) for structure in structures]
    return pd.DataFrame(rows, columns=[descriptor.name for descriptor in PHYSICAL])


_OF_ION: Final = {"group": "", "row": "", "atomic_radius": "Å"}
IONIC: Final = tuple(
    Descriptor(f"{name}_of_{ion}", unit, f"Of the {degree} electronegative element.")
    for ion, degree in (("cation", "least"), ("anion", "most"))
    for name, unit in _OF_ION.items()
)
"""Of the crystal's least and most electronegative element, cation and anion of an ionic one."""


def ionic_descriptors(structures: Sequence[Structure]) -> pd.DataFrame:
    """Return the columns of ``IONIC``, one row per structure."""
    rows = []
    for structure in structures:
        elements = [Element(symbol) for symbol in structure.composition.get_el_amt_dict()]
        ordered = sorted(elements, key=lambda element: (_value(element, "X"), element.Z))
        ions = (ordered[0], ordered[-1])
        rows.append([_value(element, name) for element in ions for name in _OF_ION])
    return pd.DataFrame(rows, columns=[descriptor.name for descriptor in IONIC])


def structure_descriptors(structures: Sequence[Structure]) -> Floats:
    """Return the columns of ``PHYSICAL``, then those of ``IONIC``, [n_structure, n_descriptor].

    Raises:
        StructureError: An atom has no other within 16 Å.
    """
    tables = (physical_descriptors(structures), ionic_descriptors(structures))
    return np.hstack([table.to_numpy(np.float64) for table in tables])


def composition_descriptors(structures: Sequence[Structure]) -> pd.DataFrame:
    """Return statistics of the elements' properties, weighted by their share; one row per structure."""
    rows = []
    for structure in structures:
        shares = structure.composition.fractional_composition.get_el_amt_dict()
        weight = np.array(list(shares.values()))
        row: dict[str, float] = {}
        for name in ELEMENT_PROPERTIES:
            values = np.array([_value(Element(symbol), name) for symbol in shares])
            mean = float(weight @ values)
            deviation = float(np.sqrt(weight @ (values - mean) ** 2))
            numbers = (mean, float(values.min()), float(values.max()), deviation)
            row |= {f"{name}_{which}": number for which, number in zip(_STATISTICS, numbers, strict=True)}
        rows.append(row)
    return pd.DataFrame(rows, columns=[f"{name}_{which}" for name in ELEMENT_PROPERTIES for which in _STATISTICS])


@lru_cache(maxsize=1024)  # pymatgen parses the table's text at every call
def _value(element: Element, name: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pymatgen's, where a value is unknown
        value = getattr(element, name)
    return _UNKNOWN[name] if value is None or not np.isfinite(float(value)) else float(value)


def _of_crystal(structure: Structure) -> list[float]:
    shares = structure.composition.fractional_composition.get_el_amt_dict()
    weight = np.array(list(shares.values()))
    mass, electronegativity = (
        np.array([_value(Element(symbol), name) for symbol in shares]) for name in ("atomic_mass", "X")
    )
    nearest, neighbours = _shells(structure)
    return [
        float(np.log10(weight @ mass)),
        float(np.log10(mass.min())),
        float(np.log10(mass.max())),
        float(np.log10(structure.volume / len(structure))),
        float(np.log10(nearest.min())),
        float(np.log10(_n_primitive_atom(structure))),
        float(weight @ electronegativity),
        float(np.ptp(electronegativity)),
        float(neighbours.mean()),
    ]


def _n_primitive_atom(structure: Structure) -> int:
    """Return the number of atoms in the primitive cell; the search is spared where the formula leaves none smaller."""
    amounts = [int(amount) for amount in structure.composition.get_el_amt_dict().values()]
    return len(structure) if math.gcd(*amounts) == 1 else len(structure.get_primitive_structure())


def _shells(structure: Structure) -> tuple[Floats, Floats]:
    """Return each atom's shortest distance in Å, and how many atoms lie within its first shell."""
    for radius in _SEARCH_ANGSTROM:
        centre, _, _, distance = structure.get_neighbor_list(radius)
        nearest = np.full(len(structure), np.inf)
        np.minimum.at(nearest, centre, distance)
        if nearest.max() * _SHELL <= radius:
            within = distance <= _SHELL * nearest[centre]
            return nearest, np.bincount(centre[within], minlength=len(structure)).astype(np.float64)
    raise StructureError(f"{structure.reduced_formula}: an atom has no other within {_SEARCH_ANGSTROM[-1]:g} Å")
