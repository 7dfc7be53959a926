"""One rule for what a usable crystal is: import, graphs, prediction, screening and explanation ask here.

Crystals are checked as arrays, many at once. A structure alone is checked by the same functions, so that its reason is
the same sentence. What depends on a network's cutoff, an isolated atom, is no matter of the crystal: ``graphs.build``
looks for it.
"""

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.lattice import Lattice
from pymatgen.core.periodic_table import Element
from pymatgen.core.structure import Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from paraisite.data.crystal_arrays import (
    ATOMIC_NUMBERS,
    ISOTOPE,
    ISOTOPES,
    NO_ELEMENT,
    PARTLY_OCCUPIED,
    WITH_HYDROGEN,
    CrystalArrays,
)
from paraisite.errors import StructureError

N_ELEMENT: Final = 95
"""Rows of MEGNet's element embedding: atomic numbers from 1 to 94 (Pu) have one."""

MIN_DISTANCE_ANGSTROM: Final = 0.5
"""Atoms closer than this overlap: the shortest bond, that of H2, has 0.74 Å."""

MIN_SHARE_OF_RADII: Final = 0.45
"""Of the sum of two atoms' radii, below which they overlap, too: Slater's radii add up to a bond, and computed crystals
reach 0.56 of it. Shorter distances are fractions of a cell, nanometres or Bohr radii that were taken for Å."""

MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM: Final = 1.0
"""A fifth of diamond's: anything denser is a broken cell, and its neighbours would fill the memory."""

MIN_PLANE_SPACING_ANGSTROM: Final = 0.5
"""As the shortest distance, for an atom and its images; a flatter cell has too many of them within the cutoff."""

MAX_LENGTH_ANGSTROM: Final = 300.0
"""A longer cell takes the compiled search, which divides the box around all atoms, gigabytes."""

MAX_FRACTIONAL: Final = 100.0
"""Coordinates beyond it are no fractions of a cell."""

MAX_ATOMS: Final = 10_000
"""Of a cell: no training step could hold more."""

LIMITS: Final = (
    N_ELEMENT,
    MIN_DISTANCE_ANGSTROM,
    MIN_SHARE_OF_RADII,
    MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM,
    MIN_PLANE_SPACING_ANGSTROM,
    MAX_LENGTH_ANGSTROM,
    MAX_FRACTIONAL,
    MAX_ATOMS,
)
"""What a verdict depends on, for whoever keeps one."""

ELEMENTS: Final = frozenset(ATOMIC_NUMBERS) - set(ISOTOPES)
"""Symbols of all chemical elements."""

NOT_PERIODIC: Final = "not periodic in three directions, expected a crystal"
_PARTLY: Final = "is not fully occupied by one element: partial occupancy is not supported"
_NO_MASS: Final = "expected an element: conductivity depends on mass, which no model here sees"


def find_unusable(crystals: CrystalArrays) -> dict[int, str]:
    """Return the crystals that cannot even be searched for neighbours, by their number, each with its reason."""
    broken_atom = ~np.isfinite(crystals.frac_coords).all(axis=1)
    broken = np.isin(np.arange(len(crystals)), crystals.crystal_of_atom[broken_atom])
    broken |= ~np.isfinite(crystals.lattice_angstrom.reshape(-1, 9)).all(axis=1)
    reasons = _broken_cells(np.where(broken[:, None, None], np.eye(3), crystals.lattice_angstrom), crystals.n_atom)
    for atom in np.flatnonzero((np.abs(crystals.frac_coords) > MAX_FRACTIONAL).any(axis=1))[::-1]:
        value = crystals.frac_coords[atom][np.abs(crystals.frac_coords[atom]).argmax()]
        reasons[int(crystals.crystal_of_atom[atom])] = (
            f"a fractional coordinate is {value:.4g}, expected within ±{MAX_FRACTIONAL:g}"
        )
    reasons |= {int(row): "a lattice vector or coordinate is not a finite number" for row in np.flatnonzero(broken)}
    usual = (crystals.atomic_number > 0) & (crystals.atomic_number < N_ELEMENT)
    for atom in np.flatnonzero(~usual)[::-1]:
        row = int(crystals.crystal_of_atom[atom])
        reasons[row] = f"site {atom - crystals.atom_offset[row]} {_unusual_site(int(crystals.atomic_number[atom]))}"
    reasons |= {
        int(row): too_many_atoms(int(crystals.n_atom[row])) for row in np.flatnonzero(crystals.n_atom > MAX_ATOMS)
    }
    return reasons | {int(row): "there are no atoms" for row in np.flatnonzero(crystals.n_atom == 0)}


def find_overlaps(
    crystals: CrystalArrays,
    centre: npt.NDArray[np.int64],
    neighbour: npt.NDArray[np.int64],
    distance_angstrom: npt.NDArray[np.float64],
) -> dict[int, str]:
    """Return the crystals with overlapping atoms, by their number, each with the first pair of them.

    Args:
        crystals: Crystals in which ``find_unusable`` has found nothing.
        centre: One atom of each pair that is near, over all crystals' atoms, [n_pair].
        neighbour: The other one, [n_pair]; each pair is there in both directions.
        distance_angstrom: How far apart they are, Å, [n_pair].
    """
    radius = _radii()[crystals.atomic_number]
    # Most pairs are farther apart than any two of these atoms may be.
    longest = max(MIN_DISTANCE_ANGSTROM, MIN_SHARE_OF_RADII * 2.0 * radius.max(initial=0.0))
    near = np.flatnonzero((distance_angstrom < longest) & (centre <= neighbour))
    centre, neighbour, distance_angstrom = centre[near], neighbour[near], distance_angstrom[near]
    shortest = np.maximum(MIN_DISTANCE_ANGSTROM, MIN_SHARE_OF_RADII * (radius[centre] + radius[neighbour]))
    close = np.flatnonzero(distance_angstrom < shortest)
    order = close[np.lexsort((distance_angstrom[close], neighbour[close], centre[close]))]
    reasons: dict[int, str] = {}
    for pair in order[::-1]:
        row = int(crystals.crystal_of_atom[centre[pair]])
        first, second = (
            f"{atom - crystals.atom_offset[row]} ({Element.from_Z(int(crystals.atomic_number[atom])).symbol})"
            for atom in (centre[pair], neighbour[pair])
        )
        which = f"sites {first} and {second} overlap" if first != second else f"site {first} overlaps its own image"
        reasons[row] = f"{which}: {distance_angstrom[pair]:.3g} Å apart, expected at least {shortest[pair]:.3g} Å"
    return reasons


@cache
def _radii() -> npt.NDArray[np.float64]:
    """Return the radius of each atomic number that a network knows, Å; 0 where none is known."""
    known = [Element.from_Z(number).atomic_radius for number in range(1, N_ELEMENT)]
    return np.array([0.0, *(float(radius or 0.0) for radius in known)])


def too_many_atoms(n_atom: int) -> str:
    """Return the reason of a cell with more than ``MAX_ATOMS`` atoms."""
    return f"the cell has {n_atom} atoms, expected at most {MAX_ATOMS}"


def isotope(symbol: str) -> str:
    """Return the reason of an atom that is an isotope."""
    return f"{symbol} is an isotope, {_NO_MASS}"


def partly_occupied(site: str) -> str:
    """Return the reason of a site that one element does not fill."""
    return f"site {site} {_PARTLY}"


def check_element(symbol: str) -> str:
    """Return ``symbol`` if it names a chemical element.

    Raises:
        StructureError: It names none, or an isotope of hydrogen: the networks know elements only, not masses.
    """
    if symbol in ISOTOPES:
        raise StructureError(f"{symbol} is an isotope of hydrogen, {_NO_MASS}")
    if symbol not in ELEMENTS:
        raise StructureError(f"unknown element {symbol[:40]!r}")
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
        StructureError: A symbol names no element, there are not three coordinates for each atom, or the crystal is
            none that can be used.
    """
    if len(species) > MAX_ATOMS:
        raise StructureError(too_many_atoms(len(species)))
    for symbol in dict.fromkeys(species):
        check_element(symbol)
    try:
        coords = np.array(frac_coords, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise StructureError(f"coordinates are not three numbers for each of {len(species)} atoms: {error}") from error
    if coords.shape != (len(species), 3):
        raise StructureError(f"{len(species)} species for coordinates of shape {coords.shape}, expected (n_atom, 3)")
    _check_one(
        CrystalArrays(
            lattice_angstrom=np.array(lattice.matrix, np.float64)[None],
            n_atom=np.array([len(species)]),
            frac_coords=coords,
            atomic_number=np.array([ATOMIC_NUMBERS[symbol] for symbol in species], np.int64),
        )
    )
    return Structure(lattice, list(species), coords)


def validate_structure(structure: Structure | CrystalArrays) -> Structure:
    """Return a structure from outside, without oxidation states, if it is a crystal that can be used.

    Args:
        structure: As pymatgen knows it, or the only crystal of some arrays.

    Raises:
        StructureError: It is none.
    """
    if isinstance(structure, Structure):
        if len(structure) > MAX_ATOMS:
            raise StructureError(too_many_atoms(len(structure)))
        crystal = CrystalArrays.from_structures([structure])
    else:
        crystal = structure
    _check_one(crystal)
    symbols = [Element.from_Z(int(number)).symbol for number in crystal.atomic_number]
    lattice = structure.lattice if isinstance(structure, Structure) else Lattice(crystal.lattice_angstrom[0])
    return Structure(lattice, symbols, crystal.frac_coords)


def _check_one(crystal: CrystalArrays) -> None:
    """Raise if the only crystal is none that can be used."""
    reasons = find_unusable(crystal) or find_overlaps(crystal, *_find_pairs(crystal, _reach(crystal)))
    if reasons:
        raise StructureError(reasons[0])


def find_shortest_distance(crystal: CrystalArrays) -> float:
    """Return how far apart the nearest atoms of a crystal are, Å; of one in which ``find_unusable`` finds nothing."""
    volume = abs(float(np.linalg.det(crystal.lattice_angstrom[0])))
    # In no packing of spheres are the nearest farther apart than in the densest, 1.1225.
    _, _, distance = _find_pairs(crystal, 1.15 * (volume / int(crystal.n_atom[0])) ** (1 / 3))
    return float(distance.min())


def _reach(crystal: CrystalArrays) -> float:
    """Return up to which distance atoms of a crystal may overlap, Å."""
    return max(MIN_DISTANCE_ANGSTROM, 2 * MIN_SHARE_OF_RADII * float(_radii()[crystal.atomic_number].max()))


def _find_pairs(
    crystal: CrystalArrays, radius_angstrom: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Return the pairs of atoms and images within a radius, in both directions, and their distances, Å."""
    cart = crystal.cart_coords_angstrom
    centre, neighbour, image, distance = find_points_in_spheres(
        cart,
        cart,
        r=radius_angstrom,
        pbc=np.ones(3, np.int64),
        lattice=np.ascontiguousarray(crystal.lattice_angstrom[0]),
        tol=1e-8,
    )
    another = (centre != neighbour) | (image != 0).any(axis=1)
    return centre[another], neighbour[another], distance[another]


def _unusual_site(number: int) -> str:
    """Return what is wrong with a site, by what stands in place of its atomic number."""
    reasons = {
        PARTLY_OCCUPIED: _PARTLY,
        ISOTOPE: f"holds an isotope of hydrogen ({' or '.join(ISOTOPES)}), {_NO_MASS}",
        NO_ELEMENT: "holds no chemical element",
        WITH_HYDROGEN: "has hydrogen atoms without a position: the crystal is incomplete",
    }
    return reasons.get(number) or f"has atomic number {number}, expected 1 to {N_ELEMENT - 1}"


def _broken_cells(lattice_angstrom: npt.NDArray[np.float64], n_atom: npt.NDArray[np.int64]) -> dict[int, str]:
    """Return the crystals whose cell is too dense, too flat or too long, each with its reason."""
    with np.errstate(over="ignore", invalid="ignore"):  # a cell whose volume overflows is too long in any case
        length = np.linalg.norm(lattice_angstrom, axis=2).max(axis=1, initial=0)
        volume = np.abs(np.linalg.det(lattice_angstrom))
        area = np.linalg.norm(
            np.cross(np.roll(lattice_angstrom, -1, axis=1), np.roll(lattice_angstrom, -2, axis=1)), axis=2
        ).max(axis=1, initial=0)
        flat, dense = volume < MIN_PLANE_SPACING_ANGSTROM * area, volume < MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM * n_atom
    reasons: dict[int, str] = {}
    for row in np.flatnonzero(flat):
        reasons[int(row)] = (
            f"the cell is too flat: lattice planes {volume[row] / area[row]:.3g} Å apart, expected at least "
            f"{MIN_PLANE_SPACING_ANGSTROM:g} Å"
        )
    for row in np.flatnonzero(dense):
        reasons[int(row)] = (
            f"the cell's volume is {volume[row]:.3g} Å³ for {n_atom[row]} atoms, expected at least "
            f"{MIN_VOLUME_PER_ATOM_CUBIC_ANGSTROM:g} Å³ per atom"
        )
    for row in np.flatnonzero(~(length <= MAX_LENGTH_ANGSTROM)):
        reasons[int(row)] = f"a lattice vector is {length[row]:.4g} Å long, expected at most {MAX_LENGTH_ANGSTROM:g} Å"
    return reasons
