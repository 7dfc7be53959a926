"""Out-of-fold and test estimates of a recipe's network: one member per fold of every split, all trained at once."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paraisite import schema
from paraisite.config import Config
from paraisite.datasets.nested import NestedSplit
from paraisite.datasets.table import Dataset
from paraisite.evaluation.crossfit import CrossFit, Estimate, Floats, in_order
from paraisite.evaluation.experiment import StartingWeights, model_config
from paraisite.evaluation.metrics import LOG_FLOOR
from paraisite.evaluation.out_of_domain import out_of_domain
from paraisite.evaluation.predict import last_hidden_layer, predict
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.engine import fit


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
    """Train a member for every fold of every split, without that fold, and return its estimates after the last epoch.

    A test row's estimate is the median over its split's members, a training row's that of its fold's member. The
    spread of both is the root mean square of the errors out of fold.

    Args:
        start: Starting members; they are used by turns.
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        splits: Divisions of these rows.
        config: Settings; ``evaluation.training`` changes those of the training, whose seed orders the rows.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    inner = [part for split in splits for part in split.inner()]
    n_start = len(next(iter(start.parameters.values())))
    turns = np.arange(len(inner)) % n_start
    model, scaler = model_config(config), TargetScaler.fit([kappa[part.train] for part in inner])
    trained = fit(
        {name: value[turns] for name, value in start.parameters.items()},
        data=TrainingData(graphs, kappa, model),
        splits=inner,
        scaler=scaler,
        settings=config.evaluation.training.applied_to(config.training),
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
    )
    members = Ensemble(model, trained.last, scaler, "kappa", "W/m/K")
    log10_kappa = np.log10(np.maximum(predict(members, graphs), LOG_FLOOR))  # [n_member, n_row]
    hidden = last_hidden_layer(members, graphs)  # [n_member, n_row, n_hidden]
    of_splits, first = [], 0
    for split in splits:
        own = slice(first, first + len(split.folds))
        of_splits.append(_cross_fit(split, log10_kappa[own], hidden[own], np.log10(kappa)))
        first = own.stop
    return of_splits


def _cross_fit(split: NestedSplit, estimated: Floats, hidden: Floats, log10_kappa: Floats) -> CrossFit:
    """Return a split's estimates from those of its members, [n_fold, n_row], and their last hidden layers."""
    of_folds = [
        Estimate(member[fold], np.zeros(len(fold))) for member, fold in zip(estimated, split.folds, strict=True)
    ]
    out_of_fold = in_order(split, of_folds).mean
    spread = float(np.sqrt(np.mean((out_of_fold - log10_kappa[split.train]) ** 2)))
    return CrossFit(
        split,
        out_of_fold=Estimate(out_of_fold, np.full(len(split.train), spread)),
        test=Estimate(np.median(estimated[:, split.test], axis=0), np.full(len(split.test), spread)),
        out_of_domain=out_of_domain(list(hidden), split),
    )
