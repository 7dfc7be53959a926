"""Correlate predictions, and the variance over members, with descriptors: the paper's section 3.2.

Source: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D, section 3.2.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.analysis.model_predictions import QUANTITIES, ModelPredictions, split_by_model
from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.artifacts.inputs import fetch_lab_folder
from paraisite.artifacts.stage_folders import FIGURES, empty_folder, statistics_folder
from paraisite.artifacts.structure_sources import find_source
from paraisite.config import load_config
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.folders import check_writable
from paraisite.errors import DataError, MissingInputError
from paraisite.features.cell_descriptors import compute_cell_descriptors
from paraisite.reports.statistics import draw_statistics, strongest_correlations
from paraisite.reports.terminal import print_line, print_table
from paraisite.schema import FORMATION_ENERGY, LOG_BULK, LOG_SHEAR, MATERIAL_ID, REASON
from paraisite.screening.source_content import read_numbers, read_structures
from paraisite.tracking.analysis_runs import log_numbers, logged_folder
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipes import SLACK
from paraisite.workflows.screen import screen_with_all_models

logger = logging.getLogger(__name__)

_LAB_COLUMNS: Final = (
    FORMATION_ENERGY.column,
    LOG_BULK.column,
    LOG_SHEAR.column,
    "poisson",
    "debye_kelvin",
    "gruneisen_of_poisson",
    "gruneisen_of_bulk_slope",
)
"""Properties that tier slack has labels of, besides conductivity."""


def correlate_source(source: str, *, n_process: int, chunk_size: int, output: Path | None = None) -> None:
    """Screen a source with every final model, and correlate the predictions with descriptors of the crystals.

    Args:
        source: Name of a data set, or a path.
        n_process: Processes on this machine.
        chunk_size: Rows per chunk.
        output: Folder of the results; None for one below ``build/``.

    Raises:
        MissingInputError: The source, or every model, is nowhere.
        DataError: The source is unusable.
    """
    name = Path(source).name
    folder = output or statistics_folder(None if source == SLACK else name)
    check_writable(folder)
    file = screen_with_all_models(source, output=None, n_process=n_process, chunk_size=chunk_size)
    with refuse_damaged(file, remedy="delete it to have it made"):
        predicted = pq.read_table(file).to_pandas()
    known = _known(source, predicted[MATERIAL_ID])
    table = pd.concat([predicted, known.drop(columns=known.columns.intersection(predicted.columns))], axis=1)
    _report(split_by_model(table, name=name), name=name, folder=output or empty_folder(folder))


def correlate_tables(files: Sequence[Path], *, quantities: Sequence[str], output: Path | None = None) -> None:
    """Correlate columns of predictions in tables with all other numeric columns.

    Args:
        files: CSV or parquet; see ``split_by_model`` for the columns. A file without names of models holds one model's
            predictions and names it.
        quantities: Columns of predictions; none for those of a screening.
        output: Folder of the results; None for one below ``build/`` that is named by the first file.

    Raises:
        MissingInputError: A file is absent.
        DataError: A file is no table, or has no column of one of the two kinds.
    """
    name = files[0].stem.lower()
    check_writable(output or statistics_folder(name))
    observed = [
        each
        for file in files
        for each in split_by_model(_read(file), name=file.stem, quantities=quantities or QUANTITIES)
    ]
    _report(observed, name=name, folder=output or empty_folder(statistics_folder(name)))


def _known(source: str, material_ids: pd.Series) -> pd.DataFrame:
    """Return descriptors of each row's crystal: of its structure, in the source itself, among the lab's labels."""
    rows = find_source(source)
    computed, brought = compute_cell_descriptors(read_structures(rows)), read_numbers(rows)
    failed = computed.pop(REASON) != ""
    if failed.any():
        logger.warning("no descriptors could be computed for %d of %d crystals", failed.sum(), len(failed))
    known = pd.concat([computed.drop(columns=computed.columns.intersection(brought.columns)), brought], axis=1)
    if source != SLACK:
        return known
    file = fetch_lab_folder(load_config()) / f"{SLACK}.parquet"
    with refuse_damaged(file, remedy="get it anew with `dvc pull --force`"):
        of_the_lab = pd.read_parquet(file, columns=[MATERIAL_ID, *_LAB_COLUMNS]).set_index(MATERIAL_ID)
    return pd.concat([known, of_the_lab.reindex(material_ids).reset_index(drop=True)], axis=1)


def _read(file: Path) -> pd.DataFrame:
    if not file.exists():
        raise MissingInputError(f"{file} not found: expected a CSV or parquet table")
    try:
        return pd.read_parquet(file) if file.suffix == ".parquet" or file.is_dir() else pd.read_csv(file)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{file} is no readable CSV or parquet table: {error}") from error


def _report(observed: Sequence[ModelPredictions], *, name: str, folder: Path) -> None:
    """Write tables and figures, log them, and print the strongest correlations."""
    with recipe_run(f"statistics {name}") as run_id:
        findings = StatisticsTables.of(observed)
        with logged_folder(folder, run_id=run_id) as new:
            findings.write(new)
            for drawn in draw_statistics(findings):
                drawn.save(new / FIGURES)
        log_numbers(findings.metrics(), run_id=run_id)
    for quantity, table in strongest_correlations(findings).items():
        print_table(table.map("{:+.2f}".format), title=f"Pearson's r with {quantity}", numbers=table)
    print_line(f"tables and figures: {folder}")
