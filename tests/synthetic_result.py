"""A made-up ``RecipeResult`` with the shape of a real one, for tests of what reads results."""

import functools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.data.datasets.splits import Split, draw_random_splits
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.structure_types import rocksalt
from paraisite.metrics.kappa_errors import tabulate_metrics
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.recipe_result import RecipeResult
from paraisite.training.recipes import RECIPES, Recipe

SEEDS = tuple(range(1, 10))
_SMALL = ModelConfig(
    n_element=8,
    embedding_dim=2,
    gaussian_centers_angstrom=(0.0, 5.0),
    n_block=1,
    wide=3,
    narrow=2,
    n_set2set_hidden=2,
    head_hidden=(3,),
)


@functools.cache
def make_dataset(name: str = "togo15", *, n_row: int = 95) -> Dataset:
    """Return rock salts with log-normal conductivities."""
    random = np.random.default_rng(7)
    pairs = [(a, b) for a in ("Li", "Na", "K", "Rb", "Cs") for b in ("F", "Cl", "Br", "I", "H")]
    records = [
        Record(
            material_id=f"{name}-{row:04d}",
            structure=rocksalt(*pairs[row % len(pairs)], a_angstrom=5.0 + 0.001 * row),
            kappa_w_per_m_k=float(10 ** random.normal(1.2, 0.7)),
            prototype="rocksalt",
            source="made up",
        )
        for row in range(n_row)
    ]
    return build_dataset(name, records)


def make_ensemble(scaler: TargetScaler | None, *, n_member: int, seed: int = 0) -> Ensemble:
    """Return small random members."""
    random = np.random.default_rng(seed)
    parameters = {
        name: random.normal(size=(n_member, *shape)).astype(np.float32)
        for name, shape in parameter_shapes(_SMALL).items()
    }
    return Ensemble(_SMALL, parameters, scaler, target="kappa", unit="W/m/K", metadata={"recipe": "made up"})


def make_result(
    recipe: str = "FEAFTG15",
    *,
    n_row: int = 95,
    n_epoch: int = 40,
    seeds: Sequence[int] = SEEDS,
    log10_error: float = 0.2,
    diverged: Sequence[int] = (),
    parent_version: str | None = "3",
    seed: int = 0,
) -> RecipeResult:
    """Return a result whose predictions are off by ``log10_error`` (dex) at the best epoch, 1.3 times that at the last.

    Seeds in ``diverged`` have a NaN at their last epoch and in the last third of their curves.
    """
    random = np.random.default_rng(seed)
    chosen = RECIPES[recipe]
    dataset = make_dataset(chosen.train_on, n_row=n_row)
    splits = draw_random_splits(n_row, seeds=seeds, train_fraction=0.8)
    kappa = dataset.table[schema.KAPPA].to_numpy()
    scaler = TargetScaler.fit([kappa[split.train] for split in splits])
    start = TargetScaler(mean=np.full(len(splits), 0.732), std=np.full(len(splits), 0.376))
    predictions = pd.concat(
        [_predictions(dataset, split, random, log10_error, split.seed in diverged) for split in splits],
        ignore_index=True,
    )
    curves = [_curves(split.seed, n_epoch, random, log10_error, split.seed in diverged) for split in splits]
    index = pd.Index([split.seed for split in splits], name=schema.SPLIT_SEED)
    best_epoch = [int(curve[schema.VALIDATION_MAPE].argmin()) + 1 for curve in curves]
    started_from_recipe = isinstance(chosen.start, Recipe)
    return RecipeResult(
        recipe=chosen,
        dataset=dataset,
        splits=splits,
        curves=pd.concat(curves, ignore_index=True),
        predictions=predictions,
        metrics=tabulate_metrics(predictions, scaler=scaler, start_scaler=start if started_from_recipe else None),
        best_epoch=pd.Series(best_epoch, index=index, name="best_epoch"),
        diverged=pd.Series([split.seed in diverged for split in splits], index=index, name="diverged"),
        started_from="registry FEAF version 3" if started_from_recipe else "random weights, seed 42",
        parent_version=parent_version if started_from_recipe else None,
        parameters={"epochs": n_epoch, "batch_size": 8, "learning_rate": 1e-3, "seed": 42},
        seconds=71.5,
    )


def _predictions(
    dataset: Dataset, split: Split, random: np.random.Generator, log10_error: float, diverged: bool
) -> pd.DataFrame:
    rows = np.concatenate([split.train, split.validation])
    part = [schema.TRAIN] * len(split.train) + [schema.VALIDATION] * len(split.validation)
    table = dataset.table.iloc[rows][[schema.MATERIAL_ID, schema.FORMULA, schema.KAPPA]].reset_index(drop=True)
    table.insert(0, schema.SPLIT_SEED, split.seed)
    table.insert(3, schema.PART, part)
    error = random.normal(0.0, log10_error, len(rows)) * np.where(table[schema.PART] == schema.TRAIN, 0.3, 1.0)
    table[schema.KAPPA_BEST_EPOCH] = table[schema.KAPPA] * 10**error
    table[schema.KAPPA_LAST_EPOCH] = np.nan if diverged else table[schema.KAPPA] * 10 ** (1.3 * error)
    return table


def _curves(seed: int, n_epoch: int, random: np.random.Generator, log10_error: float, diverged: bool) -> pd.DataFrame:
    epoch = np.arange(1, n_epoch + 1)
    decay = np.exp(-epoch / (0.15 * n_epoch))
    train = 2.0 * log10_error * (0.2 + 4.0 * decay) * np.exp(random.normal(0, 0.05, n_epoch))
    validation = (
        2.0 * log10_error * (0.9 + 3.0 * decay + 0.4 * epoch / n_epoch) * np.exp(random.normal(0, 0.1, n_epoch))
    )
    curves = pd.DataFrame(
        {
            schema.SPLIT_SEED: seed,
            schema.EPOCH: epoch,
            schema.TRAIN_MAPE: train,
            schema.VALIDATION_MAPE: validation,
            schema.LEARNING_RATE: 1e-3,
            schema.GRADIENT_NORM: 1.0 + decay,
        }
    )
    if diverged:
        curves.loc[epoch > 2 * n_epoch // 3, [schema.TRAIN_MAPE, schema.VALIDATION_MAPE, schema.GRADIENT_NORM]] = np.nan
    return curves
