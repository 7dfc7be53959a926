"""Out-of-fold and test predictions of a recipe's network: one member per fold of every split, all trained at once."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paraisite import schema
from paraisite.arrays import Floats
from paraisite.config import KEPT, Config
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.cross_validation import CrossFit, restore_training_order
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.applicability import compute_out_of_domain
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import embed, predict
from paraisite.models.estimate import Estimate
from paraisite.models.target_scaler import TargetScaler
from paraisite.schema import LOG_FLOOR
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.engine import FitResult, fit
from paraisite.training.initial_parameters import replace_head, stack
from paraisite.training.recipe_training import StartingWeights, build_model_config


def cross_fit_network(
    start: StartingWeights,
    *,
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    config: Config,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
) -> list[CrossFit]:
    """Train a member for every fold of every split, without that fold, and return its predictions after the last epoch.

    A test row's prediction is the median over its split's members, a training row's that of its fold's member. The
    standard deviation of both is the root mean square of the errors out of fold, of rows that errors are measured on.

    Args:
        start: Initial members; they are used in turn.
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Nested splits of these rows.
        config: Settings; ``evaluation.training`` changes those of the training, whose seed orders the rows.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.
    """
    members, _ = fit_folds(
        start,
        dataset=dataset,
        graphs=graphs,
        splits=splits,
        config=config,
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
    )
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    log10_kappa = np.log10(np.maximum(predict(members, graphs), LOG_FLOOR))  # [n_member, n_row]
    hidden = embed(members, graphs)  # [n_member, n_row, n_hidden]
    of_splits, first = [], 0
    for split in splits:
        own = slice(first, first + len(split.folds))
        of_splits.append(_build_cross_fit(split, log10_kappa[own], hidden[own], np.log10(kappa)))
        first = own.stop
    return of_splits


def fit_folds(
    start: StartingWeights,
    *,
    dataset: Dataset,
    graphs: GraphCollection,
    splits: Sequence[NestedSplit],
    config: Config,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
    n_worker: int | None = None,
    stop_after_epoch: int | None = None,
) -> tuple[Ensemble, FitResult]:
    """Train a member for every fold of every split on the other folds; no test row reaches any of a split's members.

    Args:
        start: Initial members.
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Nested splits of these rows.
        config: Settings; ``evaluation.training`` changes those of the training.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.
        n_worker: Members trained side by side; by default one per core.
        stop_after_epoch: Stop there, with a checkpoint.

    Returns:
        Members after the last epoch, in the order of splits and folds, and their curves.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    settings = config.evaluation.training
    model = dataclasses.replace(
        build_model_config(config), head_hidden=settings.head_hidden(build_model_config(config).head_hidden)
    )
    inner = [part for split in splits for part in split.inner()]
    scaler = TargetScaler.fit([kappa[part.train] for part in inner])
    trained = fit(
        _build_initial_members(start, len(inner), model=model, config=config),
        data=TrainingData(graphs, kappa, model, dataset.selected_or_none),
        splits=inner,
        scaler=scaler,
        settings=settings.applied_to(config.training),
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
        n_worker=n_worker,
        stop_after_epoch=stop_after_epoch,
    )
    return Ensemble(model, trained.last, scaler, "kappa", "W/m/K"), trained


def _build_initial_members(start: StartingWeights, n_member: int, *, model: ModelConfig, config: Config) -> Parameters:
    """Return the first initial members in turn, with a new head where the settings ask for one."""
    settings = config.evaluation.training
    n_start = min(settings.n_start, len(next(iter(start.parameters.values()))))
    first = [{name: value[member] for name, value in start.parameters.items()} for member in range(n_start)]
    if settings.head != KEPT:
        first = [replace_head(member, model, seed=config.training.seed) for member in first]
    turns = np.arange(n_member) % n_start
    return {name: value[turns] for name, value in stack(first).items()}


def _build_cross_fit(split: NestedSplit, estimated: Floats, hidden: Floats, log10_kappa: Floats) -> CrossFit:
    """Return a split's predictions from those of its members, [n_fold, n_row], and their last hidden layers."""
    of_folds = [
        Estimate(member[fold], np.zeros(len(fold))) for member, fold in zip(estimated, split.folds, strict=True)
    ]
    out_of_fold = restore_training_order(split, of_folds).mean
    measured = split.measured
    rms_error = float(np.sqrt(np.mean((out_of_fold - log10_kappa[split.train])[measured] ** 2)))
    return CrossFit(
        split,
        out_of_fold=Estimate(out_of_fold, np.full(len(split.train), rms_error)),
        test=Estimate(np.median(estimated[:, split.test], axis=0), np.full(len(split.test), rms_error)),
        out_of_domain=compute_out_of_domain(list(hidden), split),
    )
