"""Runs of a study: one for the study, resumed with it, and a nested one for each trial."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NOTE
from optuna.trial import FrozenTrial

from paraisite.data.datasets.table import Dataset
from paraisite.tracking.live_runs import (
    PROCESS_TAG,
    close_killed_runs,
    failures_described,
    hold_process_lock,
    open_runs_left_to_next,
)
from paraisite.tracking.run_descriptions import describe_run
from paraisite.tracking.runs import RUN_ID_VARIABLE, recipe_run
from paraisite.tracking.store import open_store, provenance_tags, store_errors
from paraisite.tracking.writing import (
    child_run,
    dataset_input,
    describe_dataset,
    log_curves,
    log_new_parameters,
    log_values,
)
from paraisite.tuning.objective import CURVE, DIVERGED, INNER_MAPE, OF_SPLITS

STUDY_TAG: Final = "study"
TRIAL_TAG: Final = "trial_number"
_STUDY_RUN_TAG: Final = "study_run_id"


@contextmanager
def study_run(name: str, *, known_run_id: str | None) -> Iterator[str]:
    """Hold the run of a study open: the one that it has already, where this store knows it, else a new one.

    Under ``mlflow run`` a study that is resumed keeps its run; the one that MLflow made gets a tag that points there.
    A run has one start and one end: that of a resumed study ends earlier than the clock says, by the time in which
    nobody worked on it, so that its duration is that of the work.

    Args:
        name: Of the run.
        known_run_id: Run of the study so far.

    Yields:
        The run's id.
    """
    client = open_store()
    with open_runs_left_to_next(), store_errors():
        close_killed_runs(client)
        known = None if known_run_id is None else _find_run(client, known_run_id)
        if known is None:
            with recipe_run(name) as run_id:
                yield run_id
            return
        made = os.environ.pop(RUN_ID_VARIABLE, None)
        if made is not None and made != known_run_id:
            client.set_tag(made, _STUDY_RUN_TAG, known_run_id)
        idle = max(0, _now() - known.info.end_time) if known.info.end_time else 0
        try:
            tags = {PROCESS_TAG: hold_process_lock(), MLFLOW_RUN_NOTE: describe_run(name)}  # not why it ended last time
            with (
                mlflow.start_run(run_id=known_run_id, tags=tags) as run,
                failures_described(client, run.info.run_id),
            ):
                yield run.info.run_id
        finally:
            status = client.get_run(known.info.run_id).info.status
            client.set_terminated(known.info.run_id, status=status, end_time=_now() - idle)


def logged_trials(run_id: str) -> set[int]:
    """Return the numbers of the trials that have a nested run."""
    client = open_store()
    experiment = client.get_run(run_id).info.experiment_id
    found: set[int] = set()
    token: str | None = None
    while token != "":
        page = client.search_runs([experiment], f"tags.`{MLFLOW_PARENT_RUN_ID}` = '{run_id}'", page_token=token)
        found |= {int(run.data.tags[TRIAL_TAG]) for run in page if TRIAL_TAG in run.data.tags}
        token = page.token or ""
    return found


def log_trial(trial: FrozenTrial, *, study_name: str, run_id: str) -> None:
    """Log a trial that has ended into a run under the study's: its settings, curve, and errors of the splits."""
    client = open_store()
    seconds = trial.duration.total_seconds() if trial.duration is not None else 0.0
    tags = {STUDY_TAG: study_name, TRIAL_TAG: str(trial.number), "state": trial.state.name.lower()}
    tags[DIVERGED] = str(trial.user_attrs.get(DIVERGED, False)).lower()
    metrics = {f"{INNER_MAPE}_split_{name}": value for name, value in trial.user_attrs.get(OF_SPLITS, {}).items()}
    if trial.value is not None:
        metrics[INNER_MAPE] = trial.value
    curve = pd.DataFrame({CURVE: trial.user_attrs.get(CURVE, [])}, dtype=np.float64)
    curve.index = pd.RangeIndex(1, len(curve) + 1)
    with child_run(client, f"trial {trial.number}", parent_run_id=run_id, seconds=seconds) as child:
        finite = {name: value for name, value in metrics.items() if np.isfinite(value)}
        log_values(client, child, metrics=finite | {"seconds": seconds}, tags=provenance_tags() | tags)
        log_new_parameters(client, child, {name: str(value) for name, value in trial.params.items()})
        log_curves(client, child, curve.dropna())


def log_study(
    dataset: Dataset, *, metrics: Mapping[str, float], parameters: Mapping[str, str], folder: Path, run_id: str
) -> None:
    """Log the results of a study so far into its run.

    Args:
        dataset: What its trials trained on.
        metrics: Numbers of trials, the lowest inner MAPE.
        parameters: Settings that all trials share.
        folder: Tables and figures, logged as artifacts.
        run_id: The study's run.
    """
    client = open_store()
    log_values(client, run_id, metrics=metrics, tags=provenance_tags())
    log_new_parameters(client, run_id, parameters)
    client.log_inputs(run_id, datasets=[dataset_input(describe_dataset(dataset), "all")])
    client.log_artifacts(run_id, str(folder))


def _find_run(client: MlflowClient, run_id: str) -> Run | None:
    """Return a run of this store that was not deleted."""
    try:
        run = client.get_run(run_id)
    except MlflowException:
        return None
    return run if run.info.lifecycle_stage == "active" else None


def _now() -> int:
    """Return the time in the store's unit, milliseconds."""
    return int(1000 * time.time())
