"""Choosing from a screening by name: the candidates, what to compute next, and a replay of such choices."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from pymatgen.core.structure import Structure
from rich.console import Console

from paraisite.candidates.choice import CIF, Choice, Wish
from paraisite.candidates.diversity import Listed
from paraisite.candidates.ranking import Ranked
from paraisite.candidates.replay import STRATEGY, Materials, ReplayOptions, replay
from paraisite.candidates.replay_summary import LABELS_TO_LOWEST, MEAN, QUANTITY, curves, summarise_replay
from paraisite.candidates.screened import Screened
from paraisite.config import load_config
from paraisite.errors import MissingInputError
from paraisite.evaluation.descriptors import structure_descriptors
from paraisite.evaluation.gaussian_process import gaussian_process
from paraisite.folders import CANDIDATES, SCREENINGS
from paraisite.graphs.neighbours import CrystalArrays
from paraisite.inputs import load_data
from paraisite.processes import one_thread_each
from paraisite.reports.candidates import candidates_figure, candidates_table, replay_figures, replay_table
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render
from paraisite.schema import KAPPA, ROW
from paraisite.screening.writer import SUMMARY_FILE
from paraisite.survey import find_source
from paraisite.tracking.runs import log_choice, recipe_run
from paraisite.training.recipes import TOGO15

logger = logging.getLogger(__name__)

CANDIDATES_FILE: Final = "candidates.csv"
NEXT_FILE: Final = "next.csv"
REPLAY_FILE: Final = "replay.csv"
SUMMARY_OF_REPLAY_FILE: Final = "replay_summary.csv"
FIGURES: Final = "figures"
STRUCTURES: Final = "structures"


def candidates(folder: Path | None, source: str | None, wish: Wish, *, output: Path | None) -> None:
    """List the rows of a screening whose conductivity is low with high confidence, and what to compute next.

    Args:
        folder: Of the screening; None for the last one.
        source: What was screened, by name or path; None for what the folder is named after.
        wish: What is looked for.
        output: Where the lists go; None for ``build/candidates/``.

    Raises:
        ParaisiteError: There is no such screening, nothing passes, or a rule asks for what is not known.
    """
    screening, target = folder or last_screening(), output or CANDIDATES
    screened = Screened.open(screening, find_source(source or screening.name.rpartition("-")[0]))
    choice = Choice.of(screened, wish, load_data(TOGO15, load_config()))
    with recipe_run(f"candidates {screening.name}") as run_id:
        ranked, listed = choice.candidates()
        lists = {CANDIDATES_FILE: listed} | ({NEXT_FILE: choice.next_ones()} if wish.n_next else {})
        for name, each in lists.items():
            _write(target, name, choice.described(each), choice.structures)
        known = choice.known.table[KAPPA].to_numpy(np.float64)
        save_figure(candidates_figure(listed.rows, known, coverage=wish.coverage), target / FIGURES / "candidates")
        log_choice(_counts(ranked, listed), parameters=choice.parameters(), folder=target, run_id=run_id)
    _tell(ranked, lists, wish)
    Console().print(f"Tables, structures and figures: {target}", soft_wrap=True)


def last_screening() -> Path:
    """Return the folder of the last complete screening below ``build/screen/``.

    Raises:
        MissingInputError: There is none.
    """
    complete = sorted(SCREENINGS.glob(f"*/{SUMMARY_FILE}"), key=lambda file: file.stat().st_mtime)
    if not complete:
        raise MissingInputError(f"no complete screening below {SCREENINGS}: `python -m paraisite screen …` makes one")
    return complete[-1].parent


def _write(folder: Path, name: str, rows: pd.DataFrame, structures: Mapping[int, Structure]) -> None:
    (folder / STRUCTURES).mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / name, index=False, float_format="%.6g")
    for row, file in zip(rows[ROW], rows[CIF], strict=True):
        structures[row].to(str(folder / STRUCTURES / file), fmt="cif")


def _counts(ranked: Ranked, listed: Listed) -> dict[str, float]:
    counts = {f"left out - {rule}": float(n) for rule, n in (ranked.refused | listed.left_out).items()}
    return counts | {"passed": float(ranked.n_passed), "listed": float(len(listed.rows))}


def _tell(ranked: Ranked, lists: Mapping[str, Listed], wish: Wish) -> None:
    titles = {
        CANDIDATES_FILE: f"Lowest conductivity by the upper end of the {wish.coverage:.0%} interval",
        NEXT_FILE: f"To compute next, by {wish.by}",
    }
    console = Console()
    for rule, n in ranked.refused.items():
        logger.info("%s: %d rows refused", rule, n)
    for name, listed in lists.items():
        console.print(render(candidates_table(listed.rows, coverage=wish.coverage), title=titles[name]))
        left_out = ", ".join(f"{n} {rule}" for rule, n in listed.left_out.items())
        console.print(f"{len(listed.rows)} of {ranked.n_passed} rows that pass; left out: {left_out or 'none'}")


def replay_choices(options: ReplayOptions, *, n_process: int, output: Path | None) -> None:
    """Replay on Togo15 how its materials could have been chosen for computing, by every rule.

    The model is the Gaussian process on physical and ionic descriptors.

    Args:
        options: How many starts and labels.
        n_process: Replays side by side.
        output: Where tables and figures go; None for ``build/candidates/``.

    Raises:
        ConfigError: There are too few materials for so many labels.
    """
    target, dataset = output or CANDIDATES, load_data(TOGO15, load_config())
    values = np.log10(dataset.table[KAPPA].to_numpy(np.float64))
    materials = Materials(structure_descriptors(CrystalArrays.from_structures(dataset.structures)), values)
    with recipe_run("replay of choices") as run_id:
        with one_thread_each():
            table = replay(materials, gaussian_process, options=options, n_process=n_process)
        summary = summarise_replay(table, n_lowest=options.n_lowest)
        target.mkdir(parents=True, exist_ok=True)
        table.to_csv(target / REPLAY_FILE, index=False, float_format="%.6g")
        summary.to_csv(target / SUMMARY_OF_REPLAY_FILE, index=False, float_format="%.6g")
        for name, figure in replay_figures(curves(table)).items():
            save_figure(figure, target / FIGURES / name)
        labels = summary[summary[QUANTITY] == LABELS_TO_LOWEST]
        means = zip(labels[STRATEGY], labels[MEAN], strict=True)
        metrics = {f"{LABELS_TO_LOWEST} {rule}": mean for rule, mean in means}
        log_choice(metrics, parameters=options.parameters(), folder=target, run_id=run_id)
    title = f"Mean over {options.n_start} starts (95 % interval)"
    Console().print(render(replay_table(summary), title=title))
