"""The best candidates of a screening, their predictions refined side by side; what was interrupted goes on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.core.workers import WorkerPool
from paraisite.inference.refinement import without_refined_value
from paraisite.inference.refiner import REFINED_CPU_MINUTES, RefinementPlan, Refiner
from paraisite.inference.rows import interval_keys
from paraisite.labels.phonon_store import CPU_MINUTES, PhononStore
from paraisite.schema import COVERAGES, MATERIAL_ID, REASON, interval_columns

_LOST: Final = "a process was ended from outside (out of memory?); the same command goes on where it stopped"


@dataclass(frozen=True, eq=False)
class PlannedCandidates:
    """Candidates with what it takes to refine them.

    Attributes:
        rows: Of the screening, the best first.
        structures: Of each row.
        plans: For each row.
    """

    rows: pd.DataFrame
    structures: Sequence[Structure]
    plans: Sequence[RefinementPlan]

    @classmethod
    def plan(
        cls, rows: pd.DataFrame, structures: Sequence[Structure], refiner: Refiner, *, max_minutes: float | None
    ) -> "PlannedCandidates":
        """Estimate the costs; arguments as for ``Refiner.plan``."""
        predicted = [_as_prediction(row) for row in rows.to_dict("records")]
        plans = [
            refiner.plan(row, structure, max_minutes=max_minutes)
            for row, structure in zip(predicted, structures, strict=True)
        ]
        return cls(rows, structures, plans)

    @property
    def named_plans(self) -> list[tuple[str, RefinementPlan]]:
        """Each candidate's id and plan."""
        return list(zip(self.rows[MATERIAL_ID].astype(str), self.plans, strict=True))

    def compute(
        self, refiner: Refiner, *, n_process: int, on_crystal: Callable[[int, int], None]
    ) -> dict[int, dict[str, Any]]:
        """Compute the phonons that are missing; each crystal's are kept as soon as they are there.

        Args:
            refiner: Its potential is loaded by each process, its store is filled.
            n_process: Processes side by side, one thread each.
            on_crystal: Called with how many are done, and of how many.

        Returns:
            What was computed, by the candidate's place.
        """
        missing = [
            (place, structure)
            for place, (structure, plan) in enumerate(zip(self.structures, self.plans, strict=True))
            if plan.refusal is None and plan.cost is not None
        ]
        on_crystal(0, len(missing))
        computed: dict[int, dict[str, Any]] = {}
        if not missing:
            return computed
        with WorkerPool(min(n_process, len(missing)), refiner.load_calculator, if_lost=_LOST) as pool:
            for (place, _), phonons in pool.imap_unordered(partial(_compute, refiner.store), missing):
                computed[place] = phonons
                on_crystal(len(computed), len(missing))
        return computed

    def refine(self, refiner: Refiner, computed: Mapping[int, dict[str, Any]]) -> pd.DataFrame:
        """Return the rows with the refined columns.

        Args:
            refiner: As before.
            computed: What ``compute`` returned; the other phonons are in the store.
        """
        refined = []
        for place, (row, structure, plan) in enumerate(
            zip(self.rows.to_dict("records"), self.structures, self.plans, strict=True)
        ):
            phonons = None if plan.refusal is not None else computed.get(place) or refiner.store.find(structure)
            if phonons is None:
                columns = without_refined_value(plan.refusal or "its phonons were not computed")
                refined.append(columns | {REFINED_CPU_MINUTES: None})
                continue
            columns = refiner.refinement.refine(refiner.predictor, structure, _as_prediction(row), phonons)
            refined.append(columns | {REFINED_CPU_MINUTES: phonons[CPU_MINUTES]})
        return pd.concat([self.rows.reset_index(drop=True), pd.DataFrame(refined)], axis=1)


def _compute(store: PhononStore, calculator: Any, candidate: tuple[int, Structure]) -> dict[str, Any]:
    return store.compute(candidate[1], calculator)


def _as_prediction(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a candidate's row, which has a prediction, with the keys of a prediction's row."""
    ends = {
        key: row[column]
        for coverage in COVERAGES
        for key, column in zip(interval_keys(coverage), interval_columns(coverage), strict=True)
    }
    return {**ends, REASON: None}
