"""Verbs that train, fit and release models."""

from collections.abc import Callable
from typing import Annotated, Final

import typer

from paraisite.cli.options import (
    PRETRAINED,
    SHIPPED,
    BatchSize,
    Epochs,
    FinalDataset,
    LearningRate,
    LineageName,
    Seed,
    list_choices,
    one_of,
    overrides,
    recipe_name,
)
from paraisite.core.progress import show_work
from paraisite.core.row_format import RowFormat, chosen_format, print_records
from paraisite.training.recipes import PAPER, RECIPES, Recipe


def _experiment(name: str, summary: str) -> Callable[..., None]:
    """Return the command of one of the paper's experiments; all of them have the same options."""

    def command(
        dataset: FinalDataset = "togo15",
        epochs: Epochs = None,
        batch_size: BatchSize = None,
        learning_rate: LearningRate = None,
        seed: Seed = None,
        lineage: LineageName = PAPER,
    ) -> None:
        with show_work("Loading"):
            from paraisite.workflows import train

        options = overrides(epochs, batch_size, learning_rate, seed)
        train.train_experiment(name, dataset, lineage=lineage, overrides=options)

    command.__name__, command.__doc__ = name, summary
    return command


step1 = _experiment("step1", "Train from random weights.\n\nRecipes: RWAF and RWTG15 (lineage lab: RWLAB and RWTG15).")
step2 = _experiment(
    "step2", "Train from formation-energy weights.\n\nRecipes: FEAF and FETG15 (lineage lab: FELAB and LFETG15)."
)
step3 = _experiment(
    "step3",
    "Train the two-stage model.\n\nRecipe: FEAFTG15 from FEAF's nine members (lineage lab: FELABTG15 from FELAB's).",
)
rwaft = _experiment(
    "rwaft",
    "Train the two-stage model without formation energies.\n\n"
    "Recipe: RWAFTG15 from RWAF's nine members (lineage lab: RWLABTG15 from RWLAB's).",
)


def train(
    recipe: Annotated[str, typer.Argument(parser=recipe_name, metavar="RECIPE", help="See `recipes`.")],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train one recipe by name, into build/RECIPE/."""
    with show_work("Loading"):
        from paraisite.workflows import train

    train.train_recipe(recipe, overrides=overrides(epochs, batch_size, learning_rate, seed))


def pretrain(
    variant: Annotated[
        str, typer.Argument(parser=one_of(PRETRAINED), metavar="TARGET", help=f"{list_choices(PRETRAINED)}.")
    ] = "formation_energy",
) -> None:
    """Pretrain MEGNet on the project's own labels.

    Targets: formation energies, elastic moduli, or all of them at once; into build/pretrain/TARGET/.
    """
    with show_work("Loading"):
        from paraisite.workflows import pretrain

    pretrain.pretrain_network(variant)


def recipes() -> None:
    """List the recipes: initial weights and training sets."""
    rows = []
    for recipe in RECIPES.values():
        start = recipe.start.name if isinstance(recipe.start, Recipe) else recipe.start.value.replace("_", " ")
        rows.append({"recipe": recipe.name, "starts from": start, "trained on": recipe.train_on})
    if (row_format := chosen_format()) is not RowFormat.TABLE:
        print_records(rows, row_format)
        return
    for row in rows:
        typer.echo(f"{row['recipe']:<20}starts from {row['starts from']:<22}trained on {row['trained on']}")


def fit(
    dataset: FinalDataset = "accurate",
    alone: Annotated[
        bool,
        typer.Option("--alone", help="Fit on the rows of a data set of yours alone, not beside the default model's."),
    ] = False,
) -> None:
    """Fit Gaussian processes: the default model, or others.

    GPACCURATE is one process on all accurate rows and labels of tier kappa, for any crystal. A data set of yours joins
    these rows (GP_MINE). On others, and with --alone, they are mixtures, a member for each split, and predictions of
    the lineage's networks are among the descriptors (GPTG15, GPHH143).
    """
    with show_work("Loading"):
        from paraisite.workflows import fit

    fit.fit_processes(dataset, alone=alone)


def release(
    model: Annotated[
        str, typer.Argument(parser=one_of(SHIPPED), metavar="MODEL", help="A recipe, see `recipes`, or LFE.")
    ],
) -> None:
    """Copy a trained model to weights/, to be shipped.

    Prints its metrics beside those of the model that it replaces.
    """
    with show_work("Loading"):
        from paraisite.workflows import release

    release.release_model(model)


VERBS: Final = (step1, step2, step3, rwaft, train, pretrain, recipes, fit, release)
