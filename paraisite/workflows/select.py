"""Choosing from a screening by name: the candidates, what to compute next, and a replay of such choices."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from rich.console import Console

from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.diversity import CandidateList
from paraisite.active_learning.ranking import RankedRows
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.candidate_lists import CANDIDATES_FILE, NEXT_FILE, last_screening, write_candidates
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.structure_sources import find_source
from paraisite.config import load_config
from paraisite.core.paths import CANDIDATES
from paraisite.reports.candidates import candidates_figure, candidates_table
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render
from paraisite.schema import KAPPA
from paraisite.tracking.runs import log_choice, recipe_run
from paraisite.training.recipes import TOGO15

logger = logging.getLogger(__name__)

FIGURES: Final = "figures"


def select_candidates(folder: Path | None, source: str | None, criteria: Criteria, *, output: Path | None) -> None:
    """List the rows of a screening whose conductivity is low with high confidence, and what to compute next.

    Args:
        folder: Of the screening; None for the last one.
        source: What was screened, by name or path; None for what the folder is named after.
        criteria: What is looked for.
        output: Where the lists go; None for ``build/candidates/``.

    Raises:
        ParaisiteError: There is no such screening, nothing passes, or a rule asks for what is not known.
    """
    screening, target = folder or last_screening(), output or CANDIDATES
    screened = ScreenedRows.open(screening, find_source(source or screening.name.rpartition("-")[0]))
    choice = Selection.of(screened, criteria, load_data(TOGO15, load_config()))
    with recipe_run(f"candidates {screening.name}") as run_id:
        ranked, listed = choice.candidates()
        lists = {CANDIDATES_FILE: listed} | ({NEXT_FILE: choice.next_ones()} if criteria.n_next else {})
        for name, each in lists.items():
            write_candidates(target, name, choice.described(each), choice.structures)
        known = choice.known.table[KAPPA].to_numpy(np.float64)
        save_figure(candidates_figure(listed.rows, known, coverage=criteria.coverage), target / FIGURES / "candidates")
        log_choice(_counts(ranked, listed), parameters=choice.parameters(), folder=target, run_id=run_id)
    _tell(ranked, lists, criteria)
    Console().print(f"Tables, structures and figures: {target}", soft_wrap=True)


def _counts(ranked: RankedRows, listed: CandidateList) -> dict[str, float]:
    counts = {f"left out - {rule}": float(n) for rule, n in (ranked.refused | listed.left_out).items()}
    return counts | {"passed": float(ranked.n_passed), "listed": float(len(listed.rows))}


def _tell(ranked: RankedRows, lists: Mapping[str, CandidateList], criteria: Criteria) -> None:
    titles = {
        CANDIDATES_FILE: f"Lowest conductivity by the upper end of the {criteria.coverage:.0%} interval",
        NEXT_FILE: f"To compute next, by {criteria.by}",
    }
    console = Console()
    for rule, n in ranked.refused.items():
        logger.info("%s: %d rows refused", rule, n)
    for name, listed in lists.items():
        console.print(render(candidates_table(listed.rows, coverage=criteria.coverage), title=titles[name]))
        left_out = ", ".join(f"{n} {rule}" for rule, n in listed.left_out.items())
        console.print(f"{len(listed.rows)} of {ranked.n_passed} rows that pass; left out: {left_out or 'none'}")
