"""Screen a source of structures with one model, or with all final models of the lineage."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from paraisite import DEFAULT_MODEL
from paraisite.active_learning.criteria import Criteria, Selection
from paraisite.active_learning.refined_candidates import PlannedCandidates
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.refiners import build_refiner
from paraisite.artifacts.screenings import all_models_file, screening_folder
from paraisite.artifacts.stage_folders import checkpoint_folder
from paraisite.artifacts.structure_sources import find_source, name_source
from paraisite.config import load_config
from paraisite.core.csv_tables import write_csv
from paraisite.core.progress import CountProgress
from paraisite.errors import ConfigError, DataError, DownloadError, MissingInputError, WeightsError
from paraisite.inference.predictor import Predictor
from paraisite.inference.refiner import Refiner, RefiningOptions
from paraisite.labels.potential import require_potential
from paraisite.reports.refined_rows import may_spend, refined_candidates_table
from paraisite.reports.terminal import print_line, print_table
from paraisite.schema import REASON, ROW
from paraisite.screening.chunks import Source
from paraisite.screening.condition import SELECTED_FILE, Condition, write_selected
from paraisite.screening.distributed import DaskWorkers
from paraisite.screening.output import ScreeningFolder
from paraisite.screening.run import LocalWorkers, screen
from paraisite.screening.score import table_schema
from paraisite.screening.scorer import PredictorScorer
from paraisite.screening.side_by_side import TableProvenance, join_screenings
from paraisite.training.recipes import ACCURATE, TOGO15, list_lineage_models, read_lineage

logger = logging.getLogger(__name__)

REFINED_FILE: Final = "_refined.csv"
"""Of the refined candidates, in the screening's folder; readers of parquet data sets pass over names that begin so."""


def screen_source(
    source: str,
    model: str,
    *,
    output: Path | None,
    n_process: int,
    chunk_size: int,
    scheduler: str | None,
    where: str | None = None,
    n_refined: int = 0,
    refining: RefiningOptions | None = None,
) -> bool:
    """Predict the conductivity of every structure of a source.

    Args:
        source: Name of a data set, or a path.
        model: Model, as for ``find_predictor``.
        output: Folder of the rows; None for one below ``build/`` that is named by source and model.
        n_process: Processes on this machine, where no scheduler is given.
        chunk_size: Rows per chunk.
        scheduler: Address of a Dask scheduler.
        where: Condition on the columns, see ``screening.condition``: rows that meet it are written once more.
        n_refined: Best candidates, as ``select`` lists them, that are refined in the end.
        refining: How much may be spent on that.

    Returns:
        Whether any structure has a prediction.

    Raises:
        ParaisiteError: Source, model or condition are absent or unusable, the screening failed, nobody has agreed to
            what refining costs, or what it needs is not installed.
    """
    refining = refining or RefiningOptions()
    predictor, refiner = find_predictor(model), None
    if n_refined:  # what would fail in the end fails before hours of screening
        refining.require_answer()
        refiner = build_refiner(predictor, name=model)
        require_potential(refiner.store.potential)
    scorer = PredictorScorer(predictor)
    condition = None if where is None else Condition.parse(where, table_schema(scorer).names)
    if condition is not None:
        condition.require_evaluable(table_schema(scorer))
    rows = find_source(source)
    folder = ScreeningFolder(output or screening_folder(source, model), name_source(source))
    if Path(source).is_dir() and folder.folder.resolve() == Path(source).resolve():
        raise ConfigError(f"{folder.folder} is the source itself: its files would be read as crystals, name another")
    workers = DaskWorkers(scorer, address=scheduler) if scheduler else LocalWorkers(scorer, n_process=n_process)
    summary = screen(rows, scorer, output=folder, workers=workers, chunk_size=chunk_size)
    print_line(f"{summary.n_scored} of {summary.n_row} structures have a prediction: {folder.folder}")
    if condition is not None:
        n_selected = write_selected(folder, condition)
        print_line(f"{n_selected} rows meet {condition.text!r}: {folder.folder / SELECTED_FILE}")
    if not summary.n_scored:
        logger.warning("%s", f"column {REASON} says why" if summary.n_row else f"{source} holds no rows")
        return False
    if refiner is not None:
        screened = ScreenedRows.open(folder.folder, rows)
        selection = Selection.from_screening(screened, Criteria(n_row=n_refined))
        _refine_best(selection, refiner, folder=screened.folder, refining=refining, n_process=n_process)
    return True


def _refine_best(
    selection: Selection, refiner: Refiner, *, folder: Path, refining: RefiningOptions, n_process: int
) -> None:
    """Refine the best candidates of a screening, and write their rows into its folder and print them."""
    try:
        listed = selection.select_candidates()[1].rows
    except DataError as error:
        raise DataError(
            f"the screening is complete, but no row is refined, as none is that lies outside the domain: {error}"
        ) from error
    structures = [selection.structures[int(row)] for row in listed[ROW]]
    candidates = PlannedCandidates.plan(listed, structures, refiner, max_minutes=refining.max_minutes)
    if not may_spend(refiner, candidates.named_plans, refining):
        return
    with CountProgress("refining", unit="crystals") as progress:
        computed = candidates.compute(
            refiner, n_process=n_process, on_crystal=lambda done, total: progress.update(n_done=done, n_total=total)
        )
    refined = candidates.refine(refiner, computed)
    path = folder / REFINED_FILE
    write_csv(refined, path, float_format="%.6g")
    print_table(refined_candidates_table(refined), title="Best candidates, refined; W/m/K, 80 % intervals")
    print_line(f"Refined candidates: {path}")


def screen_with_all_models(source: str, *, output: Path | None, n_process: int, chunk_size: int) -> Path:
    """Screen a source with every network of the lineage that ends on Togo15, and with the default model.

    A model without predictor is trained or fitted first; a warning names models for which that fails. What a table of
    the same source has of a model that is unchanged, or no longer here, is reused.

    Args:
        source: Name of a data set, or a path.
        output: File of the table; None for one below ``build/screen/`` that is named by the source.
        n_process: Processes on this machine.
        chunk_size: Rows per chunk.

    Returns:
        The table's file, as ``screening.side_by_side`` describes it.

    Raises:
        MissingInputError: The source, or every model, is nowhere.
        DataError: The source is unusable, or the file is another one, which is never written over.
    """
    path, rows = output or all_models_file(source), find_source(source)
    known = _known_models(path, rows, is_named=output is not None)
    wanted = [name for name in final_models() if name not in known]
    if known and not wanted:
        logger.info("%s is up to date with this source and these models", path)
        return path
    scorers = {name: PredictorScorer(predictor) for name, predictor in _predictors(wanted)}
    if not scorers:
        if known:
            return path
        raise MissingInputError("no final model of the lineage is here or could be trained: see the warnings above")
    digests = known | {name: scorer.digest for name, scorer in scorers.items()}
    ordered = {name: digests[name] for name in final_models() if name in digests}
    partial = checkpoint_folder("screen")
    folders = {
        name: partial / f"{rows.digest[:16]}-{scorer.digest[:16]}-{chunk_size}" for name, scorer in scorers.items()
    }
    for name, scorer in scorers.items():
        workers = LocalWorkers(scorer, n_process=n_process)
        summary = screen(rows, scorer, output=ScreeningFolder(folders[name]), workers=workers, chunk_size=chunk_size)
        logger.info("%s: %d of %d structures have a prediction", name, summary.n_scored, summary.n_row)
    table = pq.read_table(path) if known else None
    join_screenings(folders, TableProvenance(rows.digest, ordered), path, known=table)
    for folder in folders.values():
        shutil.rmtree(folder)
    return path


def final_models() -> list[str]:
    """Return the names of the lineage's networks that end on Togo15, and of the default model."""
    models = list_lineage_models(read_lineage(load_config().lineage)).values()
    return [*(recipe.name for recipe in models if recipe.train_on == TOGO15), DEFAULT_MODEL]


def _known_models(path: Path, rows: Source, *, is_named: bool) -> dict[str, str]:
    """Return the digests of the final models whose predictions a table of this source has, unless they have changed.

    Raises:
        DataError: The file is no such table, or one of another source that a user has named.
    """
    if not path.exists():
        return {}
    provenance = TableProvenance.read(path)
    if provenance.source_sha256 != rows.digest:
        if is_named:
            raise DataError(f"{path} is of another source: choose another file (--output), or delete it")
        logger.warning("%s is of another source, or of this one before it changed: it is made anew", path)
        return {}
    known = {name: digest for name, digest in provenance.model_sha256.items() if name in final_models()}
    here = {name: predictor.digest for name in known if (predictor := _find_existing(name)) is not None}
    return {name: digest for name, digest in known.items() if here.get(name, digest) == digest}


def _find_existing(name: str) -> Predictor | None:
    try:
        return find_predictor(name)
    except MissingInputError:
        return None


def _predictors(names: Sequence[str]) -> Iterator[tuple[str, Predictor]]:
    """Yield each model's predictor, trained where there is none; a warning names those that cannot be."""
    # Here, as TensorFlow takes seconds to import.
    from paraisite.workflows.fit import fit_processes
    from paraisite.workflows.train import train_predictor

    for name in names:
        try:
            if (predictor := _find_existing(name)) is None:
                logger.warning("%s has no predictor here, so it is trained first: about two minutes", name)
                if name == DEFAULT_MODEL:
                    fit_processes(ACCURATE)
                else:
                    train_predictor(name)
                predictor = find_predictor(name)
            yield name, predictor
        except (MissingInputError, WeightsError, DownloadError) as error:
            logger.warning("%s is left out: %s", name, error)
