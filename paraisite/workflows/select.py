"""Select candidates of low conductivity from a screening, and materials to compute next."""

import logging
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.diversity import CandidateList
from paraisite.active_learning.ranking import RankedRows
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.candidate_lists import CANDIDATES_FILE, NEXT_FILE, write_candidates
from paraisite.artifacts.known_materials import load_known_conductivities
from paraisite.artifacts.screenings import last_screening, source_of_screening
from paraisite.artifacts.stage_folders import FIGURES
from paraisite.artifacts.structure_sources import find_source
from paraisite.core.folders import check_writable
from paraisite.core.paths import CANDIDATES
from paraisite.core.progress import show_work
from paraisite.reports.candidates import candidates_figure, candidates_table
from paraisite.reports.figures import save_figure
from paraisite.reports.terminal import print_line, print_table
from paraisite.schema import KAPPA
from paraisite.tracking.analysis_runs import log_selection, logged_folder
from paraisite.tracking.runs import recipe_run

logger = logging.getLogger(__name__)


def select_candidates(folder: Path | None, source: str | None, criteria: Criteria, *, output: Path | None) -> None:
    """List the rows of a screening whose conductivity is low with high confidence, and materials to compute next.

    Args:
        folder: Folder of the screening; None for the last one.
        source: What was screened, by name or path; None for what the screening itself says.
        criteria: Criteria of the selection.
        output: Folder of the lists; None for ``build/candidates/``.

    Raises:
        ParaisiteError: There is no such screening, no row passes, or a filter needs a column that is not there.
    """
    screening, target = folder or last_screening(), output or CANDIDATES
    check_writable(target)
    with show_work("Reading the screening and the known rows"):
        screened = ScreenedRows.open(screening, find_source(source or source_of_screening(screening)))
        known = load_known_conductivities()
        selection = Selection.from_screening(screened, criteria)
    with recipe_run(f"candidates {screening.name}") as run_id:
        with show_work("Ranking the rows"):
            ranked, listed = selection.select_candidates()
            lists = {CANDIDATES_FILE: listed} | ({NEXT_FILE: selection.select_next(known)} if criteria.n_next else {})
        with logged_folder(target, run_id=run_id) as folder_of_run:
            for name, each in lists.items():
                write_candidates(folder_of_run, name, selection.describe(each, known), selection.structures)
            kappa = known.accurate.table[KAPPA].to_numpy(np.float64)
            figure = candidates_figure(listed.rows, kappa, coverage=criteria.coverage)
            save_figure(figure, folder_of_run / FIGURES / "candidates")
        if NEXT_FILE not in lists:  # that of an earlier selection says nothing of this one
            (target / NEXT_FILE).unlink(missing_ok=True)
        log_selection(_counts(ranked, listed), parameters=selection.list_parameters(), run_id=run_id)
    _print_lists(ranked, lists, criteria)
    print_line(f"Tables, structures and figures: {target}")


def _counts(ranked: RankedRows, listed: CandidateList) -> dict[str, float]:
    counts = {f"left out - {rule}": float(n) for rule, n in (ranked.refused | listed.left_out).items()}
    return counts | {"passed": float(ranked.n_passed), "listed": float(len(listed.rows))}


def _print_lists(ranked: RankedRows, lists: Mapping[str, CandidateList], criteria: Criteria) -> None:
    titles = {
        CANDIDATES_FILE: f"Candidates ranked by the upper end of the {criteria.coverage:.0%} interval",
        NEXT_FILE: f"To compute next, by acquisition function {criteria.by}",
    }
    for rule, n in ranked.refused.items():
        logger.info("%s: %d rows filtered out", rule, n)
    for name, listed in lists.items():
        shown = candidates_table(listed.rows, coverage=criteria.coverage)
        print_table(shown, title=titles[name], numbers=listed.rows)
        left_out = ", ".join(f"{n} {rule}" for rule, n in listed.left_out.items())
        print_line(
            f"{len(listed.rows)} of {ranked.n_passed} rows that pass the filters; left out: {left_out or 'none'}"
        )
