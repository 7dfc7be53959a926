"""Descriptors of crystals that may be unusable, each of which then has its reason.

The pairs that descriptors need tell as well whether atoms overlap, or are far from all others.
"""

from typing import NamedTuple

import numpy as np

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.validation import find_overlaps, find_unusable
from paraisite.features.crystal_descriptors import CRYSTAL_DESCRIPTORS, cut_into_chunks, describe_by_pairs
from paraisite.features.neighbour_shells import TOO_SPARSE, Pairs, find_pairs
from paraisite.graphs.nearest_shells import MAX_NEAREST_ANGSTROM, describe_isolated


class DescribedCrystals(NamedTuple):
    """Descriptors of the crystals that have some.

    Attributes:
        descriptors: The columns of ``CRYSTAL_DESCRIPTORS`` of the crystals without a reason, [n_row, n_descriptor].
        reasons: Why a crystal has none, by its number.
    """

    descriptors: Floats
    reasons: dict[int, str]


def describe_crystals(crystals: CrystalArrays) -> DescribedCrystals:
    """Return descriptors of all crystals that can be used; the reasons of the others are those of ``graphs.build``."""
    parts, reasons, n_done = [np.zeros((0, len(CRYSTAL_DESCRIPTORS)))], dict[int, str](), 0
    for some in cut_into_chunks(crystals):
        found = _describe_chunk(some)
        parts.append(found.descriptors)
        reasons |= {n_done + row: reason for row, reason in found.reasons.items()}
        n_done += len(some)
    return DescribedCrystals(np.concatenate(parts), reasons)


def _describe_chunk(crystals: CrystalArrays) -> DescribedCrystals:
    if reasons := find_unusable(crystals):
        return _describe_others(crystals, reasons)
    pairs, sparse = find_pairs(crystals)
    if reasons := dict.fromkeys(sparse.tolist(), TOO_SPARSE) | _find_misplaced(crystals, pairs):
        return _describe_others(crystals, reasons)
    return DescribedCrystals(describe_by_pairs(crystals, pairs), {})


def _describe_others(crystals: CrystalArrays, reasons: dict[int, str]) -> DescribedCrystals:
    """Describe a few crystals again without those that cannot be used."""
    rows = np.setdiff1d(np.arange(len(crystals)), list(reasons))
    found = _describe_chunk(crystals.take(rows))
    more = {int(rows[place]): reason for place, reason in found.reasons.items()}
    return DescribedCrystals(found.descriptors, dict(sorted((reasons | more).items())))


def _find_misplaced(crystals: CrystalArrays, pairs: Pairs) -> dict[int, str]:
    """Return the crystals whose atoms overlap, or one of which is isolated; those without pairs are passed over."""
    nearest = np.zeros(len(crystals.atomic_number))
    first = np.flatnonzero(np.diff(pairs.centre, prepend=-1))
    if len(first):
        nearest[pairs.centre[first]] = np.minimum.reduceat(pairs.distance_angstrom, first)
    reasons = {}
    for atom in np.flatnonzero(nearest > MAX_NEAREST_ANGSTROM)[::-1].tolist():
        row = int(crystals.crystal_of_atom[atom])
        place = np.array([atom - crystals.atom_offset[row]])
        reasons[row] = describe_isolated(crystals, row, place, limit_angstrom=MAX_NEAREST_ANGSTROM)
    return reasons | find_overlaps(crystals, pairs.centre, pairs.neighbour, pairs.distance_angstrom)
