"""MLflow runs: a parent per recipe, a nested child per split."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.data.code_dataset_source import CodeDatasetSource
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from paraisite import schema
from paraisite.core.secrets import hide_secrets
from paraisite.data.datasets.splits import Split
from paraisite.data.datasets.table import Dataset
from paraisite.metrics.paired_tests import pivot_by_split_and_seed
from paraisite.schema import MODEL
from paraisite.tracking import run_content
from paraisite.tracking.experiments import choose_experiment, find_experiment, name_first_experiment
from paraisite.tracking.live_runs import (
    PROCESS_TAG,
    close_killed_runs,
    delete_runs_of_checks,
    failures_described,
    hold_process_lock,
    open_runs_left_to_next,
)
from paraisite.tracking.run_descriptions import describe_run
from paraisite.tracking.store import check_artifacts_writable, open_store, provenance_tags, store_errors
from paraisite.tracking.writing import (
    DIGEST_LENGTH,
    child_run,
    dataset_input,
    describe_dataset,
    finite_values,
    log_curves,
    log_new_parameters,
    log_values,
    part_of,
    write_figures,
)
from paraisite.training.pretraining_result import Pretraining
from paraisite.training.recipe_result import RecipeResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUN_ID_VARIABLE: Final = "MLFLOW_RUN_ID"
FIGURES_FOLDER: Final = "figures"


@contextmanager
def recipe_run(recipe_name: str, *, experiment: str | None = None, parent_run_id: str | None = None) -> Iterator[str]:
    """Hold the run of a recipe open, so that a failure inside ends it as FAILED, with the reason on its page.

    Under ``mlflow run`` (MLFLOW_RUN_ID is set) the run that MLflow made is resumed and renamed, and the command's
    further runs go to the same experiment. Otherwise a run is made. Runs of killed processes are closed first.

    Args:
        recipe_name: Name of the run.
        experiment: Name of the experiment that a new run goes to, unless it has a parent; by default that of
            ``choose_experiment``.
        parent_run_id: Nest the recipe under this run, for a recipe that is trained on the way to another.

    Yields:
        The run's id.

    Raises:
        TrackingError: The store fails, now or while the run is open.
        OSError: The folder of the run's files cannot be written.
    """
    client = open_store()
    tags = {PROCESS_TAG: hold_process_lock(), MLFLOW_RUN_NOTE: describe_run(recipe_name)}
    with open_runs_left_to_next(), store_errors():
        close_killed_runs(client)
        delete_runs_of_checks(client)
        if parent_run_id is None and os.environ.get(RUN_ID_VARIABLE):
            name_first_experiment(client)
            with mlflow.start_run(run_name=recipe_name, tags=tags) as run:
                _hide_secrets_in_tags(client, run)
                with failures_described(client, run.info.run_id):
                    check_artifacts_writable(client, run)
                    yield run.info.run_id
            return
        if parent_run_id is not None:
            experiment_id = client.get_run(parent_run_id).info.experiment_id
        else:
            experiment_id = choose_experiment(client) if experiment is None else find_experiment(client, experiment)
        nested = mlflow.active_run() is not None
        with (
            mlflow.start_run(
                run_name=recipe_name, experiment_id=experiment_id, parent_run_id=parent_run_id, nested=nested, tags=tags
            ) as run,
            failures_described(client, run.info.run_id),
        ):
            check_artifacts_writable(client, run)
            yield run.info.run_id


def _hide_secrets_in_tags(client: MlflowClient, run: Run) -> None:
    """Take secrets out of the tags that ``mlflow run`` has set: a git remote's address may hold a token."""
    for name, value in run.data.tags.items():
        if (shown := hide_secrets(value)) != value:
            client.set_tag(run.info.run_id, name, shown)


def log_recipe(
    result: RecipeResult,
    *,
    experiment: str | None = None,
    parent_run_id: str | None = None,
    figures: "Mapping[str, Figure] | None" = None,
) -> str:
    """Log a finished recipe as a run of its own; see ``recipe_run`` for the options and ``log_result``.

    Returns:
        The run's id.
    """
    with recipe_run(result.recipe.name, experiment=experiment, parent_run_id=parent_run_id) as run_id:
        log_result(result, run_id=run_id, figures=figures)
    return run_id


def log_result(result: RecipeResult, *, run_id: str, figures: "Mapping[str, Figure] | None" = None) -> None:
    """Log a recipe into an open run and each split into a nested one.

    Args:
        result: What was trained.
        run_id: The recipe's run; parameters that it already has keep their spelling.
        figures: Figures by file name without ending; saved as PNG and SVG.
    """
    client = open_store()
    tags = run_content.parent_tags(result) | provenance_tags()
    tags[MLFLOW_RUN_NOTE] = run_content.parent_description(result)
    parameters = run_content.run_parameters(result.parameters)
    log_values(client, run_id, metrics=run_content.parent_metrics(result), tags=tags)
    log_new_parameters(client, run_id, parameters)
    log_curves(client, run_id, run_content.parent_curves(result))
    described = describe_dataset(result.dataset)
    client.log_inputs(run_id, datasets=[dataset_input(described, "all")])
    with tempfile.TemporaryDirectory() as folder:
        run_content.write_parent_files(result, Path(folder))
        write_figures(figures or {}, Path(folder) / FIGURES_FOLDER)
        client.log_artifacts(run_id, folder)
    for split in result.splits:
        _log_split(client, result, split, parent_run_id=run_id, parameters=parameters, described=described)


def log_pretraining(trained: Pretraining, *, dataset_name: str, run_id: str) -> None:
    """Log a pretraining into an open run: its settings, errors on the held-out tenth, curves, tables and weights.

    Args:
        trained: What was trained.
        dataset_name: On what; its digest is in the ensemble's metadata.
        run_id: The run; parameters that it already has keep their spelling.
    """
    client = open_store()
    metrics = {
        f"{row['property']} {row['predictor']} {column}": float(row[column])
        for row in trained.metrics.reset_index().to_dict("records")
        for column in ("mae", "rmse", "r2", "spearman", "mape")
        if np.isfinite(row[column])
    }
    tags = provenance_tags() | {MLFLOW_RUN_NOTE: run_content.pretraining_description(trained.metrics)}
    log_values(client, run_id, metrics=metrics, tags=tags)
    log_new_parameters(client, run_id, trained.ensemble.metadata)
    log_curves(client, run_id, trained.curves.set_index(schema.EPOCH))
    source = CodeDatasetSource(tags={"source": dataset_name})
    described = {
        "name": dataset_name,
        "digest": trained.ensemble.metadata["dataset_digest"][:DIGEST_LENGTH],
        "source_type": source._get_source_type(),
        "source": source.to_json(),
    }
    parts = {
        schema.TRAIN: trained.split.train,
        schema.VALIDATION: trained.split.validation,
        schema.TEST: trained.split.test,
    }
    client.log_inputs(run_id, datasets=[dataset_input(part_of(described, rows), part) for part, rows in parts.items()])
    with tempfile.TemporaryDirectory() as folder:
        trained.save(Path(folder))
        client.log_artifacts(run_id, folder)


def log_evaluation(
    scores: pd.DataFrame,
    summary: pd.DataFrame,
    dataset: Dataset,
    *,
    folder: Path,
    run_id: str,
    started_from: Mapping[str, str] | None = None,
) -> None:
    """Log an evaluation into an open run, and each model's metrics into a nested one.

    Args:
        scores: One row per model, seed and split.
        summary: One row per model (index): means and deviations.
        dataset: What was evaluated on.
        folder: Tables, figures and metrics, logged as artifacts.
        run_id: The evaluation's run; its own metrics are those of the model with the lowest MAPE.
        started_from: Where each model's initial weights came from, for people.
    """
    client = open_store()
    described = dataset_input(describe_dataset(dataset), "all")
    best = str(summary[schema.MAPE_TEST].idxmin())
    tags = provenance_tags() | {"best_model": best, MLFLOW_RUN_NOTE: run_content.evaluation_description(summary)}
    log_values(client, run_id, metrics=_evaluation_metrics(dict(summary.loc[best])), tags=tags)
    client.log_inputs(run_id, datasets=[described])
    client.log_artifacts(run_id, str(folder))
    for model, row in summary.iterrows():
        with child_run(client, str(model), parent_run_id=run_id, seconds=0.0) as child:
            tags = provenance_tags() | {"model": str(model)}
            if started_from is not None:
                tags["started_from"] = started_from[str(model)]
            log_values(client, child, metrics=_evaluation_metrics(dict(row)), tags=tags)
            client.log_inputs(child, datasets=[described])
            own = pivot_by_split_and_seed(scores[scores[MODEL] == model], schema.MAPE_TEST)
            name = f"{schema.MAPE_TEST}_of_split"
            curves = own.add_prefix(f"{name}_seed_").assign(**{name: own.mean(axis=1)})
            log_curves(client, child, curves)


def _evaluation_metrics(row: Mapping[Any, Any]) -> dict[str, float]:
    """Return the shown metrics of one model, and their deviations."""
    shown = {f"{name}{ending}" for name in run_content.SHOWN_TEST_METRICS for ending in ("", "_std")}
    return run_content.rename_ln_ratios(finite_values({name: row[name] for name in row if name in shown}))


def _log_split(
    client: MlflowClient,
    result: RecipeResult,
    split: Split,
    *,
    parent_run_id: str,
    parameters: dict[str, str],
    described: Mapping[str, str],
) -> None:
    own = {"split_seed": split.seed, "n_train": len(split.train), "n_validation": len(split.validation)}
    tags = run_content.recipe_tags(result) | {
        "split_seed": str(split.seed),
        "diverged": str(bool(result.diverged.loc[split.seed])).lower(),
        MLFLOW_RUN_NOTE: run_content.child_description(result, split.seed),
    }
    name = f"{result.recipe.name} split {split.seed}"
    with child_run(client, name, parent_run_id=parent_run_id, seconds=result.seconds) as run_id:
        log_values(client, run_id, metrics=run_content.child_metrics(result, split.seed), tags=tags)
        log_new_parameters(client, run_id, parameters | {key: str(value) for key, value in own.items()})
        log_curves(client, run_id, run_content.child_curves(result, split.seed))
        client.log_inputs(
            run_id,
            datasets=[
                dataset_input(part_of(described, split.train), schema.TRAIN),
                dataset_input(part_of(described, split.validation), schema.VALIDATION),
            ],
        )
        with tempfile.TemporaryDirectory() as folder:
            run_content.write_child_files(result, split.seed, Path(folder))
            client.log_artifacts(run_id, folder)
