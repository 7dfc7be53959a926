"""Screen a source of structures with one model, or with all final models of the lineage."""

import logging
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from paraisite import DEFAULT_MODEL
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.screenings import all_models_file, screening_folder
from paraisite.artifacts.stage_folders import checkpoint_folder
from paraisite.artifacts.structure_sources import find_source, name_source
from paraisite.errors import ConfigError, DataError, DownloadError, MissingInputError, WeightsError
from paraisite.inference.predictor import Predictor
from paraisite.reports.terminal import print_line
from paraisite.schema import REASON
from paraisite.screening.chunks import Source
from paraisite.screening.condition import SELECTED_FILE, Condition, write_selected
from paraisite.screening.distributed import DaskWorkers
from paraisite.screening.output import ScreeningFolder
from paraisite.screening.run import LocalWorkers, screen
from paraisite.screening.score import table_schema
from paraisite.screening.scorer import PredictorScorer
from paraisite.screening.side_by_side import TableProvenance, join_screenings
from paraisite.training.recipes import ACCURATE, TOGO15, list_lineage_models, read_lineage

if TYPE_CHECKING:
    from paraisite.inference.refiner import RefiningOptions

logger = logging.getLogger(__name__)


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
    refining: "RefiningOptions | None" = None,
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
    predictor, candidates = find_predictor(model), None
    if n_refined:  # what would fail in the end fails before hours of screening
        from paraisite.reports.screened_candidates import ScreenedCandidates  # seconds that a screening does without

        candidates = ScreenedCandidates.prepare(predictor, model, n_refined, refining)
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
    if candidates is not None:
        candidates.refine(folder.folder, rows, n_process=n_process)
    return True


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
    from paraisite.config import load_config  # with Pydantic, which a screening with one model does without

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
