"""Which of many crystals can be supercells at all: most are not, and few shifts have to be tried to see it.

The same shifts and the same atoms as ``primitive_cell`` begins with, for all crystals at once. What it begins with
leaves no shift of a crystal that is found primitive here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from paraisite.arrays import Bools, Floats, Ints, offsets, ragged_arange
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.primitive_cell import TOLERANCE_ANGSTROM

_MAX_COMPARED: Final = 100_000
"""Pairs of shifts and atoms of one crystal, above which it is looked at alone."""

_N_PROBE: Final = 6
_N_SPREAD: Final = 8
_N_ELEMENT: Final = 128


@dataclass(frozen=True, eq=False)
class _Groups:
    """Atoms of one element of one crystal, the crystals' rarest elements first.

    Attributes:
        atom: All atoms, group by group, [n_atom].
        first: Where each group begins in these, [n_group].
        size: Its number of atoms, [n_group].
        of_crystal: Where each crystal's groups begin, [n_crystal + 1].
    """

    atom: Ints
    first: Ints
    size: Ints
    of_crystal: Ints

    @classmethod
    def sort(cls, crystals: CrystalArrays) -> "_Groups":
        """Sort atoms, the lighter element first where two are as rare."""
        key = crystals.crystal_of_atom * _N_ELEMENT + crystals.atomic_number
        names, group, size = np.unique(key, return_inverse=True, return_counts=True)
        crystal = names // _N_ELEMENT
        order = np.lexsort((size, crystal))
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order))
        n_group = np.bincount(crystal, minlength=len(crystals))
        size = size[order]
        return cls(np.argsort(rank[group], kind="stable"), offsets(size)[:-1], size, offsets(n_group))


def mark_possible_supercells(crystals: CrystalArrays) -> Bools:
    """Return which crystals a shift may bring onto themselves, bool [n_crystal]; all have atoms, and elements only."""
    groups = _Groups.sort(crystals)
    rarest = groups.of_crystal[:-1]
    possible: Bools = np.gcd.reduceat(groups.size, rarest) > 1
    n_compared = groups.size[rarest] * np.maximum.reduceat(groups.size, rarest)
    tried = np.flatnonzero(possible & (n_compared <= _MAX_COMPARED))
    crystal, shift = _list_shifts(crystals, groups, tried)
    for number in range(1, _N_PROBE + 1):
        # The first atom of the rarest element fits by itself; then its last one, and the first and last of the next.
        group = np.minimum(groups.of_crystal[crystal] + number // 2, groups.of_crystal[crystal + 1] - 1)
        place = groups.first[group] + np.where(number % 2, groups.size[group] - 1, 0)
        crystal, shift = _keep_fitting(crystals, groups, crystal, shift, group, place)
    # Few shifts are left, and atoms from all over their crystals refuse most of these.
    for share in np.linspace(0.0, 1.0, _N_SPREAD):
        place = crystals.atom_offset[crystal] + np.rint(share * (crystals.n_atom[crystal] - 1)).astype(np.int64)
        group = np.searchsorted(groups.first, place, side="right") - 1
        crystal, shift = _keep_fitting(crystals, groups, crystal, shift, group, place)
    possible[tried] = np.isin(tried, crystal)
    return possible


def _list_shifts(crystals: CrystalArrays, groups: _Groups, rows: Ints) -> tuple[Ints, Floats]:
    """Return the shifts from the first atom of some crystals' rarest element to the others, and their crystals."""
    group = groups.of_crystal[rows]
    n_shift = groups.size[group] - 1
    others = groups.atom[ragged_arange(groups.first[group] + 1, n_shift)]
    first = np.repeat(groups.atom[groups.first[group]], n_shift)
    shift = crystals.frac_coords[others] - crystals.frac_coords[first]
    return np.repeat(rows, n_shift), shift - np.round(shift)


def _keep_fitting(
    crystals: CrystalArrays, groups: _Groups, crystal: Ints, shift: Floats, group: Ints, place: Ints
) -> tuple[Ints, Floats]:
    """Return the crystals and shifts that bring an atom, at its place among the groups, onto one of its group."""
    kept = _fits(crystals, groups, crystal, group, crystals.frac_coords[groups.atom[place]] + shift)
    return crystal[kept], shift[kept]


def _fits(crystals: CrystalArrays, groups: _Groups, crystal: Ints, group: Ints, places: Floats) -> Bools:
    """Return whether an atom of a group of its crystal is near enough to each place, bool [n_place]."""
    if not len(places):
        return np.zeros(0, np.bool_)
    size = groups.size[group]
    atoms = groups.atom[ragged_arange(groups.first[group], size)]
    length = np.linalg.norm(crystals.lattice_angstrom, axis=2)[crystal]
    apart = np.repeat(places, size, axis=0) - crystals.frac_coords[atoms]
    distance = (np.abs(apart - np.round(apart)) * np.repeat(length, size, axis=0)).max(axis=1)
    return np.asarray(np.minimum.reduceat(distance, offsets(size)[:-1]) <= 2 * TOLERANCE_ANGSTROM)
