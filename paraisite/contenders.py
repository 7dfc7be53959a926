"""What an evaluation measures: baselines and Gaussian processes on descriptors, and the networks of a lineage."""

import logging
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.config import Config
from paraisite.datasets.nested import NestedSplit
from paraisite.datasets.table import Dataset
from paraisite.errors import MissingInputError
from paraisite.evaluation.blocks import Networks, descriptor_blocks
from paraisite.evaluation.crossfit import CrossFit, Floats
from paraisite.evaluation.experiment import StartingWeights
from paraisite.evaluation.network_crossfit import cross_fit_network
from paraisite.evaluation.point import mixed_cross_fits
from paraisite.evaluation.scores import estimates_table
from paraisite.evaluation.tabular import BASELINES, GAUSSIAN_PROCESSES, MIXTURE, cross_fit_tabular
from paraisite.folders import BUILD, PRETRAINED, SHIPPED, built
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inputs import trained_or_shipped
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.sources.bundled import fetch_bundled
from paraisite.starts import starting_weights
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import LINEAGES, Lineage, Recipe, Start, final_recipe

logger = logging.getLogger(__name__)


def estimates_of_all(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    protocol_name: str,
    run_id: str,
) -> pd.DataFrame:
    """Return the estimates of all models, as ``scores.estimates_table`` does.

    Networks are trained once for each of ``evaluation.seeds``. The other models say the same at every call, so that
    they run once.

    Args:
        dataset: Materials with targets, all of them with a graph.
        graphs: Theirs, in the same order.
        splits: Divisions of these rows.
        config: Settings.
        protocol_name: How the rows were divided, for the folders of checkpoints.
        run_id: The evaluation's run, with which starting weights are registered.
    """
    blocks = descriptor_blocks(dataset.structures, graphs, _networks(LINEAGES[config.lineage]))
    log10_kappa = np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64))
    tables = [
        estimates_table(name, found, dataset, seed=config.evaluation.seeds[0])
        for name, found in _on_descriptors(blocks, log10_kappa, splits)
    ]
    for recipe, seed, weights in _starts_with_seeds(dataset.name, config, run_id=run_id):
        checkpoints = BUILD / "checkpoints" / f"{protocol_name}-{recipe.name.lower()}-{seed}"
        found = cross_fit_network(
            weights,
            dataset=dataset,
            graphs=graphs,
            splits=splits,
            config=config.with_seed(seed),
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"{protocol_name} {recipe.name} seed {seed}")],
        )
        shutil.rmtree(checkpoints, ignore_errors=True)
        tables.append(estimates_table(recipe.name, found, dataset, seed=seed))
    return pd.concat(tables, ignore_index=True)


def _on_descriptors(
    blocks: Mapping[str, Floats], log10_kappa: Floats, splits: Sequence[NestedSplit]
) -> Iterator[tuple[str, list[CrossFit]]]:
    """Yield the name and the estimates of each model on descriptors, at last of the Gaussian processes' mixture."""
    processes: list[list[CrossFit]] = []
    for model in (*BASELINES, *GAUSSIAN_PROCESSES):
        if not set(model.blocks) <= set(blocks):
            logger.warning("%s is left out: it needs networks that this lineage has not got", model.name)
            continue
        logger.info("%s: %s", model.name, model.meaning)
        found = cross_fit_tabular(
            model, blocks=blocks, log10_kappa=log10_kappa, splits=splits, n_process=os.cpu_count() or 1
        )
        if model in GAUSSIAN_PROCESSES:
            processes.append(found)
        yield model.name, found
    yield MIXTURE, mixed_cross_fits(processes)


def _starts_with_seeds(
    dataset_name: str, config: Config, *, run_id: str
) -> Iterator[tuple[Recipe, int, StartingWeights]]:
    """Yield each recipe that the lineage ends with, and for each seed what it starts from."""
    for start in _starts(LINEAGES[config.lineage]):
        recipe = final_recipe(start, dataset_name)
        try:
            for seed in config.evaluation.seeds:
                seeded = config.with_seed(seed)
                weights = starting_weights(recipe, seeded, run_id=run_id, in_pipeline=True, train=_refuse)
                yield recipe, seed, weights
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)


def _starts(lineage: Lineage) -> list[Start | Recipe]:
    """Return what the lineage's last stages start from."""
    starts = (Start.RANDOM, lineage.pretrained, lineage.middle_from_random, lineage.middle, lineage.third)
    return [start for start in starts if start is not None]


def _refuse(recipe: Recipe) -> None:
    raise MissingInputError(f"{recipe.name} is not trained: `python -m paraisite train {recipe.name}` does that")


def _networks(lineage: Lineage) -> Networks:
    """Return the networks whose answers are descriptors: of the second and third stage, and for moduli."""
    members = {}
    for recipe in (lineage.middle, lineage.third):
        if recipe is not None:
            try:
                folder = trained_or_shipped(built(recipe.name) / "weights", SHIPPED / recipe.name.lower())
            except MissingInputError as error:
                logger.warning("%s", error)
                continue
            members[recipe.name] = Ensemble.load(folder / ENSEMBLE_FILE)
    if lineage.pretrained is not Start.LAB_FORMATION_ENERGY:
        return Networks(members)
    bulk, shear = (
        Ensemble.load(fetch_bundled(PRETRAINED / name, target=str(PRETRAINED / name)) / ENSEMBLE_FILE)
        for name in ("log_bulk", "log_shear")
    )
    return Networks(members, bulk, shear)
