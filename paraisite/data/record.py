"""What every source hands over: records that can be used, and rejections with their reason."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from paraisite.errors import DataError, StructureError

ISOTOPES: Final = ("D", "T")
ELEMENTS: Final = frozenset(Element.__members__) - set(ISOTOPES)
MIN_DISTANCE_ANGSTROM: Final = 0.5
MIN_PLANE_SPACING_ANGSTROM: Final = 0.5
MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM: Final = 1.0
MAX_LENGTH_ANGSTROM: Final = 1000.0
MAX_FRACTIONAL: Final = 100.0
MAX_ATOMS: Final = 10_000
"""Of a cell: no training step could hold more."""
MAX_KAPPA_W_PER_M_K: Final = 10_000.0
"""Above any crystal's at 300 K (diamond: some 3,000), so that a value beyond is a slip or has another unit."""


@dataclass(frozen=True)
class Record:
    """One material with its target.

    Attributes:
        material_id: Id, unique within its source.
        structure: Ordered crystal structure.
        kappa_w_per_m_k: Lattice thermal conductivity at 300 K, W/m/K, positive.
        prototype: Structure type, or None where the source names none.
        source: Where structure and value come from, for people.
    """

    material_id: str
    structure: Structure
    kappa_w_per_m_k: float
    prototype: str | None
    source: str


@dataclass(frozen=True)
class Rejection:
    """One row that cannot be used.

    Attributes:
        material_id: Id of the row, or its place in the file where it has no id.
        reason: What was found and what was expected.
    """

    material_id: str
    reason: str


def check_kappa(value: float) -> float:
    """Return ``value`` (W/m/K) if it can be a thermal conductivity.

    Raises:
        DataError: It is NaN, infinite, zero or negative, or above any crystal's.
    """
    if not (math.isfinite(value) and value > 0):
        raise DataError(f"thermal conductivity is {value} W/m/K, expected a positive number")
    if value > MAX_KAPPA_W_PER_M_K:
        raise DataError(
            f"thermal conductivity is {value:g} W/m/K, expected at most {MAX_KAPPA_W_PER_M_K:g}: is the unit another?"
        )
    return value


def check_element(symbol: str) -> str:
    """Return ``symbol`` if it names a chemical element.

    Raises:
        StructureError: It names none, or an isotope of hydrogen: the network knows elements only, not masses.
    """
    if symbol in ISOTOPES:
        raise StructureError(
            f"{symbol} is an isotope, expected an element: conductivity depends on mass, which the network does not see"
        )
    if symbol not in ELEMENTS:
        raise StructureError(f"unknown element {symbol!r}")
    return symbol


def build_structure(
    lattice: Lattice, species: Sequence[str], frac_coords: Sequence[Sequence[float]] | npt.NDArray[np.float64]
) -> Structure:
    """Return the ordered structure, checked for everything that would make its graph meaningless.

    Args:
        lattice: Cell, Å.
        species: Element symbol of each atom.
        frac_coords: Fractional coordinates, [n_atom, 3].

    Raises:
        StructureError: Unknown element, no volume, too flat a cell, coordinates that are no fractions, two atoms
            closer than 0.5 Å (periodic images included), or more than 10,000 atoms.
    """
    if len(species) > MAX_ATOMS:
        raise StructureError(f"the cell has {len(species)} atoms, expected at most {MAX_ATOMS}")
    for symbol in set(species):
        check_element(symbol)
    coords = np.array(frac_coords, dtype=np.float64)
    if coords.shape != (len(species), 3) or not species:
        raise StructureError(f"{len(species)} species for coordinates of shape {coords.shape}, expected (n_atom, 3)")
    if not np.isfinite(coords).all() or np.abs(coords).max() > MAX_FRACTIONAL:
        raise StructureError(f"fractional coordinate out of range: expected finite numbers within ±{MAX_FRACTIONAL:g}")
    _check_cell(lattice, n_atom=len(species))
    _check_distances(lattice, species, coords)
    return Structure(lattice, list(species), coords)


def checked_structure(structure: Structure) -> Structure:
    """Return a structure from outside, checked like those of ``build_structure``, without oxidation states.

    Raises:
        StructureError: As there, or a site is shared by several elements or partly empty.
    """
    if not structure.is_ordered:
        site = next(site for site in structure if not site.is_ordered)
        raise StructureError(f"a site holds {site.species_string}: partial occupancy is not supported")
    return build_structure(structure.lattice, [_symbol(site.specie) for site in structure], structure.frac_coords)


def _symbol(specie: object) -> str:
    """Return the symbol of what sits on a site; pymatgen calls deuterium's symbol H, but its name D."""
    element = getattr(specie, "element", specie)
    return str(element.name if isinstance(element, Element) else getattr(specie, "symbol", specie))


def _check_cell(lattice: Lattice, *, n_atom: int) -> None:
    """Raise if the cell has no volume, or is so flat that a neighbour search would visit countless images."""
    matrix = np.asarray(lattice.matrix)
    if not np.isfinite(matrix).all() or np.linalg.norm(matrix, axis=1).max() > MAX_LENGTH_ANGSTROM:
        raise StructureError(f"lattice vector longer than {MAX_LENGTH_ANGSTROM:g} Å or not finite")
    volume = abs(float(np.linalg.det(matrix)))
    if volume / n_atom < MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM:
        raise StructureError(
            f"cell volume is {volume:.3g} Å³ for {n_atom} atoms, "
            f"expected at least {MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM:g} Å³ per atom"
        )
    spacing = 1.0 / float(np.linalg.norm(np.linalg.inv(matrix), axis=0).max())
    if spacing < MIN_PLANE_SPACING_ANGSTROM:
        raise StructureError(
            f"cell is too flat: lattice planes {spacing:.3g} Å apart, "
            f"expected at least {MIN_PLANE_SPACING_ANGSTROM:g} Å"
        )


def _check_distances(lattice: Lattice, species: Sequence[str], frac_coords: npt.NDArray[np.float64]) -> None:
    """Raise if two atoms overlap."""
    matrix = np.ascontiguousarray(lattice.matrix, dtype=np.float64)
    cart = np.ascontiguousarray((frac_coords % 1.0) @ matrix)
    centre, other, _, distance = find_points_in_spheres(
        cart, cart, r=MIN_DISTANCE_ANGSTROM, pbc=np.ones(3, dtype=np.int64), lattice=matrix, tol=1e-8
    )
    # An atom cannot overlap its own image: no lattice vector is shorter than the spacing of lattice planes.
    overlap = np.flatnonzero(centre != other)
    if overlap.size:
        first = overlap[np.argmin(distance[overlap])]
        raise StructureError(
            f"atoms overlap: {species[centre[first]]} and {species[other[first]]} are {distance[first]:.3f} Å apart, "
            f"expected at least {MIN_DISTANCE_ANGSTROM:g} Å"
        )
