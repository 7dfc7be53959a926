"""Measure what earlier stages of training are worth in accurate labels, on known and on new structure types.

Source of the question: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D, who transfer twice.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import pandas as pd

from paraisite import DEFAULT_MODEL, schema
from paraisite.arrays import Bools
from paraisite.artifacts.fold_parts import FoldParts
from paraisite.artifacts.initial_weights import refuse_to_train, resolve_starting_weights
from paraisite.artifacts.inputs import attach_graphs, load_data
from paraisite.artifacts.known_labels import list_fitting_formulas, load_known_rows
from paraisite.artifacts.stage_folders import FIGURES, checkpoint_folder, transfer_folder
from paraisite.config import Config, load_config
from paraisite.core.csv_tables import write_csv
from paraisite.core.files import write_whole
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, DataError, MissingInputError, WeightsError
from paraisite.evaluation.protocols import GROUPED, PROTOCOLS, STRUCTURE_TYPE
from paraisite.evaluation.transfer import (
    SIZES,
    TransferSplit,
    average_trainings,
    compare_starts,
    count_labels_needed,
    fine_tune_on,
    score_splits,
    summarise_transfer,
    tabulate_predictions,
)
from paraisite.evaluation.transfer_columns import ERROR, N_LABEL, N_TRAINING, PROTOCOL, SCORES_FILE, START
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.inference.build_predictor import list_materials
from paraisite.inference.relevance_fitting import list_structure_types
from paraisite.inference.relevance_model import DescribedMaterials, RelevanceModel
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.reports.figures import save_figures
from paraisite.reports.tables import to_markdown
from paraisite.reports.terminal import print_table
from paraisite.reports.transfer import draw_transfer, tabulate_transfer
from paraisite.tracking.analysis_runs import log_selection
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import check_outputs_writable
from paraisite.tracking.writing import allowed_name
from paraisite.training.initial_parameters import draw_parameters, replace_head
from paraisite.training.progress import ProgressBar
from paraisite.training.recipe_training import StartingWeights, build_model_config
from paraisite.training.recipes import (
    KAPPA_TIER,
    LFE,
    RECIPES,
    InitialWeights,
    Recipe,
    find_final_recipe,
    list_training_sets,
)

logger = logging.getLogger(__name__)

_RANDOM: Final = "RW"
_STARTS: Final[dict[str, InitialWeights | Recipe]] = {
    _RANDOM: InitialWeights.RANDOM,
    LFE: InitialWeights.LAB_FORMATION_ENERGY,
    "FE": InitialWeights.FORMATION_ENERGY,
    "FELAB": RECIPES["FELAB"],
    "LFEKAPPA": RECIPES["LFEKAPPA"],
    "FEAF": RECIPES["FEAF"],
}
_STEPS: Final = (
    ("FE", _RANDOM), (LFE, _RANDOM), ("FEAF", "FE"), ("FELAB", LFE), ("LFEKAPPA", LFE),
    ("FEAF", _RANDOM), ("FELAB", _RANDOM), ("LFEKAPPA", _RANDOM),
)  # fmt: skip
"""Each stage beside what comes before it, and all beside random weights."""

_SEEDS_APART: Final = 1_000
"""Between the seeds of one split's trainings; splits have seeds of their own."""

_PROTOCOLS: Final = (GROUPED, STRUCTURE_TYPE)
PREDICTIONS_FILE: Final = "predictions.csv.gz"
COMPARISONS_FILE: Final = "comparisons.csv"
LABELS_FILE: Final = "labels_needed.csv"

_CODE: Final = (
    "data", "evaluation/protocols.py", "evaluation/transfer.py", "features", "graphs", "inference", "models",
    "schema.py", "training",
)  # fmt: skip
"""What predictions depend on."""


@dataclass(frozen=True, eq=False)
class _Measurement:
    """What all trainings share.

    Attributes:
        dataset: Materials that were not selected by their label, all of them with a graph.
        graphs: Their graphs, in the same order.
        model: Architecture of all networks.
        config: Settings.
    """

    dataset: Dataset
    graphs: GraphCollection
    model: ModelConfig
    config: Config

    @cached_property
    def materials(self) -> DescribedMaterials:
        """Descriptors of the materials."""
        return DescribedMaterials.describe(CrystalArrays.from_structures(self.dataset.structures))


def measure_transfer(dataset_name: str, sizes: Sequence[int] | None = None, *, n_training: int = N_TRAINING) -> None:
    """Fine-tune every start that is here on growing numbers of labels, into ``build/transfer_DATASET/``.

    A killed run resumes: finished numbers of labels from their predictions, the others from their checkpoints.

    Args:
        dataset_name: Accurate values to train and test on; every material's structure type must be known.
        sizes: Numbers of labels, by default ``SIZES``; all of a split's training part comes last.
        n_training: Trainings of each network on each split: with another new head or another member of the earlier
            stage, and the rows in another order.

    Raises:
        ConfigError: A number of labels is more than there are.
        DataError: Earlier stages have seen all formulas.
    """
    check_outputs_writable(transfer_folder(dataset_name))
    config = load_config()
    whole, graphs = attach_graphs(load_data(dataset_name, config), config)
    rows = np.flatnonzero(~whole.selected_by_label)
    task = _Measurement(whole.take(rows), graphs.take(rows), build_model_config(config), config)
    parts = FoldParts(checkpoint_folder(f"transfer-{dataset_name}"))
    with recipe_run(f"transfer {dataset_name}") as run_id:
        starts, seen = _resolve_starts(dataset_name, task, run_id=run_id)
        # By what the weights are: the next run finds in the registry what this one takes from a file.
        settings = repr((config, {name: weights.digest for name, weights in starts.items()}))
        n_done = parts.claim(data_digest=task.dataset.digest, settings=settings, code=_CODE)
        if n_done:
            logger.info("%d parts are done", n_done)
        drawn = {protocol: _draw_splits(protocol, seen, task, sizes=sizes or SIZES) for protocol in _PROTOCOLS}
        by_network = [
            _predict_by_networks(splits, n_label, training, starts, task, parts=parts)
            for training in range(1, n_training + 1)
            for splits, n_labels in drawn.values()
            for n_label in n_labels
        ]
        by_process = [
            _predict_by_process(splits, n_label, task, parts=parts)
            for splits, n_labels in drawn.values()
            for n_label in n_labels
        ]
        predictions = pd.concat([*by_network, *by_process], ignore_index=True)
        folder = transfer_folder(dataset_name)
        scores = average_trainings(score_splits(predictions))
        comparisons, needed = compare_starts(scores, _STEPS), count_labels_needed(scores, reference=_RANDOM)
        shown = tabulate_transfer(scores, needed)
        folder.mkdir(parents=True, exist_ok=True)
        write_csv(predictions, folder / PREDICTIONS_FILE, float_format="%.5g")
        for name, table in ((SCORES_FILE, scores), (COMPARISONS_FILE, comparisons), (LABELS_FILE, needed)):
            write_csv(table, folder / name, float_format="%.6g")
        text = "\n".join(f"{title}, by number of labels:\n\n{to_markdown(table)}" for title, table in shown.items())
        write_whole(folder / "table.md", text.encode())
        save_figures({"transfer": draw_transfer(scores)}, folder / FIGURES)
        means = scores.groupby([PROTOCOL, START, N_LABEL])[ERROR].mean().reset_index()
        metrics = {allowed_name("_".join(map(str, names))): error for *names, error in means.itertuples(index=False)}
        described = {name: weights.description for name, weights in starts.items()}
        log_selection(metrics, parameters={"n_row": str(len(task.dataset)), **described}, folder=folder, run_id=run_id)
    parts.remove()
    numbers = summarise_transfer(scores, needed)
    for (title, table), protocol in zip(shown.items(), scores[PROTOCOL].unique(), strict=True):
        heading = f"{dataset_name}, {title}: mean |ln(predicted/known)| by number of labels"
        print_table(table, title=heading, numbers=numbers[numbers[PROTOCOL] == protocol].reset_index(drop=True))


def _resolve_starts(dataset_name: str, task: _Measurement, *, run_id: str) -> tuple[dict[str, StartingWeights], Bools]:
    """Return the starts that are here, and which rows' formulas their earlier stages have seen with a conductivity.

    They have seen what they were trained on, and what the labels that they were trained on were corrected with.

    A start is left out, with a warning, where its weights or its training set are not here: without the latter nobody
    knows which formulas it has seen.
    """
    formulas = task.dataset.table[schema.FORMULA]
    starts, seen = {}, np.zeros(len(formulas), np.bool_)
    for name, start in _STARTS.items():
        recipe = find_final_recipe(start, dataset_name)
        earlier = list_training_sets(start) if isinstance(start, Recipe) else ()
        try:
            weights = resolve_starting_weights(
                recipe, task.config, run_id=run_id, in_pipeline=False, train=refuse_to_train
            )
            known = [load_data(each, task.config).table[schema.FORMULA].tolist() for each in earlier]
            if KAPPA_TIER in earlier:  # known conductivities have corrected its labels
                known.append(list_fitting_formulas(load_known_rows(task.config)))
        except (MissingInputError, WeightsError, DataError) as error:
            logger.warning("%s is left out: %s", name, error)
            continue
        starts[name] = weights
        for each in known:
            seen |= formulas.isin(each).to_numpy()
    if seen.all():
        raise DataError(
            f"each of the {len(seen)} rows has a formula that an earlier stage was trained on: none can test"
        )
    logger.info("%d of %d rows are never tested: an earlier stage has seen their formula", seen.sum(), len(seen))
    return starts, seen


def _draw_splits(
    protocol: str, seen: Bools, task: _Measurement, *, sizes: Sequence[int]
) -> tuple[list[TransferSplit], list[int]]:
    """Return the splits of a protocol, and the numbers of labels: ``sizes``, then all.

    Raises:
        ConfigError: A number of labels is more than there are.
    """
    settings = task.config
    nested = PROTOCOLS[protocol].divide(task.dataset, settings.splits, settings.evaluation)
    splits = [
        TransferSplit.draw(protocol, seed=each.seed, train=each.train, test=each.test, seen=seen) for each in nested
    ]
    most = min(len(split.train) for split in splits)
    if too_many := [size for size in sizes if size > most]:
        raise ConfigError(f"{max(too_many)} labels: expected at most {most}, as many as the smallest split trains on")
    return splits, [*sorted({*sizes} - {most}), most]


def _predict_by_networks(
    splits: Sequence[TransferSplit],
    n_label: int,
    training: int,
    starts: Mapping[str, StartingWeights],
    task: _Measurement,
    *,
    parts: FoldParts,
) -> pd.DataFrame:
    """Return the predictions of all starts' networks, fine-tuned on so many labels, or those of an interrupted run."""
    protocol = splits[0].protocol
    name = f"{protocol}_{n_label}_{training}"
    done = parts.load(name)
    if done is not None:
        return done
    members = {
        start: _draw_members(_STARTS[start], weights, splits, task.model, training=training)
        for start, weights in starts.items()
    }
    predicted = fine_tune_on(
        n_label,
        members,
        splits,
        dataset=task.dataset,
        graphs=task.graphs,
        model=task.model,
        seed=task.config.training.seed + training - 1,
        training=training,
        checkpoint_folder=parts.folder,
        callbacks=[ProgressBar(f"{protocol}, {n_label} labels, training {training}", error="training")],
    )
    parts.save(name, predicted)
    return predicted


def _draw_members(
    start: InitialWeights | Recipe,
    weights: StartingWeights,
    splits: Sequence[TransferSplit],
    model: ModelConfig,
    *,
    training: int,
) -> list[Parameters]:
    """Return a member for each split: a recipe's in turn, or a backbone with a new head."""
    members = []
    for k, split in enumerate(splits, start=training - 1):
        seed = split.seed + _SEEDS_APART * (training - 1)
        if start is InitialWeights.RANDOM:
            members.append(draw_parameters(model, seed=seed))
            continue
        of_start = {name: value[k % len(value)] for name, value in weights.parameters.items()}
        is_recipe = isinstance(start, Recipe)
        members.append(of_start if is_recipe else replace_head(of_start, model, seed=seed))
    return members


def _predict_by_process(
    splits: Sequence[TransferSplit], n_label: int, task: _Measurement, *, parts: FoldParts
) -> pd.DataFrame:
    """Return the predictions of the default model, fitted on the same labels, to be read beside the networks'."""
    name = f"{splits[0].protocol}_{n_label}_{DEFAULT_MODEL}"
    done = parts.load(name)
    if done is not None:
        return done
    dataset, materials = task.dataset, task.materials
    log10_kappa = np.log10(dataset.table[schema.KAPPA].to_numpy(np.float64))
    formulas, types = dataset.table[schema.FORMULA].tolist(), list_structure_types(list_materials(dataset))
    tables = []
    for split in splits:
        rows = np.sort(split.train[:n_label])
        model = RelevanceModel.fit(
            materials.take(rows), log10_kappa[rows], [formulas[row] for row in rows], [types[row] for row in rows]
        )
        ln_kappa = np.full(len(dataset), np.nan)
        ln_kappa[split.test] = np.log(model.predict_described(materials.descriptors[split.test]).output[0])
        tables.append(tabulate_predictions(DEFAULT_MODEL, split, dataset, n_label=n_label, ln_kappa=ln_kappa))
    predicted = pd.concat(tables, ignore_index=True)
    parts.save(name, predicted)
    return predicted
