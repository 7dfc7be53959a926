"""Refine the best candidates of a screening; what that needs is asked for before the screening."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.refined_candidates import PlannedCandidates
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.refiners import build_refiner
from paraisite.core.csv_tables import write_csv
from paraisite.core.progress import CountProgress
from paraisite.errors import DataError
from paraisite.inference.predictor import Predictor
from paraisite.inference.refiner import Refiner, RefiningOptions
from paraisite.labels.potential import require_potential
from paraisite.reports.refined_rows import may_spend, refined_candidates_table
from paraisite.reports.terminal import print_line, print_table
from paraisite.schema import ROW
from paraisite.screening.chunks import Source

REFINED_FILE: Final = "_refined.csv"
"""Of the refined candidates, in the screening's folder; readers of parquet data sets pass over names that begin so."""


@dataclass(frozen=True, eq=False)
class ScreenedCandidates:
    """The candidates of a screening that are to be refined.

    Attributes:
        refiner: What computes them.
        n_row: How many, the best ones as ``select`` lists them.
        refining: How much may be spent on that.
    """

    refiner: Refiner
    n_row: int
    refining: RefiningOptions

    @classmethod
    def prepare(cls, predictor: Predictor, model: str, n_row: int, refining: RefiningOptions | None) -> Self:
        """Raise what would be raised once the screening is done.

        Args:
            predictor: The screening's model.
            model: Its name.
            n_row: How many to refine.
            refining: How much may be spent; None for what somebody agrees to.

        Raises:
            ParaisiteError: Nobody has agreed to what it costs, or what it needs is not installed.
        """
        refining = refining or RefiningOptions()
        refining.require_answer()
        refiner = build_refiner(predictor, name=model)
        require_potential(refiner.store.potential)
        return cls(refiner, n_row, refining)

    def refine(self, folder: Path, source: Source, *, n_process: int) -> None:
        """Refine them, write their rows into the screening's folder and print them.

        Args:
            folder: Of a screening that is complete.
            source: What was screened.
            n_process: Processes on this machine.

        Raises:
            DataError: All rows lie outside the applicability domain.
        """
        screened = ScreenedRows.open(folder, source)
        selection = Selection.from_screening(screened, Criteria(n_row=self.n_row))
        try:
            listed = selection.select_candidates()[1].rows
        except DataError as error:
            raise DataError(
                f"the screening is complete, but no row is refined, as none is that lies outside the domain: {error}"
            ) from error
        structures = [selection.structures[int(row)] for row in listed[ROW]]
        max_minutes = self.refining.max_minutes
        candidates = PlannedCandidates.plan(listed, structures, self.refiner, max_minutes=max_minutes)
        if not may_spend(self.refiner, candidates.named_plans, self.refining):
            return
        with CountProgress("refining", unit="crystals") as progress:
            computed = candidates.compute(
                self.refiner,
                n_process=n_process,
                on_crystal=lambda done, total: progress.update(n_done=done, n_total=total),
            )
        refined = candidates.refine(self.refiner, computed)
        path = screened.folder / REFINED_FILE
        write_csv(refined, path, float_format="%.6g")
        print_table(refined_candidates_table(refined), title="Best candidates, refined; W/m/K, 80 % intervals")
        print_line(f"Refined candidates: {path}")
