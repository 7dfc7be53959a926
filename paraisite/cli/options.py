"""Values and parsers of the verbs' arguments, and the options that several verbs share."""

import math
import os
from collections.abc import Callable
from typing import Annotated, Final, Literal

import typer

from paraisite.errors import ConfigError
from paraisite.training.recipes import AFLOW, FINAL_DATASETS, KAPPA_TIER, LFE, PHONIX, RECIPES, SLACK, find_recipe

AS_IN_PARAMS: Final = "params.yaml"
"""What may be given for a setting instead of a value, which then is that of this file."""

EARLIER_STAGES: Final = "earlier-stages"
"""What the entry point of MLproject passes to overlap for training sets that were not given."""

ALL: Final = "all"
"""What `screen` takes for every final model of the lineage."""

DATASETS: Final = (*FINAL_DATASETS, AFLOW, SLACK, KAPPA_TIER)
FETCHED: Final = (AFLOW, "materials_project", PHONIX)
UNITS: Final = ("W/m/K", "mW/m/K", "W/cm/K", "mW/cm/K")
CHECKED: Final = ("slack", "kappa", "settings", "refined", "formation_energy", "textbook")
UNCLEAN: Final = (
    "paper",
    "paper-last",
    "honest",
    "grouped",
    "leave-one-prototype-out",
    "space-group",
    "structure-type",
    "benchmark",
)
PROTOCOLS: Final = (*UNCLEAN, *(f"{name}-clean" for name in UNCLEAN))
DRAWN: Final = (
    "parity", "interval-coverage", "element-map", "learning-curves", "mape", "periodic-table", "transfer", "backbones",
    "distribution", "correlations", "variance-by-stage", "clusters",
)  # fmt: skip
TUNED: Final = ("honest", "grouped")
SAMPLERS: Final = ("tpe", "qmc")
SHIPPED: Final = (LFE, *RECIPES)
ACQUISITIONS: Final = ("expected-improvement", "uncertainty", "mean", "random")
CALCULATORS: Final[dict[str, tuple[Literal["vasp", "qe"], ...]]] = {
    "vasp": ("vasp",),
    "qe": ("qe",),
    "both": ("vasp", "qe"),
}
PRETRAINED: Final = ("formation_energy", "log_bulk", "log_shear", "all")


def one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser that knows these names, in whatever case."""

    def parse(text: str) -> str:
        by_lower_case = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_lower_case:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}")
        return by_lower_case[text.lower()]

    return parse


def list_choices(choices: tuple[str, ...], *more: str) -> str:
    """Return names as help lists them: "a, b or c"; a metavar of many is broken within words at 80 columns."""
    *others, last = (*choices, *more)
    return f"{', '.join(others)} or {last}"


def dataset_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    """Return a parser that knows these names and those of imported data sets."""

    def parse(text: str) -> str:
        from paraisite.data.datasets.imported import list_imported_names

        try:
            return one_of((*choices, *list_imported_names()))(text)
        except typer.BadParameter as error:
            raise typer.BadParameter(f"{error}; `python -m paraisite data import NAME FOLDER` adds yours") from error

    return parse


def earlier_stages_or(known: Callable[[str], str]) -> Callable[[str], str | None]:
    """Return a parser that leaves the choice to params.yaml where it, or the lineage's earlier stages, is named."""
    return lambda text: None if text in (EARLIER_STAGES, AS_IN_PARAMS) else known(text)


def recipe_name(text: str) -> str:
    """Return the name of a recipe as it is spelled."""
    try:
        return find_recipe(text).name
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error


def whole_number(minimum: int) -> Callable[[str], int | None]:
    """Return a parser of whole numbers; None leaves the choice to params.yaml."""

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


def positive_number(text: str) -> float | None:
    """Return a positive number; None leaves the choice to params.yaml."""
    if text == AS_IN_PARAMS:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise typer.BadParameter(f"{text!r} is neither a positive number nor {AS_IN_PARAMS!r}")
    return value


def elements_of(text: str) -> tuple[str, ...]:
    """Return the elements of a list such as "Ag,Cl"."""
    from paraisite.data.validation import ELEMENTS

    symbols = tuple(part.strip() for part in text.split(",") if part.strip())
    if unknown := [symbol for symbol in symbols if symbol not in ELEMENTS]:
        raise typer.BadParameter(f"{unknown[0]!r} is not an element")
    return symbols


def percentage(choices: tuple[int, ...]) -> Callable[[str], float]:
    """Return a parser of one of some percentages, as a share."""
    return lambda text: int(one_of(tuple(map(str, choices)))(text.rstrip("% "))) / 100


def named_value(text: str) -> tuple[str, float]:
    """Return name and number of a text such as "band_gap=0.5"."""
    name, equals, value = text.partition("=")
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not (name and equals and math.isfinite(number)):
        raise typer.BadParameter(f"{text!r} is not COLUMN=VALUE with a number")
    return name.strip(), number


def renamed_column(text: str) -> tuple[str, str]:
    """Return field and column of a text such as "kappa=klat"."""
    name, equals, column = text.partition("=")
    if not (name.strip() and equals and column.strip()):
        raise typer.BadParameter(f"{text!r} is not FIELD=COLUMN")
    return name.strip(), column.strip()


_YOURS: Final = "one of yours"

N_CORE: Final = os.cpu_count() or 1
Processes = Annotated[
    int, typer.Option(min=1, metavar="N", show_default="all cores", help="Parallel processes, one thread each.")
]
ChunkSize = Annotated[int, typer.Option(min=1, metavar="N", help="Rows per chunk.")]
MaxMinutes = Annotated[
    float | None,
    typer.Option(
        "--max-minutes",
        min=0.0,
        metavar="N",
        help="With --refine: leave out crystals whose phonons are estimated to take longer on one core.",
    ),
]
Yes = Annotated[bool, typer.Option("--yes", help="With --refine: do not ask before computing.")]
FinalDataset = Annotated[
    str,
    typer.Option(
        "--dataset",
        parser=dataset_of(FINAL_DATASETS),
        metavar="DATASET",
        help=f"Data set of accurate conductivities: {list_choices(FINAL_DATASETS, _YOURS)}.",
    ),
]
AnyDataset = Annotated[
    str,
    typer.Argument(
        parser=dataset_of(DATASETS),
        metavar="DATASET",
        help=f"{list_choices(DATASETS, _YOURS)}; see `data list`.",
    ),
]
TestDataset = Annotated[
    str,
    typer.Argument(
        parser=dataset_of(DATASETS),
        metavar="TEST",
        help=f"Test set: {list_choices(DATASETS, _YOURS)}; see `data list`.",
    ),
]
ListedDataset = Annotated[
    str,
    typer.Argument(
        parser=dataset_of((*DATASETS, FETCHED[1])),
        metavar="DATASET",
        help=f"{list_choices((*DATASETS, FETCHED[1]), _YOURS)}; see `data list`.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(parser=whole_number(1), metavar="N", help="Epochs. [default: params.yaml]"),
]
BatchSize = Annotated[
    int | None,
    typer.Option(parser=whole_number(1), metavar="N", help="Crystals per step, of each member. [default: params.yaml]"),
]
LearningRate = Annotated[
    float | None,
    typer.Option(parser=positive_number, metavar="RATE", help="Initial learning rate of Adam. [default: params.yaml]"),
]
Seed = Annotated[
    int | None,
    typer.Option(
        parser=whole_number(0),
        metavar="N",
        help="Seed of initial weights and of the order of rows. [default: params.yaml]",
    ),
]
LineageName = Annotated[
    str,
    typer.Option(
        "--lineage",
        metavar="paper|lab",
        help="By way of MEGNet's formation energies and AFLOW, or of the project's own labels; where an input of the "
        "former is missing, a model of the latter takes its model's place.",
    ),
]


def overrides(
    epochs: int | None, batch_size: int | None, learning_rate: float | None, seed: int | None
) -> dict[str, int | float]:
    """Return the settings that were given, by their names in params.yaml's training section."""
    given = {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "seed": seed}
    return {name: value for name, value in given.items() if value is not None}
