"""Honest errors of the lineage's networks and of the models on descriptors, side by side, under one protocol."""

import gzip
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.config import Config, load_config
from paraisite.datasets.nested import NestedSplit
from paraisite.datasets.table import Dataset
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation.blocks import Networks, descriptor_blocks
from paraisite.evaluation.crossfit import CrossFit
from paraisite.evaluation.network_crossfit import cross_fit_network
from paraisite.evaluation.point import mixed_cross_fits
from paraisite.evaluation.protocols import PROTOCOLS, Protocol
from paraisite.evaluation.scores import MAPE_TEST, estimates_table, scores_table, summary_table
from paraisite.evaluation.tabular import BASELINES, GAUSSIAN_PROCESSES, MIXTURE, cross_fit_tabular
from paraisite.files import write_whole
from paraisite.folders import BUILD, PRETRAINED, SHIPPED, built
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inputs import load_data, trained_or_shipped, with_graphs
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.reports.evaluation import evaluation_table, mape_of_models, parity_with_intervals
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render, to_markdown
from paraisite.sources.bundled import fetch_bundled
from paraisite.starts import starting_weights
from paraisite.tracking.runs import log_evaluation, recipe_run
from paraisite.training.progress import ProgressBar
from paraisite.training.recipes import LINEAGES, TOGO15, Lineage, Recipe, Start, final_recipe

logger = logging.getLogger(__name__)

METRICS: Final = (MAPE_TEST, "log10_mae_test", "spearman_test", "coverage_90%", "width_90%_dex")
"""What DVC shows of each model."""


def evaluate(protocol_name: str, dataset_name: str) -> None:
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
        found = dict(_models(dataset, graphs, splits, config=config, protocol=protocol, run_id=run_id))
        estimates = pd.concat([estimates_table(name, each, dataset) for name, each in found.items()])
        scores = scores_table(estimates)
        summary = summary_table(estimates, scores)
        folder = BUILD / f"evaluate_{protocol.name}"
        if dataset.name != TOGO15:  # the pipeline's
            folder = folder.with_name(f"{folder.name}_{dataset.name}")
        _write(folder, estimates, scores, summary)
        log_evaluation(scores, summary, dataset, folder=folder, run_id=run_id)
    title = f"{protocol.name} on {dataset.name}: {protocol.meaning}"
    Console().print(render(evaluation_table(summary), title=title))


def _models(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: tuple[NestedSplit, ...],
    *,
    config: Config,
    protocol: Protocol,
    run_id: str,
) -> Iterator[tuple[str, list[CrossFit]]]:
    """Yield each model's name and its estimates."""
    lineage = LINEAGES[config.lineage]
    blocks = descriptor_blocks(dataset.structures, graphs, _networks(lineage))
    log10_kappa = np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64))
    processes: list[list[CrossFit]] = []
    for model in (*BASELINES, *GAUSSIAN_PROCESSES):
        if not set(model.blocks) <= set(blocks):
            logger.warning("%s is left out: it needs networks that lineage %s has not got", model.name, config.lineage)
            continue
        logger.info("%s: %s", model.name, model.meaning)
        found = cross_fit_tabular(
            model, blocks=blocks, log10_kappa=log10_kappa, splits=splits, n_process=os.cpu_count() or 1
        )
        if model in GAUSSIAN_PROCESSES:
            processes.append(found)
        yield model.name, found
    yield MIXTURE, mixed_cross_fits(processes)
    for start in _starts(lineage):
        recipe = final_recipe(start, dataset.name)
        try:
            weights = starting_weights(recipe, config, run_id=run_id, in_pipeline=True, train=_refuse)
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)
            continue
        checkpoints = BUILD / "checkpoints" / f"{protocol.name}-{recipe.name.lower()}"
        found = cross_fit_network(
            weights,
            dataset=dataset,
            graphs=graphs,
            splits=splits,
            config=config,
            checkpoint_folder=checkpoints,
            callbacks=[ProgressBar(f"{protocol.name} {recipe.name}")],
        )
        shutil.rmtree(checkpoints, ignore_errors=True)
        yield recipe.name, found


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


def _write(folder: Path, estimates: pd.DataFrame, scores: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Write the tables, which DVC keeps, and the figures, which can be drawn again of them."""
    write_tables(folder, estimates=estimates, scores=scores, summary=summary, shown=evaluation_table(summary))
    save_figure(mape_of_models(summary, scores), folder / "figures" / "mape_of_models")
    best = str(summary[MAPE_TEST].idxmin())
    save_figure(parity_with_intervals(estimates, best), folder / "figures" / "parity_of_the_best")


def write_tables(
    folder: Path,
    *,
    estimates: pd.DataFrame,
    scores: pd.DataFrame,
    summary: pd.DataFrame,
    shown: pd.DataFrame,
    metrics: Sequence[str] = METRICS,
) -> None:
    """Write an evaluation's tables in place of what the folder holds.

    Args:
        folder: Gets ``result/`` and ``metrics.json``.
        estimates: One row per model, split and test material.
        scores: One row per model and split.
        summary: One row per model (index).
        shown: The summary as text, for people.
        metrics: Columns of the summary that DVC shows.
    """
    tables = folder / "result"
    shutil.rmtree(folder, ignore_errors=True)
    tables.mkdir(parents=True)
    text = estimates.to_csv(index=False, float_format="%.6g")
    write_whole(tables / "estimates.csv.gz", gzip.compress(text.encode(), mtime=0))
    scores.to_csv(tables / "scores.csv", index=False, float_format="%.6g")
    summary.to_csv(tables / "summary.csv", float_format="%.6g")
    (tables / "table.md").write_text(to_markdown(shown) + "\n")
    values = {str(name): {key: float(row[key]) for key in metrics} for name, row in summary.iterrows()}
    (folder / "metrics.json").write_text(json.dumps(values, indent=2) + "\n")
