"""Tune the settings of the fine-tuning on inner folds alone; on request write the best into params.yaml."""

import dataclasses
import logging
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Final

import optuna
from optuna import Study
from optuna.trial import TrialState

from paraisite.artifacts.initial_weights import refuse_to_train, resolve_starting_weights
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.stage_folders import FIGURES, empty_folder
from paraisite.config import Config, load_config, override
from paraisite.core.paths import STUDIES
from paraisite.core.progress import CountProgress
from paraisite.core.settings_file import write_settings
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.reports.figures import save_figures
from paraisite.reports.study import study_figures, study_table
from paraisite.reports.terminal import print_line, print_table
from paraisite.tracking.store import check_outputs_writable, ui_hint
from paraisite.tracking.studies import log_study, log_trial, logged_trials, study_run
from paraisite.training.recipes import Recipe, find_recipe
from paraisite.tuning.objective import INNER_MAPE, TuningTask
from paraisite.tuning.pool import StudyPlace, run_trials
from paraisite.tuning.study import (
    FINISHED,
    MEDIAN,
    count_trials,
    queue_candidates,
    record_start,
    repeat_lost,
)
from paraisite.tuning.study_options import SearchOptions
from paraisite.tuning.study_results import find_best_of_splits, find_best_settings, replay_pruning, tabulate_trials
from paraisite.tuning.trial_lock import is_of_this_host

logger = logging.getLogger(__name__)

PARAMS: Final = Path("params.yaml")
_SECTION: Final = ("evaluation", "training")
_RUN_ID: Final = "run_id"
"""A study's attribute: its MLflow run."""


def tune_recipe(recipe_name: str, options: SearchOptions) -> None:
    """Run trials until the study has the requested number, and report the best ones.

    Raises:
        ConfigError: A study of this name has other settings, or its database cannot be used.
        MissingInputError: The members that the recipe starts from are not here.
    """
    recipe, config = find_recipe(recipe_name), _configured(options)
    check_outputs_writable(STUDIES)
    dataset, graphs = attach_graphs(load_data(recipe.train_on, config), config)
    splits = PROTOCOLS[options.protocol].divide(dataset, config.splits, config.evaluation)
    place = _place(recipe, dataset, options, config)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = place.open()
    with study_run(f"tune {place.name}", known_run_id=study.user_attrs.get(_RUN_ID)) as run_id:
        study.set_user_attr(_RUN_ID, run_id)
        task = _task(recipe, dataset, graphs, splits, config=config, folder=place.folder, run_id=run_id)
        record_start(study, task.start.description)
        try:
            _run(study, task, place, options=options, run_id=run_id)
        except KeyboardInterrupt:
            repeat_lost(study)
            logger.warning(
                "stopped after %d trials; the same command resumes the study", count_trials(study, *FINISHED)
            )
            raise
        finally:
            _log_new_trials(study, run_id)
        _report(study, task, place, run_id=run_id)
    if options.apply:
        _apply(study)


def _configured(options: SearchOptions) -> Config:
    """Return the settings, with the requested epochs, which are also the period of the learning rate's cosine."""
    config = load_config(PARAMS)
    if options.epochs is None:
        return config
    training = override(config.evaluation.training, epochs=options.epochs, learning_rate_period_epochs=options.epochs)
    return dataclasses.replace(config, evaluation=dataclasses.replace(config.evaluation, training=training))


def _place(recipe: Recipe, dataset: Dataset, options: SearchOptions, config: Config) -> StudyPlace:
    about: dict[str, str | int] = {
        "recipe": recipe.name,
        "protocol": options.protocol,
        "dataset_digest": dataset.digest,
        "split_seeds": ", ".join(map(str, config.splits.seeds)),
        "train_fraction": str(config.splits.train_fraction),
        "n_fold": config.evaluation.n_fold,
        "epochs": config.evaluation.training.epochs,
        "seed": config.training.seed,
        "sampler": options.sampler,
        "pruning": MEDIAN if options.pruning else "none",
    }
    parts = [recipe.name.lower(), options.protocol, options.sampler, *([] if options.pruning else ["no-pruning"])]
    name = options.study or "-".join(parts)
    return StudyPlace(name, options.storage, STUDIES / name, about, config.training.seed)


def _task(
    recipe: Recipe,
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    folder: Path,
    run_id: str,
) -> TuningTask:
    start = resolve_starting_weights(recipe, config, run_id=run_id, in_pipeline=True, train=refuse_to_train)
    logger.info("%s on %d materials, initial weights: %s", recipe.name, len(dataset), start.description)
    return TuningTask(start, dataset, graphs, splits, config, folder / "checkpoints")


def _run(study: Study, task: TuningTask, place: StudyPlace, *, options: SearchOptions, run_id: str) -> None:
    """Run the missing trials; each is logged when it has ended."""
    if lost := repeat_lost(study):
        logger.info("trials %s were interrupted: they resume from their checkpoints", ", ".join(map(str, lost)))
    queue_candidates(study, options.n_trial, first=task.config.evaluation.training, seed=place.seed)
    # A line for every trial, as one takes minutes. Closed at once when Ctrl-C comes, so that the processes are gone
    # when their trials are looked for.
    with (
        CountProgress(f"study {place.name}", unit="trials", seconds_between_lines=0.0) as progress,
        closing(run_trials(task, place, n_trial=options.n_trial, n_process=options.n_process)) as trials,
    ):
        progress.update(n_done=count_trials(study, *FINISHED), n_total=options.n_trial)
        for _ in trials:
            _log_new_trials(study, run_id)
            progress.update(n_done=count_trials(study, *FINISHED), n_total=options.n_trial, note=_best(study))


def _best(study: Study) -> str:
    if not count_trials(study, TrialState.COMPLETE):
        return "none complete yet"
    return f"best inner MAPE {study.best_value:.3f} (trial {study.best_trial.number})"


def _log_new_trials(study: Study, run_id: str) -> None:
    """Log this machine's trials that have ended and have no run yet."""
    logged = logged_trials(run_id)
    for trial in study.get_trials(deepcopy=False, states=FINISHED):
        if trial.number not in logged and is_of_this_host(trial):
            log_trial(trial, study_name=study.study_name, run_id=run_id)


def _report(study: Study, task: TuningTask, place: StudyPlace, *, run_id: str) -> None:
    """Write tables and figures, log them, and print the best trials."""
    folder = empty_folder(place.folder / "result")
    tabulate_trials(study).to_csv(folder / "trials.csv", float_format="%.6g")
    metrics = {f"n_{state.name.lower()}": float(count_trials(study, state)) for state in FINISHED}
    if count_trials(study, TrialState.COMPLETE):
        find_best_of_splits(study, task.splits).to_csv(folder / "chosen.csv", float_format="%.6g")
        metrics[INNER_MAPE] = study.best_value
    if place.about["pruning"] != MEDIAN:
        replay_pruning(study).to_csv(folder / "pruning.csv", float_format="%.6g")
    save_figures(study_figures(study), folder / FIGURES)
    parameters = {name: str(value) for name, value in place.about.items()} | {"study": place.name}
    log_study(task.dataset, metrics=metrics, parameters=parameters, folder=folder, run_id=run_id)
    trials = tabulate_trials(study)
    print_table(study_table(trials), title=f"Study {place.name}: the best trials", numbers=trials)
    print_line(f"Tables and figures: {folder}; runs: {ui_hint()}")


def _apply(study: Study) -> None:
    best = find_best_settings(study)
    write_settings(PARAMS, _SECTION, asdict(best))
    logger.info("%s: evaluation.training now holds the settings of trial %d", PARAMS, study.best_trial.number)
