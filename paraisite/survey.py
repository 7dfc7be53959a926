"""Screening by name: which source and which model are meant, and where the rows go."""

from pathlib import Path
from typing import Final

from rich.console import Console

from paraisite.config import load_config
from paraisite.datasets.imported import imported_names
from paraisite.datasets.table import DATASET_NAMES
from paraisite.errors import MissingInputError
from paraisite.files import cache_folder
from paraisite.folders import EXTERNAL, SCREENINGS
from paraisite.inputs import load_data
from paraisite.predictors import find_predictor
from paraisite.screening.chunks import Source
from paraisite.screening.distributed import DaskWorkers
from paraisite.screening.run import LocalWorkers, screen
from paraisite.screening.scorer import PredictorScorer
from paraisite.screening.sources import open_source
from paraisite.screening.writer import Output
from paraisite.sources.snapshot import MATERIALS_FILE, Snapshot

MATERIALS_PROJECT: Final = "materials_project"


def screen_candidates(
    source: str, model: str, *, output: Path | None, n_process: int, chunk_size: int, scheduler: str | None
) -> None:
    """Predict the conductivity of every structure of a source, and say where the rows are.

    Args:
        source: A data set's name, or a path.
        model: As ``find_predictor`` takes it.
        output: Folder of the rows; None for one below ``build/`` that is named by source and model.
        n_process: Processes of this machine, where no scheduler is named.
        chunk_size: Rows of a part.
        scheduler: Address of a Dask scheduler.

    Raises:
        ParaisiteError: Source or model are absent or unusable, or the work ended early.
    """
    scorer = PredictorScorer(find_predictor(model))
    rows = find_source(source)
    folder = output or SCREENINGS / f"{Path(source).name}-{Path(model).stem}".lower()
    workers = DaskWorkers(scorer, address=scheduler) if scheduler else LocalWorkers(scorer, n_process=n_process)
    summary = screen(rows, scorer, output=Output(folder), workers=workers, chunk_size=chunk_size)
    console = Console()
    console.print(f"{summary.n_scored} of {summary.n_row} structures have a prediction: {folder}", soft_wrap=True)


def find_source(name: str) -> Source:
    """Return the source that a data set's name or a path means; a path wins.

    Raises:
        MissingInputError: There is no such thing.
        DataError: It is unusable.
    """
    if Path(name).exists():
        return open_source(Path(name))
    if name == MATERIALS_PROJECT:
        Snapshot.load(EXTERNAL / name)
        return open_source(EXTERNAL / name / MATERIALS_FILE)
    if name in (*DATASET_NAMES, *imported_names()):
        dataset = load_data(name, load_config())
        folder = cache_folder("screening") / f"{name}-{dataset.digest[:16]}"
        dataset.save(folder)
        return open_source(folder / MATERIALS_FILE)
    known = ", ".join((MATERIALS_PROJECT, *DATASET_NAMES, *imported_names()))
    raise MissingInputError(f"{name} is neither a path nor a data set; known ones are {known}")
