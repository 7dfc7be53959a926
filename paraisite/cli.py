"""The command line: one verb for each function of ``paraisite.stages``, ``predict``, and ``data`` with its own verbs.

TensorFlow, pandas and mlflow are imported inside the verbs, so that ``--help`` answers at once.
"""

import importlib.metadata
import logging
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

import paraisite
from paraisite.cli_predict import predict
from paraisite.cli_screen import screen
from paraisite.errors import ConfigError
from paraisite.sources.lab import TIERS
from paraisite.training.recipes import (
    AFLOW,
    BTE,
    FINAL_DATASETS,
    RECIPES,
    SHIPPABLE,
    SLACK,
    Recipe,
    recipe_named,
)

AS_IN_PARAMS: Final = "params.yaml"
"""What an entry point of MLproject passes for a setting that was not given: the value stands in that file."""

DATASETS: Final = (*FINAL_DATASETS, AFLOW, SLACK, BTE)
FETCHED: Final = (AFLOW, "materials_project")
UNITS: Final = ("W/m/K", "mW/m/K", "W/cm/K", "mW/cm/K")
CHECKED: Final = ("slack", "bte", "formation_energy")
_UNCLEAN: Final = ("paper", "paper-last", "honest", "grouped", "leave-one-prototype-out")
PROTOCOLS: Final = (*_UNCLEAN, *(f"{name}-clean" for name in _UNCLEAN))
TUNED: Final = ("honest", "grouped")
SAMPLERS: Final = ("tpe", "qmc")
SHIPPED: Final = (*SHIPPABLE, paraisite.DEFAULT_MODEL)
PRETRAINED: Final = ("formation_energy", "log_bulk", "log_shear", "all")

app = typer.Typer(
    name="paraisite",
    help="Lattice thermal conductivity (300 K, W/m/K) of crystals by two-stage transfer learning.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
data = typer.Typer(
    help="What data sets there are; fetch, import, check and describe them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(data, name="data")
app.command()(screen)


@app.callback()
def _set_up() -> None:
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    # The first run in a folder creates the store's tables; that is no news to a user.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.WARNING)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.getLogger("paraisite").setLevel(logging.INFO)


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        by_lower_case = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_lower_case:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}")
        return by_lower_case[text.lower()]

    return parse


def _dataset(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser that knows these names and those of imported data sets."""

    def parse(text: str) -> str:
        from paraisite.datasets.imported import imported_names

        return _one_of((*choices, *imported_names()))(text)

    return parse


def _as_in_params_or(known: Callable[[str], str]) -> Callable[[str], str | None]:
    """Return a parser that leaves the choice to params.yaml where that is named."""
    return lambda text: None if text == AS_IN_PARAMS else known(text)


def _recipe(text: str) -> str:
    try:
        return recipe_named(text).name
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error


def _whole_number(minimum: int) -> Callable[[str], int | None]:
    def parse(text: str) -> int | None:
        if text == AS_IN_PARAMS:
            return None
        try:
            value = int(text)
        except ValueError:
            value = minimum - 1
        if value < minimum:
            raise typer.BadParameter(f"{text!r} is neither a whole number of at least {minimum} nor {AS_IN_PARAMS!r}")
        return value

    return parse


def _positive_number(text: str) -> float | None:
    if text == AS_IN_PARAMS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise typer.BadParameter(f"{text!r} is neither a positive number nor {AS_IN_PARAMS!r}")
    return value


FinalDataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        parser=_dataset(FINAL_DATASETS),
        metavar="|".join((*FINAL_DATASETS, "YOURS")),
        help="The final training's data; for `label`, whose crystals tier phonons describes.",
    ),
]
AnyDataset = Annotated[
    str, typer.Argument(parser=_dataset(DATASETS), metavar="|".join((*DATASETS, "YOURS")), help="See `data list`.")
]
ListedDataset = Annotated[
    str,
    typer.Argument(
        parser=_dataset((*DATASETS, FETCHED[1])),
        metavar="|".join((*DATASETS, FETCHED[1], "YOURS")),
        help="See `data list`.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(parser=_whole_number(1), metavar="N", help="Passes over the training rows. [default: params.yaml]"),
]
BatchSize = Annotated[
    int | None,
    typer.Option(parser=_whole_number(1), metavar="N", help="Crystals per step and member. [default: params.yaml]"),
]
LearningRate = Annotated[
    float | None,
    typer.Option(parser=_positive_number, metavar="RATE", help="Adam's rate at the start. [default: params.yaml]"),
]
Seed = Annotated[
    int | None,
    typer.Option(
        parser=_whole_number(0), metavar="N", help="Of initial weights and order of rows. [default: params.yaml]"
    ),
]


def _overrides(
    epochs: int | None, batch_size: int | None, learning_rate: float | None, seed: int | None
) -> dict[str, int | float]:
    """Return the settings that were given, by their names in params.yaml's training section."""
    given = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    return {name: value for name, value in given.items() if value is not None}


@app.command()
def step1(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train from random weights: RWAF and RWTG15 (lineage lab: RWLAB and RWTG15)."""
    from paraisite import stages

    stages.step1(dataset, overrides=_overrides(epochs, batch_size, learning_rate, seed))


@app.command()
def step2(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train from formation-energy weights: FEAF and FETG15 (lineage lab: FELAB and LFETG15)."""
    from paraisite import stages

    stages.step2(dataset, overrides=_overrides(epochs, batch_size, learning_rate, seed))


@app.command()
def step3(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the two-stage model: FEAFTG15 from FEAF's nine members (lineage lab: FELABTG15)."""
    from paraisite import stages

    stages.step3(dataset, overrides=_overrides(epochs, batch_size, learning_rate, seed))


@app.command()
def rwaft(
    dataset: FinalDataset = "togo15",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train the additional check: RWAFTG15 from RWAF's nine members (lineage lab: RWLABTG15)."""
    from paraisite import stages

    stages.rwaft(dataset, overrides=_overrides(epochs, batch_size, learning_rate, seed))


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(parser=_recipe, metavar="RECIPE", help="See `recipes`.")],
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    learning_rate: LearningRate = None,
    seed: Seed = None,
) -> None:
    """Train one recipe by name."""
    from paraisite import stages

    stages.train_recipe(recipe, overrides=_overrides(epochs, batch_size, learning_rate, seed))


@app.command()
def pretrain(
    variant: Annotated[
        str, typer.Argument(parser=_one_of(PRETRAINED), metavar="|".join(PRETRAINED), help="What to predict.")
    ] = "formation_energy",
) -> None:
    """Train MEGNet on formation energies or elastic moduli of the lab set, into build/pretrain/."""
    from paraisite import pretrained

    pretrained.pretrain(variant)


@app.command()
def recipes() -> None:
    """List the recipes: what each starts from and trains on."""
    for recipe in RECIPES.values():
        start = recipe.start.name if isinstance(recipe.start, Recipe) else recipe.start.value.replace("_", " ")
        typer.echo(f"{recipe.name:<16}starts from {start:<22}trains on {recipe.train_on}")


@data.command("list")
def list_data() -> None:
    """List all data sets: how many materials, which version, from where."""
    from paraisite import catalogue

    catalogue.list_data()


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(parser=_one_of(FETCHED), metavar="|".join(FETCHED), help="From which server.")],
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Take a saved reply of AFLUX instead of asking.")
    ] = None,
    server: Annotated[str | None, typer.Option(metavar="URL", help="Another server with the same interface.")] = None,
    gnome: Annotated[
        bool, typer.Option(help="With GNoME's materials, not for commercial use (Materials Project only).")
    ] = False,
) -> None:
    """Fetch a data set into external/; an interrupted fetch goes on where it stopped."""
    from paraisite import acquire

    acquire.fetch(name, file=file, server=server, include_gnome=gnome)


@data.command("import")
def import_own(
    name: Annotated[str, typer.Argument(help="What the data set is to be called.")],
    path: Annotated[
        Path,
        typer.Argument(
            help="A folder of CIF, POSCAR or extended XYZ files with a CSV table of values; a folder of phono3py's "
            "results; a parquet table; or an extended XYZ file."
        ),
    ],
    values: Annotated[
        Path | None, typer.Option(metavar="CSV", help="Table of values. [default: the only one in the folder]")
    ] = None,
    column: Annotated[str, typer.Option(help="Column with the conductivities.")] = "kappa_w_per_m_k",
    unit: Annotated[str, typer.Option(parser=_one_of(UNITS), metavar="|".join(UNITS), help="Their unit.")] = "W/m/K",
    temperature: Annotated[float, typer.Option(metavar="KELVIN", help="Which of phono3py's temperatures.")] = 300.0,
    source: Annotated[str | None, typer.Option(help="Where the data come from. [default: the path]")] = None,
    replace: Annotated[bool, typer.Option(help="Take the place of a data set of this name.")] = False,
) -> None:
    """Make a data set of your own files; recipes, stages and runs know it by its name from then on."""
    from paraisite import acquire
    from paraisite.sources.own_data import ImportOptions

    options = ImportOptions(source or f"imported from {path}", values, column, unit, temperature)
    acquire.import_own(name, path, options, replace=replace)


@data.command("check")
def check_data(name: ListedDataset) -> None:
    """Read a data set whole: how many rows are usable, and why others are not."""
    from paraisite import catalogue

    catalogue.check(name)


@data.command()
def describe(name: ListedDataset) -> None:
    """Say what a data set is and draw what it holds: conductivities and elements."""
    from paraisite import catalogue

    catalogue.describe(name)


@app.command()
def prepare(dataset: AnyDataset) -> None:
    """Read and check a data set into build/prepare/."""
    from paraisite import stages

    stages.prepare(dataset)


@app.command()
def compare(
    all_trained: Annotated[
        bool, typer.Option("--all", help="Print every recipe that was trained into build/, of either lineage.")
    ] = False,
) -> None:
    """Put the models of the lineage side by side in build/compare/."""
    from paraisite import stages

    stages.compare(all_trained=all_trained)


@app.command()
def evaluate(
    protocol: Annotated[
        str,
        typer.Argument(
            parser=_one_of(PROTOCOLS),
            metavar="PROTOCOL",
            help=f"{', '.join(_UNCLEAN)}; with -clean behind, earlier stages never saw a formula of the data set.",
        ),
    ] = "honest",
    dataset: FinalDataset = "togo15",
) -> None:
    """Measure networks, baselines and Gaussian processes under a protocol, into build/evaluate_…."""
    from paraisite import assessment

    assessment.evaluate(protocol, dataset)


@app.command()
def overlap(
    learnt: Annotated[
        str | None,
        typer.Argument(
            parser=_as_in_params_or(_dataset(DATASETS)),
            metavar="|".join((*DATASETS, "YOURS")),
            help="Data that taught. [default: all those of the lineage's earlier stages]",
        ),
    ] = None,
    tested: AnyDataset = "togo15",
) -> None:
    """Report shared formulas, shared structures and duplicates, and the errors on such rows, into build/overlap…."""
    from paraisite import audit

    audit.overlap(learnt, tested)


@app.command()
def backbones(
    dataset: FinalDataset = "togo15",
    published: Annotated[
        bool, typer.Option("--published", help="Under the published protocol as well: twice the time.")
    ] = False,
) -> None:
    """Compare what a training may start from: published backbones, ours and random weights, into build/backbones/.

    Each gets the same head and the same nine splits, and is measured on rows that chose nothing. A backbone that is
    neither here nor can be fetched is left out; a run that is killed goes on when it is started again.
    """
    from paraisite import backbones as comparison

    comparison.compare_backbones(dataset, published=published)


@app.command()
def tune(
    recipe: Annotated[str, typer.Argument(parser=_recipe, metavar="RECIPE", help="See `recipes`.")] = "FELABTG15",
    protocol: Annotated[
        str, typer.Option(parser=_one_of(TUNED), metavar="|".join(TUNED), help="How the rows are divided.")
    ] = "honest",
    trials: Annotated[int, typer.Option(min=0, metavar="N", help="Trials that the study is to have in all.")] = 50,
    epochs: Annotated[
        int | None,
        typer.Option(
            parser=_whole_number(1), metavar="N", help="Of every trial. [default: evaluation.training in params.yaml]"
        ),
    ] = None,
    sampler: Annotated[
        str,
        typer.Option(
            parser=_one_of(SAMPLERS),
            metavar="|".join(SAMPLERS),
            help="tpe learns from trials; qmc is a list that no result changes.",
        ),
    ] = "tpe",
    pruning: Annotated[bool, typer.Option(help="Stop trials that fall behind.")] = True,
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Trials side by side. [default: all cores]")
    ] = os.cpu_count() or 1,
    storage: Annotated[
        str | None, typer.Option(metavar="URL", help="Database for several machines. [default: a file in build/tune/]")
    ] = None,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="[default: named by the options]")] = None,
    apply: Annotated[bool, typer.Option(help="Write the best settings into params.yaml at the end.")] = False,
) -> None:
    """Search the settings of the fine-tuning on inner folds alone, into build/tune/; a stopped study goes on."""
    from paraisite import search
    from paraisite.tuning.options import SearchOptions

    options = SearchOptions(
        protocol=protocol,
        n_trial=trials,
        epochs=epochs,
        sampler=sampler,
        pruning=pruning,
        n_process=processes,
        storage=storage,
        study=study,
        apply=apply,
    )
    search.tune(recipe, options)


@app.command()
def label(
    tier: Annotated[str, typer.Argument(parser=_one_of(TIERS), metavar="|".join(TIERS), help="What to label.")],
    processes: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes side by side, one thread each. [default: all cores]")
    ] = os.cpu_count() or 1,
    keep: Annotated[
        bool, typer.Option(help="Put finished parts into the DVC store every half hour and at the end.")
    ] = True,
    dataset: FinalDataset = "togo15",
) -> None:
    """Compute labels with a machine-learned potential into build/labels/: hours; a killed run goes on."""
    from paraisite import labelling

    labelling.label(tier, n_process=processes, keep=keep, dataset=dataset)


@app.command()
def lab() -> None:
    """Make the lab tables in build/lab/ of the labels in build/labels/."""
    from paraisite import lab_set

    lab_set.assemble_lab()


@app.command()
def check(
    what: Annotated[str, typer.Argument(parser=_one_of(CHECKED), metavar="|".join(CHECKED), help="What to check.")],
) -> None:
    """Compare a tier's conductivities, or the lab's formation energies, with known ones, into build/check_…/."""
    if what == "formation_energy":
        from paraisite import pretrained

        pretrained.check_formation_energy()
    else:
        from paraisite import lab_set

        lab_set.check(what)


@app.command()
def ship(
    model: Annotated[str, typer.Argument(parser=_one_of(SHIPPED), metavar="|".join(SHIPPED), help="Which model.")],
) -> None:
    """Copy a model that was trained here to weights/, beside the figures of the one that it replaces."""
    from paraisite import shipping

    shipping.ship(model)


app.command()(predict)


@app.command()
def version() -> None:
    """Print this version and those of the packages that results depend on."""
    typer.echo(f"paraisite {paraisite.__version__}")
    for package in ("tensorflow", "numpy", "pymatgen", "mlflow", "dvc"):
        try:
            typer.echo(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            typer.echo(f"{package} is not installed")
