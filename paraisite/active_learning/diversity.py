"""From ranked rows to a list without repetitions: the ranking is walked down, and what is like a listed row is left."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure
from sklearn.preprocessing import StandardScaler

from paraisite.arrays import Floats
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.features.descriptors import compute_structure_descriptors, find_symmetry
from paraisite.schema import FORMULA, NEAREST_MATERIAL, ROW

SPACE_GROUP: Final = "space_group"
"""Column: the number of the space group."""

DUPLICATE: Final = "same formula and space group"
OF_FORMULA: Final = "enough of the formula"
OF_NEAREST: Final = "enough near the same known material"
TOO_NEAR: Final = "too near in descriptors"
KNOWN: Final = "its label is known"

Identity = tuple[str, int]
"""Reduced formula and number of the space group."""


@dataclass(frozen=True)
class Diversity:
    """What makes a list diverse.

    Attributes:
        per_formula: Rows of a reduced formula at most; their space groups differ.
        per_nearest: Rows with the same nearest training material at most; None for no such rule.
        min_distance: Root mean square difference of descriptors, in standard deviations, to every row that is listed
            before, at least; 0 for no such rule.
    """

    per_formula: int = 1
    per_nearest: int | None = None
    min_distance: float = 0.5


@dataclass(frozen=True, eq=False)
class CandidateList:
    """A list.

    Attributes:
        rows: With their space groups, in the order of the ranking.
        left_out: How many better-ranked rows than the last listed one each rule has left out.
    """

    rows: pd.DataFrame
    left_out: dict[str, int]

    @property
    def identities(self) -> list[Identity]:
        """Formula and space group of each row."""
        return list(zip(self.rows[FORMULA], self.rows[SPACE_GROUP], strict=True))


def select_diverse_rows(
    ranked: pd.DataFrame,
    structures: Mapping[int, Structure],
    rules: Diversity,
    *,
    n_row: int,
    known: Collection[Identity] = (),
) -> CandidateList:
    """Walk down a ranking and list what is like no row before it.

    Args:
        ranked: Rows, the best first.
        structures: Theirs, by the number of the row.
        rules: What is alike.
        n_row: How many rows to list.
        known: Crystals that are not to be listed.
    """
    crystals = [structures[row] for row in ranked[ROW]]
    with_groups = ranked.assign(**{SPACE_GROUP: [find_space_group(crystal) for crystal in crystals]})
    walk = _DiverseSelection(rules, standardise_descriptors(crystals), known)
    for place, row in enumerate(with_groups.to_dict("records")):
        if len(walk.listed) == n_row:
            break
        walk.visit(place, str(row[FORMULA]), int(row[SPACE_GROUP]), str(row.get(NEAREST_MATERIAL)))
    return CandidateList(with_groups.iloc[walk.listed].reset_index(drop=True), dict(walk.left_out))


class _DiverseSelection:
    """Follows what has been listed."""

    def __init__(self, rules: Diversity, descriptors: Floats, known: Collection[Identity]) -> None:
        self.listed: list[int] = []
        self.left_out: Counter[str] = Counter()
        self._rules, self._descriptors, self._known = rules, descriptors, known
        self._crystals: set[Identity] = set()
        self._of_formula: Counter[str] = Counter()
        self._of_nearest: Counter[str] = Counter()

    def visit(self, place: int, formula: str, space_group: int, nearest: str) -> None:
        """List a row, or count why not."""
        if reason := self._reason(place, formula, space_group, nearest):
            self.left_out[reason] += 1
            return
        self.listed.append(place)
        self._crystals.add((formula, space_group))
        self._of_formula[formula] += 1
        self._of_nearest[nearest] += 1

    def _reason(self, place: int, formula: str, space_group: int, nearest: str) -> str | None:
        rules = self._rules
        if (formula, space_group) in self._known:
            return KNOWN
        if (formula, space_group) in self._crystals:
            return DUPLICATE
        if self._of_formula[formula] >= rules.per_formula:
            return OF_FORMULA
        if rules.per_nearest is not None and self._of_nearest[nearest] >= rules.per_nearest:
            return OF_NEAREST
        differences = self._descriptors[self.listed] - self._descriptors[place]
        if len(differences) and np.sqrt((differences**2).mean(axis=1)).min() < rules.min_distance:
            return TOO_NEAR
        return None


def standardise_descriptors(crystals: Sequence[Structure]) -> Floats:
    """Return physical and ionic descriptors, each with mean 0 and deviation 1 over the crystals."""
    standardised: Floats = StandardScaler().fit_transform(
        compute_structure_descriptors(CrystalArrays.from_structures(crystals))
    )
    return standardised


def find_space_group(crystal: Structure) -> int:
    """Return the number of a crystal's space group."""
    return int(find_symmetry(crystal).get_space_group_number())
