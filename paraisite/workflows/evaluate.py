"""Evaluate the lineage's networks and all models on descriptors on held-out rows, under one protocol."""

import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.inputs import attach_graphs, load_data, load_phonons
from paraisite.artifacts.result_tables import write_evaluation
from paraisite.artifacts.stage_folders import FIGURES, checkpoint_folder, evaluation_folder
from paraisite.config import Config, load_config
from paraisite.core.paths import DATA, PRETRAINED
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources.phonix import FULL_NAME as PHONIX_FULL
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation.descriptor_models import cross_fit_descriptor_models
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.network_cross_validation import cross_fit_network
from paraisite.evaluation.peer_predictions import COMPARISON_FILE, PEER, compare_with_peer, load_peer_predictions
from paraisite.evaluation.peer_predictions import FILE_NAME as PEER_FILE
from paraisite.evaluation.protocols import PROTOCOLS, Protocol
from paraisite.evaluation.published_protocol import tabulate_training_estimates
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.descriptor_blocks import Networks, build_descriptor_blocks
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.reports.figures import save_figures
from paraisite.reports.model_errors import evaluation_figures, evaluation_table, narrow
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.tracking.runs import log_evaluation, recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import PHONIX, InitialWeights, Lineage, Recipe, find_final_recipe, read_lineage

logger = logging.getLogger(__name__)


def evaluate_models(protocol_name: str, dataset_name: str) -> None:
    """Evaluate all models under a protocol, into ``build/evaluate_PROTOCOL/``.

    Raises:
        ConfigError: There is no such protocol.
    """
    if protocol_name not in PROTOCOLS:
        raise ConfigError(f"unknown protocol {protocol_name!r}; known ones are {', '.join(PROTOCOLS)}")
    protocol, config = PROTOCOLS[protocol_name], load_config()
    check_outputs_writable(evaluation_folder(protocol.name, dataset_name))
    dataset, graphs = attach_graphs(load_data(dataset_name, config), config)
    splits = protocol.divide(dataset, config.splits, config.evaluation)
    with recipe_run(f"evaluate {protocol.name} {dataset.name}") as run_id:
        estimates = predict_held_out(dataset, graphs, splits, config=config, protocol=protocol, run_id=run_id)
        outcome = EvaluationTables.from_estimates(estimates, splits)
        folder = evaluation_folder(protocol.name, dataset.name)
        table = evaluation_table(outcome.summary, outcome.comparisons)
        write_evaluation(outcome, folder, markdown=to_markdown(table))
        save_figures(evaluation_figures(outcome), folder / FIGURES)
        shutil.rmtree(_checkpoints(protocol, dataset), ignore_errors=True)
        beside = _compare_with_peer(estimates, dataset, folder)
        log_evaluation(outcome.scores, outcome.summary, dataset, folder=folder, run_id=run_id)
    title = f"{protocol.name} on {dataset.name}: {protocol.meaning}"
    print_table(narrow(table), title=title, numbers=outcome.summary)
    if beside is not None:
        print_table(beside, title=f"on the test rows that {PEER} predicts")


def _compare_with_peer(estimates: pd.DataFrame, dataset: Dataset, folder: Path) -> pd.DataFrame | None:
    """Write and return the errors on test rows that a published network predicts, where it predicts some."""
    if dataset.name not in (PHONIX, PHONIX_FULL):
        return None
    peer = load_peer_predictions(fetch_tracked(DATA, target="data.dvc") / PEER_FILE)
    table = compare_with_peer(estimates, peer)
    table.to_csv(folder / COMPARISON_FILE, float_format="%.6g")
    return None if table.empty else table.map("{:.4g}".format)


def _checkpoints(protocol: Protocol, dataset: Dataset) -> Path:
    return checkpoint_folder(f"evaluate-{protocol.name}-{dataset.name}")


def predict_held_out(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    protocol: Protocol,
    run_id: str,
) -> pd.DataFrame:
    """Return the predictions of all models for the test rows, as ``scores.tabulate_estimates`` does.

    Networks are trained once for each of ``evaluation.seeds``. The other models are deterministic and run once. In a
    published protocol there are only networks, whose predictions are those of their own trainings: the other models
    have no epochs, so that their predictions are those of protocol honest.

    Args:
        dataset: Materials with targets, all of them with a graph.
        graphs: Theirs, in the same order.
        splits: Splits of these rows.
        config: Settings.
        protocol: The protocol, by which the rows were split.
        run_id: The evaluation's run, with which initial weights are registered.
    """
    stages = EarlierStages(config, run_id=run_id, without=dataset if protocol.is_clean else None)
    if protocol.epoch is not None:
        return _collect_trainings(dataset, graphs, splits, config=config, epoch=protocol.epoch, stages=stages)
    networks = _load_networks(read_lineage(config.lineage), stages)
    blocks = build_descriptor_blocks(dataset.structures, graphs, networks, load_phonons(dataset))
    log10_kappa = np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64))
    fitted = cross_fit_descriptor_models(
        blocks, log10_kappa, splits, n_process=os.cpu_count() or 1, selected=dataset.selected_or_none
    )
    tables = [tabulate_estimates(name, fits, dataset, seed=config.evaluation.seeds[0]) for name, fits in fitted]
    for recipe, seed, weights in _starts_with_seeds(dataset.name, config, stages):
        fits = cross_fit_network(
            weights,
            dataset=dataset,
            graphs=graphs,
            splits=splits,
            config=config.with_seed(seed),
            # Until the evaluation is written: a training that is done is not repeated where a later one is killed.
            checkpoint_folder=_checkpoints(protocol, dataset) / f"{recipe.name.lower()}-{seed}",
            callbacks=[ProgressBar(f"{protocol.name} {recipe.name} seed {seed}")],
        )
        tables.append(tabulate_estimates(recipe.name, fits, dataset, seed=seed))
    return pd.concat(tables, ignore_index=True)


def _collect_trainings(
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    *,
    config: Config,
    epoch: Literal["best_epoch", "last_epoch"],
    stages: EarlierStages,
) -> pd.DataFrame:
    """Return the predictions of the final recipes' own trainings.

    Raises:
        MissingInputError: None of them was trained.
    """
    tables = []
    for recipe in _final_recipes(dataset.name, config):
        try:
            result = stages.load_training(recipe, dataset, graphs)
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)
            continue
        tables.append(tabulate_training_estimates(result, tuple(splits), epoch=epoch, seed=config.training.seed))
    if not tables:
        raise MissingInputError("no final recipe was trained here: `python -m paraisite recipes` lists them")
    return pd.concat(tables, ignore_index=True)


def _starts_with_seeds(
    dataset_name: str, config: Config, stages: EarlierStages
) -> Iterator[tuple[Recipe, int, StartingWeights]]:
    """Yield each final recipe of the lineage, and its initial weights for each seed."""
    for recipe in _final_recipes(dataset_name, config):
        try:
            for seed in config.evaluation.seeds:
                yield recipe, seed, stages.start_of(recipe, config.with_seed(seed))
        except MissingInputError as error:
            logger.warning("%s is left out: %s", recipe.name, error)


def _final_recipes(dataset_name: str, config: Config) -> list[Recipe]:
    """Return the final recipes of the lineage."""
    lineage = read_lineage(config.lineage)
    starts = (InitialWeights.RANDOM, lineage.pretrained, lineage.middle_from_random, lineage.middle)
    return [find_final_recipe(start, dataset_name) for start in starts]


def _load_networks(lineage: Lineage, stages: EarlierStages) -> Networks:
    """Return the networks whose predictions are descriptors: of the second stage, and for moduli."""
    members = stages.load_conductivity_networks(lineage)
    if lineage.pretrained is not InitialWeights.LAB_FORMATION_ENERGY:
        return Networks(members)
    bulk, shear = (
        Ensemble.load(fetch_tracked(PRETRAINED / name, target=str(PRETRAINED / name)) / ENSEMBLE_FILE)
        for name in ("log_bulk", "log_shear")
    )
    return Networks(members, bulk, shear)
