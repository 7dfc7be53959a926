"""Pretrain a network on physical properties of crystals: from a table of values to a backbone and its test errors.

One member is trained on several properties at once, each an output of the same network. The rows are divided 80/10/10
by reduced formula: the last tenth chooses neither the weights nor the epoch.
"""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_absolute_percentage_error, r2_score, root_mean_squared_error

import paraisite
from paraisite import schema
from paraisite.arrays import Floats
from paraisite.config import TrainingConfig
from paraisite.data.datasets.splits import SplitWithTest, draw_grouped_split
from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.metrics.kappa_errors import compute_spearman
from paraisite.models.architecture import ModelConfig
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.models.target_scaler import Standardiser
from paraisite.schema import Property
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.engine import FitResult, fit
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.loss import Objective
from paraisite.training.pretraining_result import Pretraining

NETWORK: Final = "network"
CONSTANT: Final = "constant"
"""The baseline: the median of the training rows, the constant of lowest mean absolute error there."""


def pretrain(
    table: pd.DataFrame,
    graphs: GraphCollection,
    properties: Sequence[Property],
    *,
    settings: TrainingConfig,
    dataset_digest: str,
    model: ModelConfig | None = None,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
) -> Pretraining:
    """Train one member on all properties at once, and test it.

    Args:
        table: One row per crystal: material_id, formula, and each property's column, NaN where it is not known. Rows
            without any known value are left out.
        graphs: The crystals' graphs, in the same order.
        properties: What to predict, one output each.
        settings: Epochs, batch size, rates; the seed also draws the split and the initial weights.
        dataset_digest: What the table was, for the ensemble's metadata.
        model: Architecture, its number of outputs aside; by default the published one, without a hidden head.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.

    Returns:
        The trained network, its errors on the test rows, and where it came from.

    Raises:
        DataError: A column is missing, a value cannot be transformed, or a part of the split has no value of a
            property.
    """
    targets = build_targets(table, properties)
    if len(targets) != len(graphs):
        raise DataError(f"the table has {len(targets)} rows, expected one for each of the {len(graphs)} graphs")
    split = _split_of_known(table, targets, seed=settings.seed)
    _check_parts(targets, split, properties)
    config = replace(model or ModelConfig(), n_output=len(properties))
    per_output = targets[:, 0] if len(properties) == 1 else targets
    standardiser = Standardiser.fit([per_output[split.train]])
    trained = fit(
        stack([draw_parameters(config, seed=settings.seed)]),
        data=TrainingData(graphs, per_output, config),
        splits=[split],
        scaler=standardiser,
        settings=settings,
        objective=Objective.STANDARDISED_ABSOLUTE,
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
    )
    ensemble = Ensemble(
        config=config,
        parameters=standardiser.fold_into(trained.best, config),
        scaler=None,
        target=_one_or_all([item.name for item in properties]),
        unit=_one_or_all([item.unit for item in properties]),
        metadata=_metadata(properties, targets, split, settings, dataset_digest, trained),
    )
    predicted = predict(ensemble, graphs.take(split.test))[0].reshape(len(split.test), len(properties))
    return Pretraining(
        ensemble=ensemble,
        metrics=_metrics(properties, targets, predicted, split),
        predictions=_predictions(table.iloc[split.test], properties, targets[split.test], predicted),
        curves=_curves(trained),
        split=split,
        best_epoch=int(trained.best_epoch[0]),
        seconds=trained.seconds,
    )


def build_targets(table: pd.DataFrame, properties: Sequence[Property]) -> Floats:
    """Return what the network has to predict, [n_row, n_property], NaN where it is not known.

    Raises:
        DataError: A column is missing, or a known value is infinite or has no logarithm.
    """
    wanted = [schema.MATERIAL_ID, schema.FORMULA, *(item.column for item in properties)]
    if missing := [name for name in wanted if name not in table.columns]:
        raise DataError(f"the table of properties has no column {', '.join(missing)}")
    columns = []
    for item in properties:
        values = table[item.column].to_numpy(dtype=np.float64, na_value=np.nan)
        impossible = np.isinf(values) | ((values <= 0) if item.transform == "log10" else False)
        if impossible.any():
            row = int(np.argmax(impossible))
            expected = "a positive number" if item.transform == "log10" else "a finite number"
            name = table[schema.MATERIAL_ID].iloc[row]
            raise DataError(f"{name}: {item.column} is {values[row]}, expected {expected} or nothing")
        columns.append(np.log10(values) if item.transform == "log10" else values)
    return np.stack(columns, axis=1)


def _split_of_known(table: pd.DataFrame, targets: Floats, *, seed: int) -> SplitWithTest:
    """Divide the rows that have a value, each named by its row in the whole table."""
    known = np.flatnonzero(~np.isnan(targets).all(axis=1))
    split = draw_grouped_split(table[schema.FORMULA].iloc[known].tolist(), seed=seed)
    return replace(split, train=known[split.train], validation=known[split.validation], test=known[split.test])


def _check_parts(targets: Floats, split: SplitWithTest, properties: Sequence[Property]) -> None:
    for part, rows in (("train", split.train), ("validate", split.validation), ("test", split.test)):
        for item, n_known in zip(properties, (~np.isnan(targets[rows])).sum(axis=0), strict=True):
            if not n_known:
                raise DataError(f"none of the {len(rows)} rows that {part} has a value of {item.column}")


def _one_or_all(names: list[str]) -> str | tuple[str, ...]:
    return names[0] if len(names) == 1 else tuple(names)


def _metrics(properties: Sequence[Property], targets: Floats, predicted: Floats, split: SplitWithTest) -> pd.DataFrame:
    rows = {}
    for k, item in enumerate(properties):
        true = targets[split.test, k]
        constant = np.full(len(true), np.nanmedian(targets[split.train, k]))
        for predictor, values in ((NETWORK, predicted[:, k]), (CONSTANT, constant)):
            rows[item.name, predictor] = {"unit": item.unit} | _errors(item, true, values)
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(index=["property", "predictor"])


def _errors(item: Property, true: Floats, predicted: Floats) -> dict[str, float]:
    """Return the errors of the rows whose value is known, in the output's unit; NaN if a prediction is not finite."""
    known = ~np.isnan(true)
    true, predicted = true[known], predicted[known]
    names = ("mae", "rmse", "r2", "spearman", "mape")
    if not np.isfinite(predicted).all():
        return {"n_test": len(true)} | dict.fromkeys(names, float("nan"))
    values = (
        mean_absolute_error(true, predicted),
        root_mean_squared_error(true, predicted),
        r2_score(true, predicted) if len(true) > 1 else float("nan"),
        compute_spearman(true, predicted),
        mean_absolute_percentage_error(10.0**true, 10.0**predicted) if item.transform == "log10" else float("nan"),
    )
    return {"n_test": len(true)} | {name: float(value) for name, value in zip(names, values, strict=True)}


def _predictions(rows: pd.DataFrame, properties: Sequence[Property], true: Floats, predicted: Floats) -> pd.DataFrame:
    tables = []
    for k, item in enumerate(properties):
        known = ~np.isnan(true[:, k])
        part = rows.loc[known, [schema.MATERIAL_ID, schema.FORMULA]].reset_index(drop=True)
        values = {"property": item.name, "unit": item.unit, "true": true[known, k], "predicted": predicted[known, k]}
        tables.append(part.assign(**values))
    return pd.concat(tables, ignore_index=True)


def _curves(trained: FitResult) -> pd.DataFrame:
    return pd.DataFrame(
        {
            schema.EPOCH: np.arange(1, len(trained.learning_rate) + 1),
            "train_error": trained.train_error[0],
            "validation_error": trained.validation_error[0],
            schema.LEARNING_RATE: trained.learning_rate,
            schema.GRADIENT_NORM: trained.gradient_norm[0],
        }
    )


def _metadata(
    properties: Sequence[Property],
    targets: Floats,
    split: SplitWithTest,
    settings: TrainingConfig,
    dataset_digest: str,
    trained: FitResult,
) -> dict[str, str]:
    n_known = {item.column: int(n) for item, n in zip(properties, (~np.isnan(targets)).sum(axis=0), strict=True)}
    return {
        "pretrained_on": ", ".join(f"{column} ({n} values)" for column, n in n_known.items()),
        "dataset_digest": dataset_digest,
        "n_train": str(len(split.train)),
        "n_validation": str(len(split.validation)),
        "n_test": str(len(split.test)),
        "best_epoch": str(int(trained.best_epoch[0])),
        "paraisite_version": paraisite.__version__,
        "tensorflow_version": importlib.metadata.version("tensorflow"),
    } | {f"training.{name}": str(value) for name, value in asdict(settings).items()}
