"""Criteria for selecting rows of a screening, and the lists of candidates that meet them."""

import re
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.active_learning.acquisition import ACQUISITIONS, EXPECTED_IMPROVEMENT
from paraisite.active_learning.diversity import CandidateList, Diversity, select_diverse_rows
from paraisite.active_learning.filters import Filters, make_stability_bound
from paraisite.active_learning.known_conductivities import KnownConductivities
from paraisite.active_learning.ranking import (
    PredictiveStd,
    RankedRows,
    Score,
    build_estimate,
    make_confidence_score,
    measure_predictive_std,
    select_best_rows,
)
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.schema import FORMULA, MATERIAL_ID, NEAREST_MATERIAL, ROW

KNOWN_KAPPA: Final = "known_kappa_w_per_m_k"
"""Column: kappa of the known material with the same formula and space group, W/m/K."""
NEAREST_FORMULA: Final = "nearest_formula"
"""Column: formula of the training material that is nearest to a candidate."""
CIF: Final = "cif"
"""Column: name of the file with a candidate's structure."""

_POOL: Final = 10
"""Ranked rows that are considered for each row of a list: similar ones among them are left out."""


@dataclass(frozen=True, eq=False)
class Criteria:
    """What candidates are selected by.

    Attributes:
        filters: What rows have to meet.
        diversity: Which rows count as duplicates of each other.
        n_row: How many candidates.
        coverage: Of the intervals by whose upper end they are ranked.
        stable_ev_per_atom: Energy above the hull that counts as stable; None where stability does not matter.
        n_next: How many materials to propose for labelling next; 0 for none.
        by: How these are chosen: one of ``ACQUISITIONS``.
        seed: For choices by chance.
    """

    filters: Filters = field(default_factory=Filters)
    diversity: Diversity = field(default_factory=Diversity)
    n_row: int = 20
    coverage: float = 0.8
    stable_ev_per_atom: float | None = None
    n_next: int = 0
    by: str = EXPECTED_IMPROVEMENT
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Selection:
    """The selection of candidates from a screening.

    Attributes:
        screened: The screening.
        criteria: What candidates are selected by.
        filters: What rows have to meet, stability included.
        deviations: Standard deviations of the predictions.
        structures: Those that were read so far, by row.
    """

    screened: ScreenedRows
    criteria: Criteria
    filters: Filters
    deviations: PredictiveStd
    structures: dict[int, Structure] = field(default_factory=dict)

    @classmethod
    def from_screening(cls, screened: ScreenedRows, criteria: Criteria) -> Self:
        """Measure the standard deviations of the rows that pass.

        Args:
            screened: The screening.
            criteria: What candidates are selected by.

        Raises:
            ConfigError: A rule asks for what is not known.
        """
        columns = [*screened.columns, *screened.source_columns]
        filters = criteria.filters.with_present_names(columns)
        if criteria.stable_ev_per_atom is not None:
            filters = filters.add_bound(make_stability_bound(columns, at_most_ev_per_atom=criteria.stable_ev_per_atom))
        return cls(screened, criteria, filters, measure_predictive_std(screened, filters))

    def select_candidates(self) -> tuple[RankedRows, CandidateList]:
        """Return the ranking by the upper end of the intervals, and the list."""
        ranked = self._ranked(make_confidence_score(self.criteria.coverage), self.criteria.n_row)
        return ranked, select_diverse_rows(
            ranked.rows, self.structures, self.criteria.diversity, n_row=self.criteria.n_row
        )

    def select_next(self, known: KnownConductivities) -> CandidateList:
        """Return what to compute next; what is known is left out."""
        rule, rng = ACQUISITIONS[self.criteria.by], np.random.default_rng(self.criteria.seed)
        lowest = known.lowest_log10
        ranked = self._ranked(lambda rows: rule(build_estimate(rows), lowest, rng), self.criteria.n_next)
        return select_diverse_rows(
            ranked.rows, self.structures, self.criteria.diversity, n_row=self.criteria.n_next, known=known.by_identity
        )

    def _ranked(self, score: Score, n_row: int) -> RankedRows:
        ranked = select_best_rows(self.screened, self.filters, score, deviations=self.deviations, n_row=_POOL * n_row)
        self.structures.update(self.screened.structures(set(ranked.rows[ROW]) - set(self.structures)))
        return ranked

    def describe(self, listed: CandidateList, known: KnownConductivities) -> pd.DataFrame:
        """Return a list with the values of its elements, known conductivities, nearest formulas and names of files."""
        rows = listed.rows
        of_elements = pd.DataFrame([self.filters.elements.compute_columns(formula) for formula in rows[FORMULA]])
        described = pd.concat([rows, of_elements], axis=1)
        described[KNOWN_KAPPA] = [known.by_identity.get(identity, np.nan) for identity in listed.identities]
        if NEAREST_MATERIAL in rows:
            described[NEAREST_FORMULA] = rows[NEAREST_MATERIAL].map(known.formulas)
        described[CIF] = [
            make_cif_name(str(name), int(row)) for name, row in zip(rows[MATERIAL_ID], rows[ROW], strict=True)
        ]
        return described

    def list_parameters(self) -> dict[str, str]:
        """Return what the lists depend on, as a run shows it."""
        criteria, filters = self.criteria, self.filters
        return {
            "screening": str(self.screened.folder),
            "source_sha256": self.screened.source.digest,
            "coverage": str(criteria.coverage),
            "in_domain": str(filters.in_domain),
            "bounds": "; ".join(map(str, filters.bounds)) or "none",
            "with_elements": " ".join(sorted(filters.with_elements)) or "any",
            "without_elements": " ".join(sorted(filters.without_elements)) or "none",
            "diversity": str(criteria.diversity),
            "next_by": criteria.by if criteria.n_next else "none",
        }


def make_cif_name(material_id: str, row: int) -> str:
    """Return the name of the file of a row's structure; ids may hold what a file's name may not."""
    return f"{row}-{make_safe_name(material_id)}.cif"


def make_safe_name(text: str) -> str:
    """Return a text as the name of a file or folder: other characters than letters, digits, . _ + - become -."""
    return re.sub(r"[^\w.+-]+", "-", text, flags=re.ASCII).strip(".-") or "crystal"
