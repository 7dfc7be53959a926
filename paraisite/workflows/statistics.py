"""The statistics of the paper's section 3.2: what goes with a high conductivity, and with members that disagree.

Source: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D, section 3.2.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from paraisite.analysis.correlations import PEARSON_R, QUANTITY, THRESHOLD, pivot_by_model
from paraisite.analysis.model_predictions import QUANTITIES, ModelPredictions, split_by_model
from paraisite.analysis.statistics_tables import StatisticsTables
from paraisite.artifacts.inputs import lab_folder
from paraisite.artifacts.structure_sources import find_source
from paraisite.config import load_config
from paraisite.core.paths import BUILD
from paraisite.errors import DataError, MissingInputError
from paraisite.features.cell_descriptors import descriptors_of
from paraisite.reports.statistics import LABELS, figures_of
from paraisite.reports.tables import render
from paraisite.schema import FORMATION_ENERGY, LOG_BULK, LOG_SHEAR, MATERIAL_ID, MODEL, REASON
from paraisite.screening.source_content import numbers_in, structures_in
from paraisite.tracking.analysis_runs import log_numbers, logged_folder
from paraisite.tracking.runs import recipe_run
from paraisite.training.recipes import SLACK
from paraisite.workflows.screen import screen_with_all_models

logger = logging.getLogger(__name__)

STATISTICS: Final = BUILD / "statistics"
FIGURES: Final = "figures"
_N_PRINTED: Final = 10

_OF_THE_LAB: Final = (
    FORMATION_ENERGY.column,
    LOG_BULK.column,
    LOG_SHEAR.column,
    "poisson",
    "debye_kelvin",
    "gruneisen_of_poisson",
    "gruneisen_of_bulk_slope",
)
"""What tier slack knows of its crystals besides structure and conductivity."""


def correlate_source(source: str, *, n_process: int, chunk_size: int, output: Path | None = None) -> None:
    """Screen a source with every final model, and correlate what they say with what the crystals are.

    Args:
        source: A data set's name, or a path.
        n_process: Processes of this machine.
        chunk_size: Rows that are handed out at once.
        output: Folder of the results; None for one below ``build/``.

    Raises:
        MissingInputError: The source, or every model, is nowhere.
        DataError: The source is unusable.
    """
    file = screen_with_all_models(source, output=None, n_process=n_process, chunk_size=chunk_size)
    predicted = pq.read_table(file).to_pandas()
    known = _known(source, predicted[MATERIAL_ID])
    table = pd.concat([predicted, known.drop(columns=known.columns.intersection(predicted.columns))], axis=1)
    name = Path(source).name
    default = STATISTICS if source == SLACK else STATISTICS.with_name(f"{STATISTICS.name}_{name}".lower())
    _report(split_by_model(table, name=name), name=name, folder=output or _emptied(default))


def correlate_tables(files: Sequence[Path], *, quantities: Sequence[str], output: Path | None = None) -> None:
    """Correlate the columns of tables, whoever made them: what models said with everything else that is a number.

    Args:
        files: CSV or parquet; see ``split_by_model`` for the columns. A file without names of models is one model's,
            named by the file.
        quantities: Columns that models filled; none takes those of a screening.
        output: Folder of the results; None for one below ``build/`` that is named by the first file.

    Raises:
        MissingInputError: A file is absent.
        DataError: A file is no table, or has no column of one of the two kinds.
    """
    name = files[0].stem.lower()
    observed = [
        each
        for file in files
        for each in split_by_model(_read(file), name=file.stem, quantities=quantities or QUANTITIES)
    ]
    _report(observed, name=name, folder=output or _emptied(STATISTICS.with_name(f"{STATISTICS.name}_{name}")))


def _emptied(folder: Path) -> Path:
    """Return a folder of ours without what an earlier run left; in one that a user names, nothing is deleted."""
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def _known(source: str, material_ids: pd.Series) -> pd.DataFrame:
    """Return what is known of each row's crystal: by its structure, by the source itself, by the lab's labels."""
    rows = find_source(source)
    computed, brought = descriptors_of(structures_in(rows)), numbers_in(rows)
    failed = computed.pop(REASON) != ""
    if failed.any():
        logger.warning("%d of %d crystals have no descriptors of their structure", failed.sum(), len(failed))
    known = pd.concat([computed.drop(columns=computed.columns.intersection(brought.columns)), brought], axis=1)
    if source != SLACK:
        return known
    file = lab_folder(load_config()) / f"{SLACK}.parquet"
    of_the_lab = pd.read_parquet(file, columns=[MATERIAL_ID, *_OF_THE_LAB]).set_index(MATERIAL_ID)
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
            for drawn in figures_of(findings):
                drawn.save(new / FIGURES)
        log_numbers(_metrics(findings), run_id=run_id)
    _print(findings)
    Console().print(f"tables and figures: {folder}", soft_wrap=True, highlight=False)


def _metrics(findings: StatisticsTables) -> Mapping[str, float]:
    """Return the median of each spread, and how many pairs are above the threshold, named as a store can show it."""
    strong = findings.correlations[findings.correlations[PEARSON_R].abs() > THRESHOLD]
    counts = {f"{model} pairs above threshold": float(n) for model, n in strong[MODEL].value_counts().items()}
    rows = findings.spreads.to_dict("records")
    return counts | {f"{row[MODEL]} median {row[QUANTITY]}": float(row["median"]) for row in rows}


def _print(findings: StatisticsTables) -> None:
    """Print for each quantity the descriptors that go with it the most."""
    for quantity in findings.correlations[QUANTITY].unique():
        strongest = pivot_by_model(findings.correlations, quantity).dropna(how="all").head(_N_PRINTED)
        of_models = {"mean of the models": "mean", "lowest": "min", "highest": "max"}
        columns = {words: strongest.agg(how, axis=1) for words, how in of_models.items()}
        text = pd.DataFrame(columns).map(lambda r: f"{r:+.2f}")
        Console().print(render(text, title=f"Pearson's r with {LABELS.get(quantity, quantity)}"))
