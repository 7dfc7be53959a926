"""What is known when candidates are selected: accurate conductivities, and the formulas of the training materials."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paraisite.active_learning.diversity import Identity, find_space_group
from paraisite.data.datasets.table import Dataset
from paraisite.schema import FORMULA, KAPPA


@dataclass(frozen=True, eq=False)
class KnownConductivities:
    """What a list of candidates shows beside them, and what a list of materials to compute next leaves out.

    Attributes:
        accurate: Materials of known conductivity.
        formulas: Reduced formulas of the training materials by id, those of our own labels among them: a label is no
            known conductivity, and may be the nearest training material.
    """

    accurate: Dataset
    formulas: Mapping[str, str]

    @cached_property
    def by_identity(self) -> dict[Identity, float]:
        """The known conductivities, W/m/K, by formula and space group."""
        groups = [find_space_group(structure) for structure in self.accurate.structures]
        table = self.accurate.table
        return dict(zip(zip(table[FORMULA], groups, strict=True), table[KAPPA], strict=True))

    @property
    def lowest_log10(self) -> float:
        """log10 of the lowest known conductivity, W/m/K."""
        return float(np.log10(self.accurate.table[KAPPA].min()))
