"""Train one recipe on one data set and evaluate it: from starting weights to a ``TrainedRecipe``."""

import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

import paraisite
from paraisite import schema
from paraisite.config import Config
from paraisite.core.files import content_sha256
from paraisite.data.datasets.splits import Split, draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.metrics.kappa_errors import tabulate_metrics
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.models.ensemble import Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.batches import TrainingData
from paraisite.training.callbacks import FitCallback
from paraisite.training.engine import FitResult, fit
from paraisite.training.recipe_result import RecipeResult, TrainedRecipe
from paraisite.training.recipes import SLACK, Recipe

TARGET = "kappa"
UNIT = "W/m/K"


@dataclass(frozen=True, eq=False)
class StartingWeights:
    """What the members start from.

    Attributes:
        parameters: Stacked, one member per split.
        scaler: Target scaler of the recipe that they come from; None for random or published weights.
        description: For people, e.g. "shipped FEAF (sha256 …)".
        version: Version in the registry, or None.
    """

    parameters: Parameters
    scaler: TargetScaler | None
    description: str
    version: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over the weights, whatever they are called."""
        return content_sha256(self.parameters)


def run_recipe(
    recipe: Recipe,
    *,
    dataset: Dataset,
    graphs: GraphCollection,
    start: StartingWeights,
    config: Config,
    checkpoint_folder: Path | None = None,
    callbacks: Sequence[FitCallback] = (),
) -> TrainedRecipe:
    """Train and evaluate one recipe.

    Args:
        recipe: What to train.
        dataset: Materials with targets, all of them with a graph.
        graphs: Their graphs, in the same order.
        start: Starting weights.
        config: Settings.
        checkpoint_folder: Where the training's state is kept; the same call resumes from there.
        callbacks: Watchers of the training.

    Returns:
        Curves, predictions of every material by every member, metrics and members.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    splits = draw_splits(dataset, seeds=config.splits.seeds, train_fraction=config.splits.train_fraction)
    scaler = TargetScaler.fit([kappa[split.train] for split in splits])
    model = build_model_config(config)
    trained = fit(
        start.parameters,
        data=TrainingData(graphs, kappa, model, dataset.selected_or_none),
        splits=splits,
        scaler=scaler,
        settings=config.training,
        checkpoint_folder=checkpoint_folder,
        callbacks=callbacks,
    )
    metadata = _metadata(recipe, dataset, start, config)
    best, last = (
        Ensemble(model, parameters, scaler, TARGET, UNIT, metadata | {"epoch": epoch})
        for epoch, parameters in (("best", trained.best), ("last", trained.last))
    )
    predictions = _predictions(dataset, splits, predict(best, graphs), predict(last, graphs))
    seeds = pd.Index([split.seed for split in splits], name=schema.SPLIT_SEED)
    result = RecipeResult(
        recipe=recipe,
        dataset=dataset,
        splits=splits,
        curves=_curves(trained, splits),
        predictions=predictions,
        metrics=tabulate_metrics(predictions, scaler=scaler, start_scaler=start.scaler),
        best_epoch=pd.Series(trained.best_epoch, index=seeds),
        diverged=pd.Series(trained.diverged, index=seeds),
        started_from=start.description,
        parent_version=start.version,
        parameters=list_effective_parameters(config),
        seconds=trained.seconds,
    )
    return TrainedRecipe(result, best, last)


def adapt_settings(recipe: Recipe, config: Config) -> Config:
    """Return the settings of a recipe's training: on the lab's large tier it has other epochs and batches."""
    if recipe.train_on != SLACK:
        return config
    return replace(config, training=config.lab.slack_training.applied_to(config.training))


def build_model_config(config: Config) -> ModelConfig:
    """Return the architecture that the settings ask for."""
    return ModelConfig(cutoff_angstrom=config.graphs.cutoff_angstrom, head_hidden=config.model.head_hidden)


def list_effective_parameters(config: Config) -> dict[str, object]:
    """Return the settings as they stand after overrides, flat: {"training.epochs": 300, …}."""
    # The recipe's name says the lineage, and the data set's digest what was read.
    return {
        f"{section}.{name}": list(value) if isinstance(value, tuple) else value
        for section in ("graphs", "splits", "model", "training")
        for name, value in asdict(getattr(config, section)).items()
    }


def _metadata(recipe: Recipe, dataset: Dataset, start: StartingWeights, config: Config) -> dict[str, str]:
    return {
        "recipe": recipe.name,
        "dataset": dataset.name,
        "dataset_digest": dataset.digest,
        "n_material": str(len(dataset)),
        "started_from": start.description,
        "paraisite_version": paraisite.__version__,
        "tensorflow_version": importlib.metadata.version("tensorflow"),
    } | {name: str(value) for name, value in list_effective_parameters(config).items()}


def _curves(trained: FitResult, splits: Sequence[Split]) -> pd.DataFrame:
    n_epoch = len(trained.learning_rate)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    schema.SPLIT_SEED: split.seed,
                    schema.EPOCH: np.arange(1, n_epoch + 1),
                    schema.TRAIN_MAPE: trained.train_error[member],
                    schema.VALIDATION_MAPE: trained.validation_error[member],
                    schema.LEARNING_RATE: trained.learning_rate,
                    schema.GRADIENT_NORM: trained.gradient_norm[member],
                }
            )
            for member, split in enumerate(splits)
        ],
        ignore_index=True,
    )


def _predictions(
    dataset: Dataset, splits: Sequence[Split], best: npt.NDArray[np.float64], last: npt.NDArray[np.float64]
) -> pd.DataFrame:
    tables = []
    for member, split in enumerate(splits):
        rows = np.concatenate([split.train, split.validation])
        parts = [schema.TRAIN] * len(split.train) + [schema.VALIDATION] * len(split.validation)
        table = dataset.table.iloc[rows][[schema.MATERIAL_ID, schema.FORMULA, schema.KAPPA]].reset_index(drop=True)
        table.insert(0, schema.SPLIT_SEED, split.seed)
        table.insert(3, schema.PART, parts)
        table[schema.KAPPA_BEST_EPOCH] = best[member, rows]
        table[schema.KAPPA_LAST_EPOCH] = last[member, rows]
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
