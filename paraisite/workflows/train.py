"""Train recipes: by name into ``build/``, or as the paper's steps.

The steps leave their results in the experiment store only, so that a run never changes files that DVC tracks.
"""

import dataclasses
import logging
import shutil
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paraisite.artifacts.initial_weights import resolve_starting_weights
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.missing_inputs import find_missing_input
from paraisite.artifacts.training_checkpoints import choose_checkpoint_folder
from paraisite.artifacts.training_outputs import TrainingOutput
from paraisite.config import Config, load_config, override
from paraisite.core.paths import built
from paraisite.reports.figures import recipe_figures
from paraisite.reports.recipe_tables import CLOSING_TITLE, closing_table
from paraisite.reports.recipe_tables import compare as compare_results
from paraisite.reports.terminal import print_line, print_table
from paraisite.tracking.registry import check_registrable, register_result
from paraisite.tracking.runs import log_result, recipe_run
from paraisite.tracking.store import check_outputs_writable, ui_hint
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipe_training import adapt_settings, run_recipe
from paraisite.training.recipes import (
    LAB,
    InitialWeights,
    Lineage,
    Recipe,
    find_final_recipe,
    find_lineage,
    find_recipe,
    starts_another_recipe,
)

logger = logging.getLogger(__name__)

Overrides = Mapping[str, int | float]


def train_recipe(recipe_name: str, *, overrides: Overrides) -> None:
    """Train a recipe into ``build/``, with initial weights from ``build/`` or those that are shipped."""
    recipe, config = find_recipe(recipe_name), _configured(overrides)
    output = _train(recipe, config, in_pipeline=True, write=lambda trained: trained.write(built(recipe.name)))
    _report(output.trained.result)


def train_predictor(recipe_name: str) -> None:
    """Train a recipe for its predictor alone; its result, which DVC tracks, stays unchanged."""
    recipe = find_recipe(recipe_name)
    _train(recipe, load_config(), in_pipeline=True, write=lambda trained: trained.write_predictor(built(recipe.name)))


def train_experiment(name: str, dataset: str, *, lineage: str, overrides: Overrides) -> None:
    """Train one of the paper's experiments.

    Where an input of others is missing that a model of the lineage needs, the lab's is trained in its place.

    Args:
        name: ``step1``: from random weights, on the second stage's data set, and on the final one. ``step2``: the same
            from formation-energy weights. ``step3``: the two-stage model, from the second stage's members. ``rwaft``:
            the two-stage model without formation energies.
        dataset: Data set of the final stage.
        lineage: Name of the lineage in ``params.yaml``.
        overrides: Settings of the training that differ from ``params.yaml``.

    Raises:
        ConfigError: There is no such lineage.
    """
    config = _configured(overrides)
    wanted, of_the_lab = (_list_recipes(name, dataset, find_lineage(each, config)) for each in (lineage, LAB))
    recipes = [_choose_recipe(*both, config) for both in zip(wanted, of_the_lab, strict=True)]
    _report(*(_train(recipe, config, in_pipeline=False).trained.result for recipe in recipes))


def _list_recipes(name: str, dataset: str, lineage: Lineage) -> tuple[Recipe, ...]:
    """Return what an experiment trains, in its order."""
    choices: dict[str, Callable[[], tuple[Recipe, ...]]] = {
        "step1": lambda: (lineage.middle_from_random, find_final_recipe(InitialWeights.RANDOM, dataset)),
        "step2": lambda: (lineage.middle, find_final_recipe(lineage.pretrained, dataset)),
        "step3": lambda: (find_final_recipe(lineage.middle, dataset),),
        "rwaft": lambda: (find_final_recipe(lineage.middle_from_random, dataset),),
    }
    return choices[name]()


def _choose_recipe(wanted: Recipe, of_the_lab: Recipe, config: Config) -> Recipe:
    """Return the recipe that is wanted, or the lab's where it cannot be trained, and say so in a line."""
    if wanted == of_the_lab or (missing := find_missing_input(wanted, config)) is None:
        return wanted
    logger.warning("%s is trained in the place of %s: %s", of_the_lab.name, wanted.name, missing)
    return of_the_lab


def _configured(overrides: Overrides) -> Config:
    config = load_config()
    given: dict[str, Any] = dict(overrides)
    slack_training = {name: given[name] for name in ("epochs", "batch_size") if name in given}
    return dataclasses.replace(
        config,
        training=override(config.training, **given),
        lab=dataclasses.replace(config.lab, slack_training=override(config.lab.slack_training, **slack_training)),
    )


def _train(
    recipe: Recipe,
    config: Config,
    *,
    in_pipeline: bool,
    write: Callable[[TrainingOutput], object] | None = None,
    parent_run_id: str | None = None,
) -> TrainingOutput:
    """Train one recipe inside its run, log it, register it.

    Args:
        recipe: What to train.
        config: Settings.
        in_pipeline: As a stage of DVC, whose initial weights are outputs of earlier stages, never the registry's.
        write: Writes what was trained, before the checkpoints go; None where the run alone keeps it.
        parent_run_id: Run of the recipe that starts from this one's members.
    """
    check_outputs_writable(built(recipe.name))
    config = adapt_settings(recipe, config)
    dataset, graphs = attach_graphs(load_data(recipe.train_on, config), config)
    with recipe_run(recipe.name, parent_run_id=parent_run_id) as run_id:
        check_registrable(recipe.name)

        def train_before(before: Recipe) -> None:
            _train(
                before,
                config,
                in_pipeline=in_pipeline,
                write=lambda trained: trained.write(built(before.name)),
                parent_run_id=run_id,
            )

        start = resolve_starting_weights(recipe, config, run_id=run_id, in_pipeline=in_pipeline, train=train_before)
        logger.info("%s on %d materials, initial weights: %s", recipe.name, len(dataset), start.description)
        checkpoints = choose_checkpoint_folder(recipe.name.lower(), config=config, dataset=dataset, start=start)
        trained = run_recipe(
            recipe,
            dataset=dataset,
            graphs=graphs,
            start=start,
            config=config,
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(recipe.name)],
        )
        _warn_of_divergence(trained.result)
        log_result(trained.result, run_id=run_id, figures=recipe_figures(trained.result))
        output = TrainingOutput.of(trained, graphs)
        register_result(
            trained.result,
            trained.best,
            run_id=run_id,
            half_precision=starts_another_recipe(recipe),
            predictor=output.predictor,
        )
    if write is not None:
        write(output)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return output


def _warn_of_divergence(result: RecipeResult) -> None:
    seeds = [str(seed) for seed in result.diverged.index[np.asarray(result.diverged, dtype=bool)]]
    if seeds:
        logger.warning(
            "%s: gradients or errors of split %s were not finite; those steps were skipped",
            result.recipe.name,
            ", ".join(seeds),
        )


def _report(*results: RecipeResult) -> None:
    print_table(closing_table(results), title=CLOSING_TITLE, numbers=compare_results(results))
    print_line(f"Runs, figures and models, in MLflow's pages below Model training: {ui_hint()}")
