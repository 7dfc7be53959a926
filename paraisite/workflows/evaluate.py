"""Honest errors of the lineage's networks and of the models on descriptors, side by side, under one protocol."""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.arrays import Floats
from paraisite.artifacts.bundled import fetch_bundled
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.inputs import evaluation_folder, load_data, load_phonons, with_graphs
from paraisite.config import Config, load_config
from paraisite.core.paths import BUILD, PRETRAINED
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation.cross_validation import CrossFit, cross_fit_tabular, mix_cross_fits
from paraisite.evaluation.evaluation_tables import TABLES_FOLDER, EvaluationTables
from paraisite.evaluation.network_cross_validation import cross_fit_network
from paraisite.evaluation.protocols import PROTOCOLS, Protocol
from paraisite.evaluation.published_protocol import tabulate_training_estimates
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.descriptor_blocks import Networks, descriptor_blocks
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.tabular import BASELINES, MIXTURES, PROCESSES, TabularModel
from paraisite.reports.figures import save_figure
from paraisite.reports.model_errors import evaluation_figures, evaluation_table, narrow
from paraisite.reports.tables import render, to_markdown
from paraisite.tracking.runs import log_evaluation, recipe_run
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import Lineage, Recipe, Start, final_recipe, read_lineage

logger = logging.getLogger(__name__)


def evaluate_models(protocol_name: str, dataset_name: str) -> None:
    """Measure all models under a protocol, into ``build/evaluate_PROTOCOL/``.

    Raises:
        ConfigError: There is no such protocol.
    """
    if protocol_name not in PROTOCOLS:
        raise ConfigError(f"unknown protocol {protocol_name!r}; known ones are {', '.join(PROTOCOLS)}")
    protocol, config = PROTOCOLS[protocol_name], load_config()
    dataset, graphs = with_graphs(load_data(dataset_name, config), config)
    splits = protocol.divide(dataset, config.splits, config.evaluation)
    with recipe_run(f"evaluate {protocol.name} {dataset.name}") as run_id:
        estimates = estimates_of_all(dataset, graphs, splits, config=config, protocol=protocol, run_id=run_id)
        outcome = EvaluationTables.of(estimates, splits)
        folder = evaluation_folder(protocol.name, dataset.name)
        table = evaluation_table(outcome.summary, outcome.comparisons)
        _write(outcome, table, folder)
        log_evaluation(outcome.scores, outcome.summary, dataset, folder=folder, run_id=run_id)
    title = f"{protocol.name} on {dataset.name}: {protocol.meaning}"
    Console().print(render(narrow(table), title=title))


def _write(outcome: EvaluationTables, table: pd.DataFrame, folder: Path) -> None:
    """Write the tables, which DVC keeps, and the figures, which can be drawn again of them."""
    shutil.rmtree(folder, ignore_errors=True)
    outcome.write(folder)
    (folder / TABLES_FOLDER / "table.md").write_text(to_markdown(table) + "\n")
    for name, figure in evaluation_figures(outcome).items():
        save_figure(figure, folder / "figures" / name)


def estimates_of_all(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    protocol: Protocol,
    run_id: str,
) -> pd.DataFrame:
    """Return the estimates of all models, as ``scores.tabulate_estimates`` does.

    Networks are trained once for each of ``evaluation.seeds``. The other models say the same at every call, so that
    they run once. In a published protocol there are only networks, whose estimates are those of their own trainings:
    the other models know no epoch, so that they say there what they say in protocol honest.

    Args:
        dataset: Materials with targets, all of them with a graph.
        graphs: Theirs, in the same order.
        splits: Divisions of these rows.
        config: Settings.
        protocol: How the rows were divided, and what else it asks for.
        run_id: The evaluation's run, with which starting weights are registered.
    """
    stages = EarlierStages(config, run_id=run_id, without=dataset if protocol.is_clean else None)
    if protocol.epoch is not None:
        return _published(dataset, graphs, splits, config=config, epoch=protocol.epoch, stages=stages)
    networks = _networks(read_lineage(config.lineage), stages)
    blocks = descriptor_blocks(dataset.structures, graphs, networks, load_phonons(dataset))
    log10_kappa = np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64))
    tables = [
        tabulate_estimates(name, found, dataset, seed=config.evaluation.seeds[0])
        for name, found in _on_descriptors(blocks, log10_kappa, splits)
    ]
    for recipe, seed, weights in _starts_with_seeds(dataset.name, config, stages):
        checkpoints = BUILD / "checkpoints" / f"{protocol.name}-{recipe.name.lower()}-{seed}"
        found = cross_fit_network(
            weights,
            dataset=dataset,
            graphs=graphs,
            splits=splits,
            config=config.with_seed(seed),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"{protocol.name} {recipe.name} seed {seed}")],
        )
        shutil.rmtree(checkpoints, ignore_errors=True)
        tables.append(tabulate_estimates(recipe.name, found, dataset, seed=seed))
    return pd.concat(tables, ignore_index=True)


def _on_descriptors(
    blocks: Mapping[str, Floats], log10_kappa: Floats, splits: Sequence[NestedSplit]
) -> Iterator[tuple[str, list[CrossFit]]]:
    """Yield the name and the estimates of each model on descriptors, and of mixtures of Gaussian processes."""

    def cross_fits(models: Sequence[TabularModel]) -> Iterator[tuple[str, list[CrossFit]]]:
        for model in models:
            if not set(model.blocks) <= set(blocks):
                missing = ", ".join(sorted(set(model.blocks) - set(blocks)))
                logger.warning("%s is left out: there are no descriptors %s", model.name, missing)
                continue
            logger.info("%s: %s", model.name, model.meaning)
            yield (
                model.name,
                cross_fit_tabular(
                    model, blocks=blocks, log10_kappa=log10_kappa, splits=splits, n_process=os.cpu_count() or 1
                ),
            )

    yield from cross_fits(BASELINES)
    found = dict(cross_fits(PROCESSES))
    yield from found.items()
    for mixture, processes in MIXTURES.items():
        names = [process.name for process in processes]
        if set(names) <= set(found):
            yield mixture, mix_cross_fits([found[name] for name in names])


def _published(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    epoch: Literal["best_epoch", "last_epoch"],
    stages: EarlierStages,
) -> pd.DataFrame:
    """Return the estimates of the final recipes' own trainings.

    Raises:
        MissingInputError: None of them was trained.
    """
    tables = []
    for recipe in _final_recipes(dataset.name, config):
        try:
            result = stages.training_of(recipe, dataset, graphs)
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)
            continue
        tables.append(tabulate_training_estimates(result, tuple(splits), epoch=epoch, seed=config.training.seed))
    if not tables:
        raise MissingInputError("there is no training to take estimates of: `python -m paraisite recipes` lists them")
    return pd.concat(tables, ignore_index=True)


def _starts_with_seeds(
    dataset_name: str, config: Config, stages: EarlierStages
) -> Iterator[tuple[Recipe, int, StartingWeights]]:
    """Yield each recipe that the lineage ends with, and for each seed what it starts from."""
    for recipe in _final_recipes(dataset_name, config):
        try:
            for seed in config.evaluation.seeds:
                yield recipe, seed, stages.start_of(recipe, config.with_seed(seed))
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)


def _final_recipes(dataset_name: str, config: Config) -> list[Recipe]:
    """Return the recipes that the lineage ends with."""
    lineage = read_lineage(config.lineage)
    starts = (Start.RANDOM, lineage.pretrained, lineage.middle_from_random, lineage.middle, lineage.third)
    return [final_recipe(start, dataset_name) for start in starts if start is not None]


def _networks(lineage: Lineage, stages: EarlierStages) -> Networks:
    """Return the networks whose answers are descriptors: of the second and third stage, and for moduli."""
    members = stages.conductivity_networks(lineage)
    if lineage.pretrained is not Start.LAB_FORMATION_ENERGY:
        return Networks(members)
    bulk, shear = (
        Ensemble.load(fetch_bundled(PRETRAINED / name, target=str(PRETRAINED / name)) / ENSEMBLE_FILE)
        for name in ("log_bulk", "log_shear")
    )
    return Networks(members, bulk, shear)
