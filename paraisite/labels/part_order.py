"""The order in which a campaign takes crystals: small cells first, cheap ones and rare types before others."""

import logging
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from pymatgen.core.structure import Structure

from paraisite.core.progress import ignore_progress
from paraisite.labels.campaign import CampaignPart, OnEstimate
from paraisite.labels.failures import FAILURES
from paraisite.labels.phonon_cost import estimate_phonon_cost
from paraisite.labels.phonon_settings import LABELS

logger = logging.getLogger(__name__)

SMALL_CELL: Final = 8
"""Atoms; crystals with more come last, by their size."""


@dataclass(frozen=True)
class CheapAndVaried:
    """Orders the parts of a campaign that has one crystal in each: by cost times the crystal's number within its type.

    Cost alone would take a hundred rock salts one after the other; types in turn would compute one crystal of an
    expensive type in the time of ten others.

    Attributes:
        structures: Of all parts.
        structure_types: Likewise.
    """

    structures: Sequence[Structure]
    structure_types: Sequence[str]

    def __call__(
        self, parts: Sequence[CampaignPart], done: Collection[str], *, on_estimate: OnEstimate = ignore_progress
    ) -> list[CampaignPart]:
        """Return the parts that are missing, in the order in which they are taken; only their costs are estimated.

        Args:
            parts: All of the campaign, in the order of the structures.
            done: Names of those that are done, which count before others of their type.
            on_estimate: Called with the number of costs that are estimated, and of all.
        """
        costs = self._estimate_costs([part.name in done for part in parts], on_estimate)
        is_large = [len(structure) > SMALL_CELL for structure in self.structures]
        by_cost = sorted(range(len(parts)), key=lambda number: (is_large[number], costs[number], number))
        weighed: dict[int, float] = {}
        n_of_type: Counter[str] = Counter()
        for number in by_cost:
            n_of_type[self.structure_types[number]] += 1
            weighed[number] = costs[number] * n_of_type[self.structure_types[number]]
        in_order = sorted(by_cost, key=lambda number: (is_large[number], weighed[number]))
        return [parts[number] for number in in_order if parts[number].name not in done]

    def _estimate_costs(self, is_done: Sequence[bool], on_estimate: OnEstimate) -> list[float]:
        """Return what each crystal costs, in minutes: nothing if it is done; of large cells the number of atoms."""
        costs = [0.0 if done else float(len(each)) for each, done in zip(self.structures, is_done, strict=True)]
        small = [number for number, cost in enumerate(costs) if 0.0 < cost <= SMALL_CELL]
        if not small:
            return costs
        logger.info("cheap crystals come first: what %d small ones cost is estimated", len(small))
        for n_estimated, number in enumerate(small, start=1):
            costs[number] = _estimate_minutes(self.structures[number])
            on_estimate(n_estimated, len(small))
        return costs


def _estimate_minutes(structure: Structure) -> float:
    """Return what a crystal's conductivity costs; infinity where it is refused, which its row will say."""
    try:
        return estimate_phonon_cost(structure, LABELS).cpu_minutes
    except FAILURES:
        return math.inf
