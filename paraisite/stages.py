"""One function per DVC stage and per entry point of MLproject: what is read, what is run, what is written.

``prepare``, ``train_recipe`` and ``compare`` write ``build/``; the steps leave their results in the
experiment store only, so that a run never changes what DVC tracks.
"""

import dataclasses
import json
import logging
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.config import Config, load_config
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation.experiment import run_recipe, settings_of
from paraisite.evaluation.results import RecipeResult
from paraisite.folders import BUILD, built
from paraisite.inputs import load_data, with_graphs
from paraisite.outputs import Output, metrics_of
from paraisite.overview import write_overview
from paraisite.reports.figures import mape_of_splits, recipe_figures, save_figure
from paraisite.reports.tables import closing_table, render, to_markdown
from paraisite.reports.tables import compare as compare_results
from paraisite.starts import starting_weights
from paraisite.tracking.registry import register_result
from paraisite.tracking.runs import log_result, recipe_run
from paraisite.tracking.store import ui_hint
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import (
    LINEAGES,
    PARTS,
    RECIPES,
    Lineage,
    Recipe,
    Start,
    final_recipe,
    has_followers,
    models_of,
    recipe_named,
)

logger = logging.getLogger(__name__)

Overrides = Mapping[str, int | float]


def prepare(dataset_name: str) -> None:
    """Read a data set from its source, check it, and write it with its structures."""
    dataset = load_data(dataset_name, load_config())
    folder = BUILD / "prepare" / dataset_name
    shutil.rmtree(folder, ignore_errors=True)
    dataset.save(folder)
    logger.info("%s", dataset.describe())


def train_recipe(recipe_name: str, *, overrides: Overrides) -> None:
    """Train a recipe into ``build/``, starting from what ``build/`` or the bundled store holds."""
    recipe, config = recipe_named(recipe_name), _configured(overrides)
    output = _train(recipe, config, in_pipeline=True)
    output.write(built(recipe.name))
    _report(output.trained.result)


def train_predictor(recipe_name: str) -> None:
    """Train a recipe for its predictor alone: its result, which DVC tracks, stays as it is."""
    recipe = recipe_named(recipe_name)
    _train(recipe, load_config(), in_pipeline=True).write_predictor(built(recipe.name))


def step1(dataset: str, *, overrides: Overrides) -> None:
    """Train from random weights: on the second stage's data set, and on the final one."""
    lineage = _lineage(load_config())
    _train_and_report((lineage.middle_from_random, final_recipe(Start.RANDOM, dataset)), overrides)


def step2(dataset: str, *, overrides: Overrides) -> None:
    """Train from formation-energy weights: on the second stage's data set, and on the final one."""
    lineage = _lineage(load_config())
    _train_and_report((lineage.middle, final_recipe(lineage.pretrained, dataset)), overrides)


def step3(dataset: str, *, overrides: Overrides) -> None:
    """Train the two-stage model from the second stage's members."""
    _train_and_report((final_recipe(_lineage(load_config()).middle, dataset),), overrides)


def rwaft(dataset: str, *, overrides: Overrides) -> None:
    """Train the additional check, from the members of the second stage without the first."""
    _train_and_report((final_recipe(_lineage(load_config()).middle_from_random, dataset),), overrides)


def compare(*, all_trained: bool = False) -> None:
    """Write the table, the figure and the curves of the lineage's models, and the table of all protocols.

    Args:
        all_trained: Of every recipe that was trained into ``build/``, of either lineage; only printed.
    """
    config = load_config()
    models = models_of(_lineage(config))
    wanted = [*RECIPES.values(), *_on_own_data()] if all_trained else list(models.values())
    trained = [recipe for recipe in wanted if (built(recipe.name) / "result").is_dir()]
    if not trained:
        raise MissingInputError("nothing to compare: train a recipe first, e.g. `dvc repro final@rwtg15`")
    if not all_trained and (missing := [recipe.name for recipe in wanted if recipe not in trained]):
        logger.warning("not trained yet, so not in the table: %s", ", ".join(missing))
    results = [RecipeResult.load(built(recipe.name) / "result") for recipe in trained]
    if not all_trained:
        _write_comparison(results, {recipe.name: part for part, recipe in models.items()})
        write_overview(BUILD / "compare", config)
    Console().print(render(closing_table(results)))


def _on_own_data() -> list[Recipe]:
    """Return the recipes that were trained here on a user's data."""
    return [recipe_named(folder.parent.name) for folder in sorted(BUILD.glob("*_*/result"))]


def _write_comparison(results: Sequence[RecipeResult], part_of: Mapping[str, str]) -> None:
    """Write what DVC shows of the models; curves are named by the part that each model has in its lineage."""
    folder = BUILD / "compare" / "result"
    folder.mkdir(parents=True, exist_ok=True)
    compare_results(results).to_csv(folder / "table.csv")
    (folder / "table.md").write_text(to_markdown(closing_table(results)) + "\n")
    save_figure(mape_of_splits(results), folder / "mape_of_splits")
    metrics = {result.recipe.name.lower(): metrics_of(result.metrics) for result in results}
    (folder.parent / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    curves = {part_of[result.recipe.name]: _mean_curve(result) for result in results}
    pd.DataFrame(curves, columns=PARTS).to_csv(folder.parent / "curves.csv", float_format="%.6g")


def _mean_curve(result: RecipeResult) -> pd.Series:
    """Return the validation MAPE of each epoch, mean over the splits."""
    return result.curves.groupby(schema.EPOCH)[schema.VALIDATION_MAPE].mean()


def _train_and_report(recipes: tuple[Recipe, ...], overrides: Overrides) -> None:
    config = _configured(overrides)
    _report(*(_train(recipe, config, in_pipeline=False).trained.result for recipe in recipes))


def _lineage(config: Config) -> Lineage:
    if config.lineage not in LINEAGES:
        raise ConfigError(f"params.yaml: lineage is {config.lineage!r}, expected one of {', '.join(LINEAGES)}")
    return LINEAGES[config.lineage]


def _configured(overrides: Overrides) -> Config:
    config = load_config()
    given: dict[str, Any] = dict(overrides)
    slack_training = {name: given[name] for name in ("epochs", "batch_size") if name in given}
    return dataclasses.replace(
        config,
        training=dataclasses.replace(config.training, **given),
        lab=dataclasses.replace(
            config.lab, slack_training=dataclasses.replace(config.lab.slack_training, **slack_training)
        ),
    )


def _train(recipe: Recipe, config: Config, *, in_pipeline: bool, parent_run_id: str | None = None) -> Output:
    """Train one recipe inside its run, log it, register it.

    Args:
        recipe: What to train.
        config: Settings.
        in_pipeline: As a stage of DVC, which starts from what earlier stages wrote, never from the registry.
        parent_run_id: Run that needs this recipe's members.
    """
    config = settings_of(recipe, config)
    dataset, graphs = with_graphs(load_data(recipe.train_on, config), config)
    with recipe_run(recipe.name, parent_run_id=parent_run_id) as run_id:

        def train_before(before: Recipe) -> None:
            output = _train(before, config, in_pipeline=in_pipeline, parent_run_id=run_id)
            output.write(built(before.name))

        start = starting_weights(recipe, config, run_id=run_id, in_pipeline=in_pipeline, train=train_before)
        logger.info("%s on %d materials starts from %s", recipe.name, len(dataset), start.description)
        checkpoints = BUILD / "checkpoints" / recipe.name.lower()
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
        output = Output.of(trained, graphs)
        register_result(
            trained.result,
            trained.best,
            run_id=run_id,
            half_precision=has_followers(recipe),
            predictor=output.predictor,
        )
    shutil.rmtree(checkpoints, ignore_errors=True)
    return output


def _warn_of_divergence(result: RecipeResult) -> None:
    seeds = [str(seed) for seed in result.diverged.index[np.asarray(result.diverged, dtype=bool)]]
    if seeds:
        logger.warning(
            "%s: split %s met gradients or errors that were not finite; those steps were skipped",
            result.recipe.name,
            ", ".join(seeds),
        )


def _report(*results: RecipeResult) -> None:
    console = Console()
    console.print(render(closing_table(results)))
    console.print(f"Runs, figures and models: {ui_hint()}", soft_wrap=True)
