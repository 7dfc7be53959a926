"""Bonds of the atoms that have no neighbour within the cutoff: those to their nearest shell.

A large ion in a stable crystal may have none, as caesium in CsPbI3 with a cutoff of 4 Å. Atoms that have one keep their
bonds as they are, so that the graphs which a network was trained on stay the same.
"""

from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import Element
from pymatgen.optimization.neighbors import find_points_in_spheres

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.neighbours import NUMERICAL_TOLERANCE_ANGSTROM, PERIODIC, Bonds

SHELL_RATIO: Final = 1.15
"""Atoms up to this many times an atom's shortest distance are its nearest shell."""

MAX_NEAREST_ANGSTROM: Final = 8.0
"""An atom whose nearest one is farther away is isolated: no crystal that is stable has one."""

_LONGEST_SEARCH_ANGSTROM: Final = 16.0


class ExtendedBonds(NamedTuple):
    """Bonds with those of atoms that have none within the cutoff.

    Attributes:
        bonds: All bonds, sorted by centre.
        is_extended: Whether a crystal has such bonds, bool [n_crystal].
        isolated: Why a crystal cannot be used, by its number: an atom is too far from all others.
    """

    bonds: Bonds
    is_extended: npt.NDArray[np.bool_]
    isolated: dict[int, str]


class _Pairs(NamedTuple):
    """Atoms around some atoms of one crystal, by their numbers in the crystal, and their distances in Å; [n_pair]."""

    centre: npt.NDArray[np.int64]
    neighbour: npt.NDArray[np.int64]
    distance_angstrom: npt.NDArray[np.float64]

    def take(self, chosen: npt.NDArray[np.bool_]) -> Self:
        """Return some of the pairs."""
        return type(self)(self.centre[chosen], self.neighbour[chosen], self.distance_angstrom[chosen])


def add_nearest_shells(crystals: CrystalArrays, bonds: Bonds, *, cutoff_angstrom: float) -> ExtendedBonds:
    """Give each atom without a bond those to its nearest shell, in both directions as all bonds.

    Args:
        crystals: The crystals.
        bonds: Their bonds within the cutoff.
        cutoff_angstrom: The cutoff, Å.
    """
    alone = np.bincount(bonds.centre, minlength=len(crystals.atomic_number)) == 0
    is_extended = np.isin(np.arange(len(crystals)), crystals.crystal_of_atom[alone])
    added: list[_Pairs] = []
    reasons: dict[int, str] = {}
    limit = max(MAX_NEAREST_ANGSTROM, cutoff_angstrom)
    for row in np.flatnonzero(is_extended).tolist():
        first, end = crystals.atom_offset[row : row + 2]
        atoms = np.flatnonzero(alone[first:end])
        pairs = _find_pairs(crystals, row, atoms, radius_angstrom=SHELL_RATIO * limit)
        nearest = np.full(end - first, np.inf)
        np.minimum.at(nearest, pairs.centre, pairs.distance_angstrom)
        if (isolated := atoms[nearest[atoms] > limit]).size:
            reasons[row] = describe_isolated(crystals, row, isolated[:1], limit_angstrom=limit)
            continue
        reach = np.where(alone[first:end], SHELL_RATIO * nearest + NUMERICAL_TOLERANCE_ANGSTROM, 0.0)
        shell = pairs.take(pairs.distance_angstrom <= reach[pairs.centre])
        # A neighbour without a bond finds this atom by itself where its own shell reaches as far.
        back = shell.take(shell.distance_angstrom > reach[shell.neighbour])
        added += [
            _Pairs(shell.centre + first, shell.neighbour + first, shell.distance_angstrom),
            _Pairs(back.neighbour + first, back.centre + first, back.distance_angstrom),
        ]
    if not added:
        return ExtendedBonds(bonds, is_extended, reasons)
    centre, neighbour, distance = (
        np.concatenate(parts)
        for parts in zip((bonds.centre, bonds.neighbour, bonds.distance_angstrom), *added, strict=True)
    )
    order = np.argsort(centre, kind="stable")
    return ExtendedBonds(Bonds(centre[order], neighbour[order], distance[order]), is_extended, reasons)


def _find_pairs(crystals: CrystalArrays, row: int, atoms: npt.NDArray[np.int64], *, radius_angstrom: float) -> _Pairs:
    """Return the atoms within a radius of some atoms of a crystal, images included."""
    own = crystals.cart_coords_angstrom[slice(*crystals.atom_offset[row : row + 2])]
    centre, neighbour, _, distance = find_points_in_spheres(
        own,
        own[atoms],
        r=radius_angstrom,
        pbc=PERIODIC,
        lattice=crystals.lattice_angstrom[row],
        tol=NUMERICAL_TOLERANCE_ANGSTROM,
    )
    other = (atoms[centre] != neighbour) | (distance > NUMERICAL_TOLERANCE_ANGSTROM)
    return _Pairs(atoms[centre[other]], neighbour[other], distance[other])


def describe_isolated(crystals: CrystalArrays, row: int, atom: npt.NDArray[np.int64], *, limit_angstrom: float) -> str:
    """Return the reason of a crystal with an isolated atom (its number, [1]): how far its nearest one is."""
    number = crystals.atomic_number[slice(*crystals.atom_offset[row : row + 2])]
    site = f"site {atom[0]} ({_symbol(number[atom[0]])}) is isolated"
    expected = f"expected one within {limit_angstrom:g} Å"
    pairs = _find_pairs(crystals, row, atom, radius_angstrom=max(_LONGEST_SEARCH_ANGSTROM, limit_angstrom))
    if not pairs.distance_angstrom.size:
        return f"{site}: no atom within {_LONGEST_SEARCH_ANGSTROM:g} Å, {expected}"
    nearest = pairs.distance_angstrom.argmin()
    symbol, distance = _symbol(number[pairs.neighbour[nearest]]), pairs.distance_angstrom[nearest]
    return f"{site}: nearest atom {symbol} at {distance:.2f} Å, {expected}"


def _symbol(atomic_number: int) -> str:
    return str(Element.from_Z(int(atomic_number)).symbol)
