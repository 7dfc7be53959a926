"""Tables that evaluations, comparisons and overlap reports leave, and that the report reads."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.stage_folders import (
    COMPARISON,
    CROSS_VALIDATION,
    empty_folder,
    evaluation_folder,
    overlap_folder,
)
from paraisite.core.csv_tables import restore_texts, write_csv
from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.files import write_whole
from paraisite.evaluation.evaluation_tables import METRICS_FILE, TABLES_FOLDER, EvaluationTables
from paraisite.evaluation.overlap_tables import MEASURED, TRAINED_ON
from paraisite.evaluation.scores import ESTIMATES_FILE

PREDICTIONS_FILE: Final = "predictions.csv.gz"
SUMMARY_FILE: Final = "summary.csv"
KINDS_FILE: Final = "kinds.csv"
"""Files of the default model's cross-validation."""

LEADERBOARD_FILE: Final = "leaderboard.md"
"""The comparison of the project's models with others, for the documentation."""

_CSV: Final = "table.csv"
_MARKDOWN: Final = "table.md"
_PAIRS: Final = "rows.csv.gz"
_CURVES: Final = "curves.csv"
_FORMER_OVERLAP_COLUMNS: Final = {"learnt_from": TRAINED_ON}


def write_evaluation(outcome: EvaluationTables, folder: Path, *, markdown: str) -> None:
    """Write the tables of an evaluation, and that of its models as markdown, in place of an earlier one's."""
    outcome.write(empty_folder(folder))
    write_whole(folder / TABLES_FOLDER / _MARKDOWN, f"{markdown}\n".encode())


def predictions_file(protocol_name: str, dataset_name: str) -> Path:
    """Return the file of all predictions of an evaluation."""
    return evaluation_folder(protocol_name, dataset_name) / TABLES_FOLDER / ESTIMATES_FILE


def load_evaluation(protocol_name: str, dataset_name: str) -> EvaluationTables | None:
    """Return the tables of an evaluation, or None where there was none here."""
    folder = evaluation_folder(protocol_name, dataset_name)
    return EvaluationTables.load(folder) if (folder / TABLES_FOLDER).is_dir() else None


def write_trainings(table: pd.DataFrame, *, markdown: str, metrics: Mapping[str, object], curves: pd.DataFrame) -> Path:
    """Write the comparison of a lineage's trainings, and return the folder of its tables.

    Args:
        table: One row per recipe.
        markdown: The same for people.
        metrics: Metrics of each recipe, which DVC shows.
        curves: Mean validation curve of each recipe, which DVC plots.
    """
    tables = COMPARISON / TABLES_FOLDER
    tables.mkdir(parents=True, exist_ok=True)
    table.to_csv(tables / _CSV)
    write_whole(tables / _MARKDOWN, f"{markdown}\n".encode())
    (COMPARISON / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n")
    curves.to_csv(COMPARISON / _CURVES, float_format="%.6g")
    return tables


def write_protocol_table(table: pd.DataFrame, *, markdown: str) -> None:
    """Write the table of all models under all protocols."""
    COMPARISON.mkdir(parents=True, exist_ok=True)
    write_csv(table, COMPARISON / _CSV, float_format="%.6g")
    write_whole(COMPARISON / _MARKDOWN, markdown.encode())


def load_protocol_table() -> pd.DataFrame:
    """Return the table of all models under all protocols.

    Raises:
        FileNotFoundError: It was not computed here.
        DataError: It is damaged.
    """
    with refuse_damaged(COMPARISON / _CSV, remedy="`python -m paraisite compare` makes it anew"):
        return pd.read_csv(COMPARISON / _CSV)


@dataclass(frozen=True, eq=False)
class CrossValidationTables:
    """The default model's cross-validation: errors (index protocol, data_set), held-out rows, errors by kind."""

    summary: pd.DataFrame
    predictions: pd.DataFrame
    kinds: pd.DataFrame


def load_cross_validation() -> CrossValidationTables:
    """Return the tables of the default model's cross-validation.

    Raises:
        FileNotFoundError: It was not computed here.
        DataError: A table is damaged.
    """
    predictions, kinds = (_read_cross_validation(name) for name in (PREDICTIONS_FILE, KINDS_FILE))
    return CrossValidationTables(load_errors_of_default_model(), predictions, kinds)


def load_errors_of_default_model() -> pd.DataFrame:
    """Return the default model's errors (index protocol, data_set); raises as ``load_cross_validation``."""
    return _read_cross_validation(SUMMARY_FILE).set_index(["protocol", "data_set"])


def load_held_out_predictions() -> pd.DataFrame:
    """Return the default model's predictions of rows that it was not fitted on, computed here or shipped.

    Raises:
        MissingInputError: There are none, and DVC cannot fetch them.
        DataError: The table is damaged.
    """
    path = CROSS_VALIDATION / PREDICTIONS_FILE
    fetch_tracked(path, target=str(path))
    return _read_cross_validation(PREDICTIONS_FILE)


def _read_cross_validation(name: str) -> pd.DataFrame:
    with refuse_damaged(CROSS_VALIDATION / name, remedy="`python -m paraisite cross-validate` makes it anew"):
        return restore_texts(pd.read_csv(CROSS_VALIDATION / name))


def write_overlap(folder: Path, table: pd.DataFrame, *, markdown: str, pairs: pd.DataFrame) -> None:
    """Write the tables of an overlap report in place of an earlier one's.

    Args:
        folder: Of the report.
        table: As ``evaluation.overlap_tables.tabulate_overlap`` returns it.
        markdown: The same for people.
        pairs: All pairs of materials.
    """
    empty_folder(folder)
    write_csv(table, folder / _CSV, float_format="%.6g")
    write_whole(folder / _MARKDOWN, markdown.encode())
    write_csv(pairs, folder / _PAIRS, float_format="%.4g")


def load_overlap() -> pd.DataFrame:
    """Return the table of the pipeline's overlap report; a column's name in earlier versions is read, too.

    Raises:
        FileNotFoundError: It was not computed here.
        DataError: It is damaged.
    """
    path = overlap_folder() / _CSV
    with refuse_damaged(path, remedy="`python -m paraisite overlap` makes it anew"):
        return pd.read_csv(path).fillna({MEASURED: ""}).rename(columns=_FORMER_OVERLAP_COLUMNS)
