"""Runs of analyses after training: tables, figures and documents as artifacts."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from paraisite import schema
from paraisite.core.csv_tables import format_csv
from paraisite.core.files import write_whole
from paraisite.data.datasets.table import Dataset
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.tracking.run_content import SHOWN_TEST_METRICS, processes_description, rename_ln_ratios
from paraisite.tracking.store import open_store, provenance_tags
from paraisite.tracking.writing import (
    dataset_input,
    describe_dataset,
    finite_values,
    log_curves,
    log_new_parameters,
    log_values,
)


@contextmanager
def logged_folder(target: Path, *, run_id: str) -> Iterator[Path]:
    """Hold a folder open to write into; at the end its files are logged into an open run and stand in ``target``.

    Whatever else lies in ``target`` is neither logged nor touched.

    Args:
        target: Where the files are to be.
        run_id: The run.

    Yields:
        The folder to write into.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield folder
        open_store().log_artifacts(run_id, name)
        for file in folder.rglob("*"):
            if file.is_file():
                write_whole(target / file.relative_to(folder), file.read_bytes())


def log_numbers(metrics: Mapping[str, float], *, run_id: str) -> None:
    """Log numbers into an open run, and where code and data come from.

    Args:
        metrics: By names that a store can show; those that are not finite are left out.
        run_id: The run.
    """
    finite = {name: value for name, value in metrics.items() if np.isfinite(value)}
    log_values(open_store(), run_id, metrics=finite, tags=provenance_tags())


def log_processes(errors: pd.DataFrame, dataset: Dataset, *, parameters: Mapping[str, str], run_id: str) -> None:
    """Log fitted Gaussian processes into an open run.

    Args:
        errors: Metrics on each split's held-out rows (index split_seed).
        dataset: What they were fitted on.
        parameters: Settings of the fit.
        run_id: The run.
    """
    client = open_store()
    shown = errors[[name for name in SHOWN_TEST_METRICS if name in errors]]
    values = rename_ln_ratios(finite_values(summarise_metrics(shown)["mean"].to_dict()))
    note = processes_description(client.get_run(run_id).info.run_name, errors, dataset)
    log_values(client, run_id, metrics=values, tags=provenance_tags() | {MLFLOW_RUN_NOTE: note})
    log_new_parameters(client, run_id, parameters)
    log_curves(client, run_id, errors[[schema.MAPE_TEST]].add_suffix("_of_split"))
    client.log_text(run_id, format_csv(errors), "errors_by_split.csv")
    client.log_inputs(run_id, datasets=[dataset_input(describe_dataset(dataset), "all")])


def log_overlap(counts: Mapping[str, float], datasets: Sequence[Dataset], *, folder: Path, run_id: str) -> None:
    """Log the overlap of data sets into an open run.

    Args:
        counts: Numbers of rows, as metrics.
        datasets: What was compared.
        folder: Tables and figure, logged as artifacts.
        run_id: The run.
    """
    client = open_store()
    log_values(client, run_id, metrics=counts, tags=provenance_tags())
    client.log_inputs(run_id, datasets=[dataset_input(describe_dataset(dataset), "all") for dataset in datasets])
    client.log_artifacts(run_id, str(folder))


def log_selection(
    metrics: Mapping[str, float],
    *,
    parameters: Mapping[str, str],
    run_id: str,
    folder: Path | None = None,
    description: str | None = None,
) -> None:
    """Log a selection from a screening, its replay or its verification, or a cross-validation, into an open run.

    Args:
        metrics: Values by name; those that are not finite are left out.
        parameters: Settings that they depend on.
        run_id: The run.
        folder: A stage's own tables and figures, logged as artifacts; None where ``logged_folder`` has logged them, as
            it does where a user may have named the folder.
        description: Markdown that heads its page, in the place of what its name says.
    """
    client = open_store()
    note = {} if description is None else {MLFLOW_RUN_NOTE: description}
    log_values(client, run_id, metrics=finite_values(metrics), tags=provenance_tags() | note)
    log_new_parameters(client, run_id, parameters)
    if folder is not None:
        client.log_artifacts(run_id, str(folder))
