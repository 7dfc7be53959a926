"""The models as data: what each one starts from and what it trains on.

Two lineages share one shape. ``paper`` goes from MEGNet's formation energies to AFLOW's conductivities to Togo15;
``lab`` does the same with the project's own formation energies and labels. A name tells its lineage: LFE are the lab's
formation energies, LAB its tier ``slack``, KAPPA its tier ``kappa``.

Source of ``paper``: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D.
"""

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from paraisite.errors import ConfigError

if TYPE_CHECKING:  # the command line lists recipes, and needs no pydantic for it
    from paraisite.config import Config, LineageConfig


class InitialWeights(Enum):
    """Initial weights that no recipe of ours has trained."""

    RANDOM = "random"
    FORMATION_ENERGY = "formation_energy"
    BAND_GAP = "band_gap"
    BULK_MODULUS = "bulk_modulus"
    SHEAR_MODULUS = "shear_modulus"
    LAB_FORMATION_ENERGY = "lab_formation_energy"
    LAB_BULK_MODULUS = "lab_bulk_modulus"
    LAB_SHEAR_MODULUS = "lab_shear_modulus"
    LAB_ALL = "lab_all"


@dataclass(frozen=True)
class Recipe:
    """One model.

    Attributes:
        name: Name of the run, of the registered model and of the stage (in lower case).
        start: Initial weights, or the recipe whose member k member k starts from.
        train_on: Name of the data set.
        published_mape: Mean over the nine splits as published (in the published convention), or None.
    """

    name: str
    start: "InitialWeights | Recipe"
    train_on: str
    published_mape: float | None = None


@dataclass(frozen=True)
class Lineage:
    """What the stages before the final one are: one of the ``lineages`` of ``params.yaml``.

    Attributes:
        name: As ``params.yaml`` names it.
        pretrained: Weights of the first stage.
        middle_from_random: The second stage without the first.
        middle: The second stage.
    """

    name: str
    pretrained: InitialWeights
    middle_from_random: Recipe
    middle: Recipe


TOGO15: Final = "togo15"
HH143: Final = "hh143"
MIX: Final = "mix"
PHONIX: Final = "phonix"
AFLOW: Final = "aflow"
SLACK: Final = "slack"
KAPPA_TIER: Final = "kappa"

ACCURATE: Final = "accurate"
"""All of them together: what the default model is fitted on."""

_APPROXIMATE: Final = {AFLOW: "AFLOW's Debye model (AGL)", SLACK: "Slack's expression (tier slack)"}
"""Data sets whose conductivities a formula gives."""

FINAL_DATASETS: Final = (TOGO15, HH143, MIX, PHONIX, ACCURATE)
"""Data sets of the project that a model may end on, as it may on any that a user has imported."""

PAPER: Final = "paper"
"""The lineage that the paper's steps train unless told otherwise."""

LAB: Final = "lab"
"""The lineage that needs nothing which is not in the repository."""

LFE: Final = "LFE"
"""The project's own network for formation energies: no recipe, but what recipes of lineage lab start from."""

RWAF: Final = Recipe("RWAF", InitialWeights.RANDOM, AFLOW, published_mape=0.60)
FEAF: Final = Recipe("FEAF", InitialWeights.FORMATION_ENERGY, AFLOW, published_mape=0.49)
RWLAB: Final = Recipe("RWLAB", InitialWeights.RANDOM, SLACK)
FELAB: Final = Recipe("FELAB", InitialWeights.LAB_FORMATION_ENERGY, SLACK)
LFEKAPPA: Final = Recipe("LFEKAPPA", InitialWeights.LAB_FORMATION_ENERGY, KAPPA_TIER)
FELABKAPPA: Final = Recipe("FELABKAPPA", FELAB, KAPPA_TIER)
FEAFKAPPA: Final = Recipe("FEAFKAPPA", FEAF, KAPPA_TIER)

_MIDDLE: Final = (RWAF, FEAF, RWLAB, FELAB, LFEKAPPA, FELABKAPPA, FEAFKAPPA)
_STARTS: Final[dict[str, InitialWeights | Recipe]] = {
    "RW": InitialWeights.RANDOM,
    "FE": InitialWeights.FORMATION_ENERGY,
    LFE: InitialWeights.LAB_FORMATION_ENERGY,
    **{recipe.name: recipe for recipe in (FEAF, RWAF, FELAB, RWLAB, LFEKAPPA, FELABKAPPA, FEAFKAPPA)},
}
_SUFFIXES: Final = {TOGO15: "TG15", HH143: "HH143", MIX: "MIX", PHONIX: "PHONIX", ACCURATE: "ACCURATE"}
_PUBLISHED: Final = {"RWTG15": 0.55, "FETG15": 0.53, "FEAFTG15": 0.28}


def name_final_recipe(prefix: str, dataset: str) -> str:
    """Return the name of a model that ends on a data set, be it a user's: e.g. FEAFTG15, FEAF_MINE."""
    return prefix + _SUFFIXES[dataset] if dataset in _SUFFIXES else f"{prefix}_{dataset.upper()}"


def _final(prefix: str, start: "InitialWeights | Recipe", data: str) -> Recipe:
    name = name_final_recipe(prefix, data)
    return Recipe(name, start, data, published_mape=_PUBLISHED.get(name))


RECIPES: Final[dict[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        *_MIDDLE,
        *(_final(prefix, start, data) for data in FINAL_DATASETS for prefix, start in _STARTS.items()),
    )
}
"""All recipes by name: those that others start from, then RWTG15, FETG15, …, and the same on the other final sets."""


def find_final_recipe(start: "InitialWeights | Recipe", dataset: str) -> Recipe:
    """Return the recipe that ends on this data set and starts from these weights.

    One that ends on a user's data set is named by both, e.g. FEAF_MINE.
    """
    if dataset in FINAL_DATASETS:
        return next(recipe for recipe in RECIPES.values() if recipe.start == start and recipe.train_on == dataset)
    prefix = next(prefix for prefix, known in _STARTS.items() if known == start)
    return Recipe(name_final_recipe(prefix, dataset), start, dataset)


def list_recipes_trained_on(dataset: str) -> tuple[Recipe, ...]:
    """Return all recipes that train on a data set, be it a user's."""
    known = tuple(recipe for recipe in RECIPES.values() if recipe.train_on == dataset)
    return known or tuple(find_final_recipe(start, dataset) for start in _STARTS.values())


def list_training_sets(recipe: Recipe) -> tuple[str, ...]:
    """Return the data sets with conductivities that a recipe's members were trained on, the earliest first."""
    earlier = list_training_sets(recipe.start) if isinstance(recipe.start, Recipe) else ()
    return (*earlier, recipe.train_on)


def describe_scale(name: str) -> str | None:
    """Return a sentence on whose scale the values of a recipe are that trains on approximate ones only, else None."""
    recipe = RECIPES.get(name.upper())
    if recipe is None or (source := _APPROXIMATE.get(recipe.train_on)) is None:
        return None
    return (
        f"{recipe.name} is trained on {source}, approximate conductivities: its values are to be compared with those, "
        "not with accurate ones, from which they differ by several times"
    )


def find_recipe(name: str) -> Recipe:
    """Return a recipe by its name, whatever the case; one that ends on a user's data set among them.

    Raises:
        ConfigError: There is none.
    """
    if found := RECIPES.get(name.upper()):
        return found
    prefix, _, dataset = name.partition("_")
    if prefix.upper() not in _STARTS or not dataset:
        raise ConfigError(
            f"unknown recipe {name!r}; known ones are {', '.join(RECIPES)}, "
            f"and {', '.join(_STARTS)} with the name of a data set of yours behind, e.g. {LFE}_MINE"
        )
    return find_final_recipe(_STARTS[prefix.upper()], dataset.lower())


def read_lineage(chosen: "LineageConfig") -> Lineage:
    """Return the stages of a lineage as recipes.

    Raises:
        ConfigError: A model of it is no recipe, or its second stage starts from another recipe.
    """
    models = chosen.models
    second = _find_part(chosen, "second_stage")
    if isinstance(second.start, Recipe):
        raise ConfigError(
            f"params.yaml: lineages: {chosen.name}: models: second_stage: expected a recipe that starts from formation "
            f"energies, found {models.second_stage}, which starts from {second.start.name}"
        )
    return Lineage(
        chosen.name,
        pretrained=second.start,
        middle_from_random=_find_part(chosen, "second_stage_from_random"),
        middle=second,
    )


def find_lineage(name: str, config: "Config") -> Lineage:
    """Return the lineage that ``params.yaml`` has under a name.

    Raises:
        ConfigError: It has none.
    """
    if name not in config.lineages:
        raise ConfigError(f"lineage: expected one of {', '.join(config.lineages)}, found {name!r}")
    return read_lineage(config.lineages[name])


def _find_part(chosen: "LineageConfig", key: str) -> Recipe:
    name: str = getattr(chosen.models, key)
    try:
        return find_recipe(name)
    except ConfigError as error:
        raise ConfigError(
            f"params.yaml: lineages: {chosen.name}: models: {key}: expected the name of a recipe, found {name!r}"
        ) from error


PARTS: Final = (
    "second_stage_from_random",
    "second_stage",
    "random",
    "formation_energy",
    "without_formation_energy",
    "two_stages",
)
"""What the models of a lineage are in a comparison with Togo15 at the end."""


def list_lineage_models(lineage: Lineage) -> dict[str, Recipe]:
    """Return what a lineage trains, by its part (``PARTS``)."""

    def on_togo15(start: "InitialWeights | Recipe") -> Recipe:
        return find_final_recipe(start, TOGO15)

    models = (
        lineage.middle_from_random,
        lineage.middle,
        on_togo15(InitialWeights.RANDOM),
        on_togo15(lineage.pretrained),
        on_togo15(lineage.middle_from_random),
        on_togo15(lineage.middle),
    )
    return dict(zip(PARTS, models, strict=True))


def starts_another_recipe(recipe: Recipe) -> bool:
    """Return whether another recipe starts from this one's members."""
    return any(other.start == recipe for other in RECIPES.values())


SHIPPABLE: Final = (LFE, *(name for name, recipe in RECIPES.items() if starts_another_recipe(recipe)))
"""Models that others start from, which the project may ship."""
