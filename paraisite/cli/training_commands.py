"""Verbs that train, fit and release models."""

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
    """Train from random weights.

    Recipes: RWLAB and RWTG15 (lineage paper: RWAF and RWTG15).
    """
    from paraisite.workflows import train

    train.train_step1(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def step2(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train from formation-energy weights.

    Recipes: FELAB and LFETG15 (lineage paper: FEAF and FETG15).
    """
    from paraisite.workflows import train

    train.train_step2(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def step3(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the two-stage model.

    Recipe: FELABTG15 from FELAB's nine members (lineage paper: FEAFTG15 from FEAF's).
    """
    from paraisite.workflows import train

    train.train_step3(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def rwaft(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the two-stage model without formation energies.

    Recipe: RWLABTG15 from RWLAB's nine members (lineage paper: RWAFTG15 from RWAF's).
    """
    from paraisite.workflows import train

    train.train_rwaft(dataset, overrides=overrides(epochs, batch_size, learning_rate, seed))


def train(
    recipe: Annotated[str, typer.Argument(parser=recipe_name, metavar="RECIPE", help="See `recipes`.")],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train one recipe by name, into build/RECIPE/."""
    from paraisite.workflows import train

    train.train_recipe(recipe, overrides=overrides(epochs, batch_size, learning_rate, seed))


def pretrain(
    variant: Annotated[
        str, typer.Argument(parser=one_of(PRETRAINED), metavar="|".join(PRETRAINED), help="Target.")
    ] = "formation_energy",
) -> None:
    """Pretrain MEGNet on the project's own labels.

    Targets: formation energies, elastic moduli, or all of them at once; into build/pretrain/TARGET/.
    """
    from paraisite.workflows import pretrain

    pretrain.pretrain_network(variant)


def recipes() -> None:
    """List the recipes: initial weights and training sets."""
    for recipe in RECIPES.values():
        start = recipe.start.name if isinstance(recipe.start, Recipe) else recipe.start.value.replace("_", " ")
        typer.echo(f"{recipe.name:<16}starts from {start:<22}trained on {recipe.train_on}")


def fit(dataset: FinalDataset = "togo15") -> None:
    """Fit Gaussian processes: GPTG15, the default model.

    Their descriptors are computed from the structures, and predicted by the networks of the lineage.
    """
    from paraisite.workflows import fit

    fit.fit_processes(dataset)


def release(
    model: Annotated[str, typer.Argument(parser=one_of(SHIPPED), metavar="|".join(SHIPPED), help="Model.")],
) -> None:
    """Copy a trained model to weights/, to be shipped.

    Prints its metrics beside those of the model that it replaces.
    """
    from paraisite.workflows import release

    release.release_model(model)


VERBS: Final = (step1, step2, step3, rwaft, train, pretrain, recipes, fit, release)
