"""Physical descriptors that a structure alone gives, for models that need no graph.

What is known to set a conductivity: how heavy the atoms are and how different, how far apart, how many in the primitive
cell, how ionic their bonds. Elements' own properties are those of pymatgen's periodic table.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats, ragged_arange
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.errors import StructureError
from paraisite.features.primitive_cell import count_primitive_atoms
from paraisite.features.supercell_check import mark_possible_supercells
from paraisite.graphs.neighbours import find_bonds

if TYPE_CHECKING:
    import pandas as pd
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer


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


PHYSICAL_DESCRIPTORS: Final = (
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

_SYMMETRY_TOLERANCE_ANGSTROM: Final = 0.01
"""How far atoms of structures from anywhere may be from where symmetry has them; databases round to less."""

_FEW: Final = 2
"""Crystals that are each looked at alone."""

_SHELL: Final = 1.15
_SEARCH_ANGSTROM: Final = (4.0, 8.0, 16.0)

ELEMENT_PROPERTIES: Final = ("group", "row", "mendeleev_no", "atomic_mass", "X", "atomic_radius", "ionization_energy")
"""pymatgen's names: of each the composition's mean, lowest, highest and standard deviation are descriptors."""

_N_ELEMENT: Final = 118
_STATISTICS: Final = ("mean", "lowest", "highest", "deviation")
_RADIUS_ANGSTROM: Final = 1.5
_ELECTRONEGATIVITY: Final = 2.0
_IONIZATION_EV: Final = 10.0
_UNKNOWN: Final = {"atomic_radius": _RADIUS_ANGSTROM, "X": _ELECTRONEGATIVITY, "ionization_energy": _IONIZATION_EV}
"""Where the table has no value, as of noble gases and the heaviest elements: about the mean over the others."""


def compute_physical_descriptors(structures: Sequence[Structure]) -> "pd.DataFrame":
    """Return the columns of ``PHYSICAL_DESCRIPTORS``, one row per structure.

    Raises:
        StructureError: An atom has no other within 16 Å, or a site holds no single element.
    """
    rows = _physical(CrystalArrays.from_structures(structures))
    import pandas as pd  # half a second, which predicting does without

    return pd.DataFrame(rows, columns=[descriptor.name for descriptor in PHYSICAL_DESCRIPTORS])


_OF_ION: Final = {"group": "", "row": "", "atomic_radius": "Å"}
IONIC_DESCRIPTORS: Final = tuple(
    Descriptor(f"{name}_of_{ion}", unit, f"Of the {degree} electronegative element.")
    for ion, degree in (("cation", "least"), ("anion", "most"))
    for name, unit in _OF_ION.items()
)
"""Of the crystal's least and most electronegative element, cation and anion of an ionic one."""


def compute_ionic_descriptors(structures: Sequence[Structure]) -> "pd.DataFrame":
    """Return the columns of ``IONIC_DESCRIPTORS``, one row per structure.

    Raises:
        StructureError: A site holds no single element.
    """
    rows = _ionic(CrystalArrays.from_structures(structures))
    import pandas as pd  # half a second, which predicting does without

    return pd.DataFrame(rows, columns=[descriptor.name for descriptor in IONIC_DESCRIPTORS])


def compute_structure_descriptors(crystals: CrystalArrays) -> Floats:
    """Return the columns of ``PHYSICAL_DESCRIPTORS``, then those of ``IONIC_DESCRIPTORS``, [n_crystal, n_descriptor].

    Raises:
        StructureError: An atom has no other within 16 Å, or a site holds no single element.
    """
    return np.hstack([_physical(crystals), _ionic(crystals)])


def find_symmetry(structure: Structure) -> "SpacegroupAnalyzer":
    """Return a crystal's symmetry as spglib finds it.

    Raises:
        SymmetryUndeterminedError: It finds none (pymatgen's exception).
    """
    from pymatgen.symmetry.analyzer import SpacegroupAnalyzer  # with most of SciPy, which predicting does without

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spglib's, about how it will report failures one day
        return SpacegroupAnalyzer(structure, _SYMMETRY_TOLERANCE_ANGSTROM)


def compute_composition_descriptors(structures: Sequence[Structure]) -> "pd.DataFrame":
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
    import pandas as pd  # half a second, which predicting does without

    return pd.DataFrame(rows, columns=[f"{name}_{which}" for name in ELEMENT_PROPERTIES for which in _STATISTICS])


@lru_cache(maxsize=1024)  # pymatgen parses the table's text at every call
def _value(element: Element, name: str) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pymatgen's, where a value is unknown
        value = getattr(element, name)
    return _UNKNOWN[name] if value is None or not np.isfinite(float(value)) else float(value)


@lru_cache(maxsize=16)
def _of_elements(name: str) -> Floats:
    """Return a property of the elements by atomic number, [n_element + 1]; there is none of number 0."""
    return np.array([np.nan, *(_value(Element.from_Z(number), name) for number in range(1, _N_ELEMENT + 1))])


def _physical(crystals: CrystalArrays) -> Floats:
    """Return the columns of ``PHYSICAL_DESCRIPTORS``, [n_crystal, 9]."""
    check_elements(crystals)
    if len(crystals) == 0:
        return np.zeros((0, len(PHYSICAL_DESCRIPTORS)))
    mass, electronegativity = (_of_elements(name)[crystals.atomic_number] for name in ("atomic_mass", "X"))
    first = crystals.atom_offset[:-1]
    volume = np.abs(np.linalg.det(crystals.lattice_angstrom))
    nearest, neighbours = _shells(crystals)
    columns = [
        np.log10(np.add.reduceat(mass, first) / crystals.n_atom),
        np.log10(np.minimum.reduceat(mass, first)),
        np.log10(np.maximum.reduceat(mass, first)),
        np.log10(volume / crystals.n_atom),
        np.log10(np.minimum.reduceat(nearest, first)),
        np.log10(count_atoms_in_primitive_cells(crystals)),
        np.add.reduceat(electronegativity, first) / crystals.n_atom,
        np.maximum.reduceat(electronegativity, first) - np.minimum.reduceat(electronegativity, first),
        np.add.reduceat(neighbours, first) / crystals.n_atom,
    ]
    return np.stack(columns, axis=1)


def _ionic(crystals: CrystalArrays) -> Floats:
    """Return the columns of ``IONIC_DESCRIPTORS``, [n_crystal, 6]."""
    check_elements(crystals)
    if len(crystals) == 0:
        return np.zeros((0, len(IONIC_DESCRIPTORS)))
    # By electronegativity, and of equal ones by atomic number.
    ordered = np.argsort(_of_elements("X")[1:], kind="stable") + 1
    rank = np.zeros(_N_ELEMENT + 1, np.int64)
    rank[ordered] = np.arange(_N_ELEMENT)
    ranks, first = rank[crystals.atomic_number], crystals.atom_offset[:-1]
    ions = [ordered[ends.reduceat(ranks, first)] for ends in (np.minimum, np.maximum)]
    return np.stack([_of_elements(name)[ion] for ion in ions for name in _OF_ION], axis=1)


def check_elements(crystals: CrystalArrays) -> None:
    """Do nothing if every site holds one element.

    Raises:
        StructureError: One does not.
    """
    if not crystals.atomic_number.all():
        raise StructureError("a site holds several elements or none: there are no descriptors of such a crystal")


def count_atoms_in_primitive_cells(crystals: CrystalArrays) -> npt.NDArray[np.int64]:
    """Return the number of atoms in each crystal's primitive cell, int64 [n_crystal]."""
    n_primitive = crystals.n_atom.copy()
    # To look which can be supercells at all pays for many.
    rows = np.arange(len(crystals)) if len(crystals) <= _FEW else np.flatnonzero(mark_possible_supercells(crystals))
    for row in rows.tolist():
        atoms = slice(*crystals.atom_offset[row : row + 2])
        n_primitive[row] = count_primitive_atoms(
            crystals.lattice_angstrom[row], crystals.atomic_number[atoms], crystals.frac_coords[atoms]
        )
    return n_primitive


def _shells(crystals: CrystalArrays) -> tuple[Floats, Floats]:
    """Return each atom's shortest distance in Å, and how many atoms lie within its first shell, each [n_atom]."""
    n_atom = len(crystals.atomic_number)
    nearest, neighbours = np.full(n_atom, np.inf), np.zeros(n_atom)
    rows = np.arange(len(crystals))
    for radius in _SEARCH_ANGSTROM:
        some = crystals.take(rows)
        bonds = find_bonds(some, cutoff_angstrom=radius)
        shortest = np.full(len(some.atomic_number), np.inf)
        np.minimum.at(shortest, bonds.centre, bonds.distance_angstrom)
        within = bonds.distance_angstrom <= _SHELL * shortest[bonds.centre]
        atoms = ragged_arange(crystals.atom_offset[rows], crystals.n_atom[rows])
        nearest[atoms] = shortest
        neighbours[atoms] = np.bincount(bonds.centre[within], minlength=len(shortest))
        # Where the shell reaches beyond the search, atoms of it may have been missed.
        rows = rows[np.maximum.reduceat(shortest, some.atom_offset[:-1]) * _SHELL > radius]
        if len(rows) == 0:
            return nearest, neighbours
    (structure,) = crystals.take(rows[:1]).structures()
    raise StructureError(f"{structure.reduced_formula}: an atom has no other within {_SEARCH_ANGSTROM[-1]:g} Å")
