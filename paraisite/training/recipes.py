"""The paper's models as data: what each one starts from and what it trains on.

Source: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Start(Enum):
    """Initial weights that no recipe of ours has trained."""

    RANDOM = "random"
    FORMATION_ENERGY = "formation_energy"


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
    start: "Start | Recipe"
    train_on: str
    published_mape: float | None = None


TOGO15: Final = "togo15"
HH143: Final = "hh143"
MIX: Final = "mix"
AFLOW: Final = "aflow"

RWAF: Final = Recipe("RWAF", Start.RANDOM, AFLOW, published_mape=0.60)
FEAF: Final = Recipe("FEAF", Start.FORMATION_ENERGY, AFLOW, published_mape=0.49)

_SUFFIXES: Final = {TOGO15: "TG15", HH143: "HH143", MIX: "MIX"}
_PUBLISHED: Final = {"RWTG15": 0.55, "FETG15": 0.53, "FEAFTG15": 0.28}


def _final_stage(prefix: str, start: "Start | Recipe", data: str) -> Recipe:
    name = prefix + _SUFFIXES[data]
    return Recipe(name, start, data, published_mape=_PUBLISHED.get(name))


RECIPES: Final[dict[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        RWAF,
        FEAF,
        *(
            _final_stage(prefix, start, data)
            for data in _SUFFIXES
            for prefix, start in (
                ("RW", Start.RANDOM),
                ("FE", Start.FORMATION_ENERGY),
                ("FEAF", FEAF),
                ("RWAF", RWAF),
            )
        ),
    )
}
"""All recipes by name: RWAF, FEAF, then RWTG15, FETG15, FEAFTG15, RWAFTG15 and the same four on HH143 and MIX."""


def final_recipe(start: "Start | Recipe", dataset: str) -> Recipe:
    """Return the recipe that ends on this data set and starts from these weights."""
    return next(recipe for recipe in RECIPES.values() if recipe.start == start and recipe.train_on == dataset)
