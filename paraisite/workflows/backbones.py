"""Which backbone to start from: each with the same head, trained and measured on the same nine splits.

Source of the question: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D, Fig. 3.
"""

import dataclasses
import logging
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
from rich.console import Console

from paraisite import schema
from paraisite.artifacts.initial_weights import backbone_weights
from paraisite.artifacts.inputs import load_data, with_graphs
from paraisite.config import Config, load_config
from paraisite.core.paths import BUILD
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError, WeightsError
from paraisite.evaluation.evaluation_tables import TABLES_FOLDER, EvaluationTables
from paraisite.evaluation.network_cross_validation import cross_fit_network
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.evaluation.scores import summarise_scores, tabulate_estimates
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.reports.backbones import PUBLISHED_PROTOCOL, backbones_figures, backbones_table
from paraisite.reports.figures import save_figure
from paraisite.reports.tables import render, to_markdown
from paraisite.schema import MODEL
from paraisite.tracking.runs import log_evaluation, recipe_run
from paraisite.training.pretrained_networks import BACKBONES
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import StartingWeights, run_recipe
from paraisite.training.recipes import TOGO15, Recipe, Start

logger = logging.getLogger(__name__)

_PROTOCOL: Final = PROTOCOLS["honest"]
_REFERENCE: Final = BACKBONES[Start.RANDOM].label


@dataclass(frozen=True, eq=False)
class _Task:
    """What all backbones have in common.

    Attributes:
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Divisions of these rows.
        config: Settings.
        checkpoints: Where trainings are kept until all backbones are done, a folder for each.
    """

    dataset: Dataset
    graphs: GraphCollection
    splits: tuple[NestedSplit, ...]
    config: Config
    checkpoints: Path


def compare_backbones(dataset_name: str, *, published: bool = False) -> None:
    """Train every backbone that can be had, and measure it on rows that chose nothing, into ``build/backbones/``.

    A run that is killed goes on from its checkpoints, finished backbones among them.

    Args:
        dataset_name: What to train on.
        published: Under the published protocol as well: one training per split on all its training rows, measured on
            the test rows at the epoch that is best there, and at the last one.
    """
    task = _task(dataset_name)
    with recipe_run(f"backbones {task.dataset.name}") as run_id:
        starts = dict(_available(task.config, run_id=run_id))
        estimates = pd.concat([_estimates(start, weights, task) for start, weights in starts.items()])
        outcome = EvaluationTables.of(estimates, task.splits, reference=_REFERENCE)
        if published:
            found = pd.concat([_published_scores(start, weights, task) for start, weights in starts.items()])
            outcome = _with_published(outcome, found)
        folder = BUILD / ("backbones" if task.dataset.name == TOGO15 else f"backbones_{task.dataset.name}")
        table = backbones_table(outcome)
        _write(outcome, table, folder)
        log_evaluation(
            outcome.scores,
            outcome.summary,
            task.dataset,
            folder=folder,
            run_id=run_id,
            started_from={BACKBONES[start].label: weights.description for start, weights in starts.items()},
        )
    shutil.rmtree(task.checkpoints, ignore_errors=True)
    title = f"{_PROTOCOL.name} on {task.dataset.name}: {_PROTOCOL.meaning} Differences from {_REFERENCE}."
    Console().print(render(table, title=title))


def _task(dataset_name: str) -> _Task:
    config = load_config()
    dataset, graphs = with_graphs(load_data(dataset_name, config), config)
    splits = _PROTOCOL.divide(dataset, config.splits, config.evaluation)
    return _Task(dataset, graphs, splits, config, BUILD / "checkpoints" / f"backbones-{dataset.name}")


def _available(config: Config, *, run_id: str) -> Iterator[tuple[Start, StartingWeights]]:
    """Yield each backbone that is here or can be fetched; a warning names the others."""
    for start, backbone in BACKBONES.items():
        try:
            yield start, backbone_weights(start, config, run_id=run_id)
        except (MissingInputError, WeightsError) as error:
            logger.warning("%s is left out: %s", backbone.label, error)


def _estimates(start: Start, weights: StartingWeights, task: _Task) -> pd.DataFrame:
    """Return the estimates of all test rows, by members that end with the last epoch."""
    label = BACKBONES[start].label
    found = cross_fit_network(
        weights,
        dataset=task.dataset,
        graphs=task.graphs,
        splits=task.splits,
        config=task.config,
        checkpoint_folder=task.checkpoints / start.value,
        callbacks=[ProgressBar(label)],
    )
    return tabulate_estimates(label, found, task.dataset, seed=task.config.training.seed)


def _published_scores(start: Start, weights: StartingWeights, task: _Task) -> pd.DataFrame:
    """Return the MAPE of each split under the published protocol."""
    label = BACKBONES[start].label
    trained = run_recipe(
        Recipe(label, start, task.dataset.name),
        dataset=task.dataset,
        graphs=task.graphs,
        start=weights,
        config=task.config,
        checkpoint_folder=task.checkpoints / start.value,
        callbacks=[ProgressBar(f"{label}, published protocol")],
    )
    return trained.result.metrics[list(PUBLISHED_PROTOCOL)].reset_index().assign(**{MODEL: label})


def _with_published(outcome: EvaluationTables, found: pd.DataFrame) -> EvaluationTables:
    """Return the outcome with the published protocol's MAPE beside its own."""
    scores = outcome.scores.merge(found, on=[MODEL, schema.SPLIT_SEED], how="left", validate="one_to_one")
    return dataclasses.replace(outcome, scores=scores, summary=summarise_scores(outcome.estimates, scores))


def _write(outcome: EvaluationTables, table: pd.DataFrame, folder: Path) -> None:
    """Write the tables, which DVC keeps, and the figures, which can be drawn again of them."""
    shutil.rmtree(folder, ignore_errors=True)
    outcome.write(folder)
    (folder / TABLES_FOLDER / "table.md").write_text(to_markdown(table) + "\n")
    for name, figure in backbones_figures(outcome.scores).items():
        save_figure(figure, folder / "figures" / name)
