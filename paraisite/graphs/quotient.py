"""Full graphs and their exact quotients, vectorised over many crystals at once.

MEGNet sees elements, distances and connectivity only. Atoms that colour refinement (1-WL on the bond-labelled
multigraph) cannot tell apart therefore have identical features in every layer, and so do bonds that agree in the
colours of both ends and in distance. The quotient keeps one atom per colour and one bond per class, with
multiplicities; weighting every mean and softmax by them gives the same function.
"""

from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Hashes, offsets
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.neighbours import Bonds

MAX_SHELL_WIDTH_TOLERANCES: Final = 2.0
"""A distance shell is never wider than this many tolerances, however many distances chain up."""

_MAX_HALVINGS: Final = 20
Scalar = TypeVar("Scalar", bound=np.generic)


def full_graphs(crystals: CrystalArrays, bonds: Bonds) -> GraphCollection:
    """Return every crystal's graph as it is, all multiplicities 1.

    Args:
        crystals: The crystals; each atom has a bond.
        bonds: Their bonds, sorted by centre.
    """
    crystal_of_bond = crystals.crystal_of_atom[bonds.centre]
    first_atom = crystals.atom_offset[crystal_of_bond]
    return GraphCollection(
        n_atom=crystals.n_atom.astype(np.int32),
        n_bond=np.bincount(crystal_of_bond, minlength=len(crystals)).astype(np.int32),
        atomic_number=crystals.atomic_number.astype(np.int32),
        atom_multiplicity=np.ones(len(crystals.atomic_number), np.float32),
        bond_centre=(bonds.centre - first_atom).astype(np.int32),
        bond_neighbour=(bonds.neighbour - first_atom).astype(np.int32),
        bond_distance_angstrom=bonds.distance_angstrom.astype(np.float32),
        bond_multiplicity=np.ones(len(bonds.centre), np.float32),
    )


def quotient_graphs(crystals: CrystalArrays, bonds: Bonds, *, distance_tolerance_angstrom: float) -> GraphCollection:
    """Return every crystal's quotient graph.

    A class's distance is the mean over its bonds. Atoms come sorted by atomic number and then by a hash of their
    surroundings, bonds by centre, neighbour and distance: the result depends neither on the order of the atoms nor
    on origin or cell, except that ``atom_multiplicity`` counts the atoms of the given cell.

    Args:
        crystals: The crystals; each atom has a bond.
        bonds: Their bonds, sorted by centre.
        distance_tolerance_angstrom: Distances within this count as equal, Å; see `distance_shells`.
    """
    crystal_of_bond = crystals.crystal_of_atom[bonds.centre]
    shell = distance_shells(
        crystal_of_bond, bonds.distance_angstrom, distance_tolerance_angstrom=distance_tolerance_angstrom
    )
    colour, first_atom = _colour_classes(crystals, _refine(crystals, bonds, shell))
    crystal_of_class = crystals.crystal_of_atom[first_atom]
    n_class = np.bincount(crystal_of_class, minlength=len(crystals))
    class_size = np.bincount(colour, minlength=len(first_atom))
    local = colour - offsets(n_class)[crystals.crystal_of_atom]

    key = (colour[bonds.centre] * int(n_class.max(initial=1)) + local[bonds.neighbour]) * (
        int(shell.max(initial=0)) + 1
    ) + shell
    order = np.argsort(key)
    start = _group_starts(key[order])
    count = np.diff(start, append=len(key))
    member = order[start]
    centre = colour[bonds.centre[member]]
    return GraphCollection(
        n_atom=n_class.astype(np.int32),
        n_bond=np.bincount(crystal_of_class[centre], minlength=len(crystals)).astype(np.int32),
        atomic_number=crystals.atomic_number[first_atom].astype(np.int32),
        atom_multiplicity=class_size.astype(np.float32),
        bond_centre=local[bonds.centre[member]].astype(np.int32),
        bond_neighbour=local[bonds.neighbour[member]].astype(np.int32),
        bond_distance_angstrom=(_sum_groups(bonds.distance_angstrom[order], start) / count).astype(np.float32),
        bond_multiplicity=(count / class_size[centre]).astype(np.float32),
    )


def distance_shells(
    crystal_of_bond: npt.NDArray[np.int64],
    distance_angstrom: npt.NDArray[np.float64],
    *,
    distance_tolerance_angstrom: float,
) -> npt.NDArray[np.int64]:
    """Number each crystal's distinct distances from 0, in ascending order.

    Sorted distances are cut wherever they jump by more than the tolerance, so no fixed boundary can separate two
    equal ones. Where distances chain up to a run wider than `MAX_SHELL_WIDTH_TOLERANCES` tolerances, that run alone
    is cut again at jumps above half the tolerance, then a quarter, … until no piece is wider.

    Args:
        crystal_of_bond: int64 [n_bond], ascending.
        distance_angstrom: float64 [n_bond], Å.
        distance_tolerance_angstrom: Å.

    Returns:
        int64 [n_bond], the shell within the bond's crystal.
    """
    span = float(distance_angstrom.max(initial=0.0)) + 1.0
    order = np.argsort(crystal_of_bond * span + distance_angstrom)
    crystal, distance = crystal_of_bond[order], distance_angstrom[order]
    jump = np.diff(distance, prepend=-np.inf)
    first = np.diff(crystal, prepend=-1) != 0
    cut = first | (jump > distance_tolerance_angstrom)
    for halving in range(1, _MAX_HALVINGS + 1):
        start = np.flatnonzero(cut)
        n_member = np.diff(start, append=len(cut))
        too_wide = distance[start + n_member - 1] - distance[start] > (
            MAX_SHELL_WIDTH_TOLERANCES * distance_tolerance_angstrom
        )
        if not too_wide.any():
            break
        cut |= np.repeat(too_wide, n_member) & (jump > distance_tolerance_angstrom / 2**halving)
    number = np.cumsum(cut)
    shell = np.empty(len(order), np.int64)
    shell[order] = number - number[first][np.cumsum(first) - 1]
    return shell


def _refine(crystals: CrystalArrays, bonds: Bonds, shell: npt.NDArray[np.int64]) -> Hashes:
    """Refine colours until each crystal's number of them is stable; colours are 64-bit hashes, equal if alike.

    A multiset is hashed as the sum of its mixed members. Two different surroundings in one crystal of n atoms
    collide with a probability near n²/2^65, which is neglected.
    """
    shell_hash = _mix(shell.astype(np.uint64) + np.uint64(0x9E37_79B9_7F4A_7C15))
    start = _group_starts(bonds.centre)
    colour = _mix(crystals.atomic_number.astype(np.uint64))
    n_colour = _count_colours(crystals, colour)
    while True:
        surroundings = _sum_groups(_mix(colour[bonds.neighbour] + shell_hash), start)
        colour = _mix(colour * np.uint64(3) + surroundings)
        refined = _count_colours(crystals, colour)
        if refined == n_colour:
            return colour
        n_colour = refined


def _colour_classes(
    crystals: CrystalArrays, colour_hash: Hashes
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the colours over all crystals, by crystal, atomic number and hash.

    Returns:
        Each atom's class, int64 [sum of n_atom], and one atom of each class, int64 [n_class].
    """
    order = np.lexsort((colour_hash, crystals.atomic_number, crystals.crystal_of_atom))
    new = (np.diff(colour_hash[order], prepend=np.uint64(0)) != 0) | (
        np.diff(crystals.crystal_of_atom[order], prepend=-1) != 0
    )
    classes = np.empty(len(order), np.int64)
    classes[order] = np.cumsum(new) - 1
    return classes, order[new]


def _count_colours(crystals: CrystalArrays, colour_hash: Hashes) -> int:
    """Return the number of colours, summed over the crystals (none of them can fall in a refinement)."""
    n_bit = np.uint64(len(crystals).bit_length())
    key = np.sort(crystals.crystal_of_atom.astype(np.uint64) << (np.uint64(64) - n_bit) | (colour_hash >> n_bit))
    return int(np.count_nonzero(np.diff(key))) + 1


def _mix(values: Hashes) -> Hashes:
    """Scramble 64 bits one to one (the finaliser of splitmix64)."""
    values = values ^ (values >> np.uint64(30))
    values *= np.uint64(0xBF58_476D_1CE4_E5B9)
    values ^= values >> np.uint64(27)
    values *= np.uint64(0x94D0_49BB_1331_11EB)
    values ^= values >> np.uint64(31)
    return values


def _group_starts(sorted_key: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return where each run of equal keys starts."""
    return np.flatnonzero(np.diff(sorted_key, prepend=-1))


def _sum_groups(values: npt.NDArray[Scalar], start: npt.NDArray[np.int64]) -> npt.NDArray[Scalar]:
    """Return the sum of each consecutive group; `start` holds where the groups begin."""
    sums: npt.NDArray[Scalar] = np.add.reduceat(values, start) if len(start) else values[:0]
    return sums
