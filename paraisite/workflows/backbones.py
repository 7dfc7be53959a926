"""Compare initial weights: each backbone with the same head, trained and evaluated on the same nine splits.

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

from paraisite import schema
from paraisite.artifacts.initial_weights import resolve_backbone_weights
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.result_tables import write_evaluation
from paraisite.artifacts.stage_folders import FIGURES, backbones_folder, checkpoint_folder
from paraisite.config import Config, load_config
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError, WeightsError
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.network_cross_validation import cross_fit_network
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.evaluation.scores import summarise_scores, tabulate_estimates
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.reports.backbones import PUBLISHED_PROTOCOL, backbones_figures, backbones_table
from paraisite.reports.figures import save_figures
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.schema import MODEL
from paraisite.tracking.runs import log_evaluation, recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.training.pretrained_networks import BACKBONES
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import StartingWeights, run_recipe
from paraisite.training.recipes import InitialWeights, Recipe

logger = logging.getLogger(__name__)

_PROTOCOL: Final = PROTOCOLS["honest"]
_REFERENCE: Final = BACKBONES[InitialWeights.RANDOM].label


@dataclass(frozen=True, eq=False)
class _Task:
    """Inputs that all backbones share.

    Attributes:
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Splits of these rows.
        config: Settings.
        checkpoints: Folder of checkpoints, one below it per backbone, kept until all are done.
    """

    dataset: Dataset
    graphs: GraphCollection
    splits: tuple[NestedSplit, ...]
    config: Config
    checkpoints: Path


def compare_backbones(dataset_name: str, *, published: bool = False) -> None:
    """Train every available backbone and evaluate it on held-out rows, into ``build/backbones/``.

    A killed run resumes from its checkpoints, those of finished backbones among them.

    Args:
        dataset_name: What to train on.
        published: Evaluate under the published protocol as well: one training per split on all its training rows,
            measured on the test rows at the epoch that is best there, and at the last one.
    """
    check_outputs_writable(backbones_folder(dataset_name))
    task = _task(dataset_name)
    with recipe_run(f"backbones {task.dataset.name}") as run_id:
        starts = dict(_available(task.config, run_id=run_id))
        estimates = pd.concat([_estimates(start, weights, task) for start, weights in starts.items()])
        outcome = EvaluationTables.from_estimates(estimates, task.splits, reference=_REFERENCE)
        if published:
            published_scores = pd.concat([_published_scores(start, weights, task) for start, weights in starts.items()])
            outcome = _with_published(outcome, published_scores)
        folder = backbones_folder(task.dataset.name)
        table = backbones_table(outcome)
        write_evaluation(outcome, folder, markdown=to_markdown(table))
        save_figures(backbones_figures(outcome.scores), folder / FIGURES)
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
    print_table(table, title=title, numbers=outcome.summary)


def _task(dataset_name: str) -> _Task:
    config = load_config()
    dataset, graphs = attach_graphs(load_data(dataset_name, config), config)
    splits = _PROTOCOL.divide(dataset, config.splits, config.evaluation)
    return _Task(dataset, graphs, splits, config, checkpoint_folder(f"backbones-{dataset.name}"))


def _available(config: Config, *, run_id: str) -> Iterator[tuple[InitialWeights, StartingWeights]]:
    """Yield each backbone that is here or can be downloaded; a warning names the others."""
    for start, backbone in BACKBONES.items():
        try:
            yield start, resolve_backbone_weights(start, config, run_id=run_id)
        except (MissingInputError, WeightsError) as error:
            logger.warning("%s is left out: %s", backbone.label, error)


def _estimates(start: InitialWeights, weights: StartingWeights, task: _Task) -> pd.DataFrame:
    """Return the predictions for all test rows, by members after the last epoch."""
    label = BACKBONES[start].label
    fits = cross_fit_network(
        weights,
        dataset=task.dataset,
        graphs=task.graphs,
        splits=task.splits,
        config=task.config,
        checkpoint_folder=task.checkpoints / start.value,
        callbacks=[ProgressBar(label)],
    )
    return tabulate_estimates(label, fits, task.dataset, seed=task.config.training.seed)


def _published_scores(start: InitialWeights, weights: StartingWeights, task: _Task) -> pd.DataFrame:
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


def _with_published(outcome: EvaluationTables, published: pd.DataFrame) -> EvaluationTables:
    """Return the outcome with the published protocol's MAPE beside its own."""
    scores = outcome.scores.merge(published, on=[MODEL, schema.SPLIT_SEED], how="left", validate="one_to_one")
    return dataclasses.replace(outcome, scores=scores, summary=summarise_scores(outcome.estimates, scores))
