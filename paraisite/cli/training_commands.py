"""Verbs that train and ship."""

from typing import Annotated, Final

import typer

from paraisite.cli.options import (
    PRETRAINED,
    SHIPPED,
    BatchSize,
    Epochs,
    FinalDataset,
    LearningRate,
    Seed,
    one_of,
    overrides,
    recipe_name,
)
from paraisite.training.recipes import RECIPES, Recipe


def step1(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train from random weights: RWAF and RWTG15 (lineage lab: RWLAB and RWTG15)."""
    from paraisite.workflows import train

    train.train_step1(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def step2(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train from formation-energy weights: FEAF and FETG15 (lineage lab: FELAB and LFETG15)."""
    from paraisite.workflows import train

    train.train_step2(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def step3(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the two-stage model: FEAFTG15 from FEAF's nine members (lineage lab: FELABTG15)."""
    from paraisite.workflows import train

    train.train_step3(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def rwaft(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the additional check: RWAFTG15 from RWAF's nine members (lineage lab: RWLABTG15)."""
    from paraisite.workflows import train

    train.train_rwaft(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def train(
    recipe: Annotated[str, typer.Argument(parser=recipe_name, metavar="RECIPE", help="See `recipes`.")],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train one recipe by name."""
    from paraisite.workflows import train

    train.train_recipe(recipe, overrides=overrides(epochs, batch_size, learning_rate, seed))


def pretrain(
    variant: Annotated[
        str, typer.Argument(parser=one_of(PRETRAINED), metavar="|".join(PRETRAINED), help="What to predict.")
    ] = "formation_energy",
) -> None:
    """Train MEGNet on formation energies or elastic moduli of the lab set, into build/pretrain/."""
    from paraisite.workflows import pretrain

    pretrain.pretrain_network(variant)


def recipes() -> None:
    """List the recipes: what each starts from and trains on."""
    for recipe in RECIPES.values():
        start = recipe.start.name if isinstance(recipe.start, Recipe) else recipe.start.value.replace("_", " ")
        typer.echo(f"{recipe.name:<16}starts from {start:<22}trains on {recipe.train_on}")


def fit(dataset: FinalDataset = "togo15") -> None:
    """Fit the Gaussian processes that predict, GPTG15, on structures and what the lineage's networks say of them."""
    from paraisite.workflows import fit

    fit.fit_processes(dataset)


def release(
    model: Annotated[str, typer.Argument(parser=one_of(SHIPPED), metavar="|".join(SHIPPED), help="Which model.")],
) -> None:
    """Copy a model that was trained here to weights/, beside the figures of the one that it replaces."""
    from paraisite.workflows import release

    release.release_model(model)


VERBS: Final = (step1, step2, step3, rwaft, train, pretrain, recipes, fit, release)
