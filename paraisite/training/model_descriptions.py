"""What a model's name stands for, in words: what it starts from, what it is trained on, what it ends on."""

from typing import Final

from paraisite import DEFAULT_MODEL
from paraisite.errors import ConfigError
from paraisite.training.pretrained_networks import BACKBONES, Backbone, Origin
from paraisite.training.recipes import (
    ACCURATE,
    AFLOW,
    HH143,
    KAPPA_TIER,
    MIX,
    PHONIX,
    SLACK,
    TOGO15,
    InitialWeights,
    Recipe,
    find_recipe,
    list_training_sets,
    name_final_recipe,
)

PROCESSES: Final = "GP"
"""Prefix of the names of models that are Gaussian processes: GPACCURATE, GPTG15, GP_MINE."""

_DATA_SETS: Final = {
    TOGO15: "Togo15 (95 accurate conductivities of rock salts, zinc blendes and wurtzites)",
    HH143: "HH143 (143 accurate conductivities of half-Heuslers)",
    MIX: "MIX (Togo15 and HH143)",
    PHONIX: "Phonix (accurate conductivities of hundreds of structure types)",
    ACCURATE: "all accurate conductivities (Togo15, HH143, Phonix)",
    AFLOW: "AFLOW's AGL conductivities (thousands, approximate)",
    SLACK: "the project's approximate conductivities (tier slack)",
    KAPPA_TIER: "the project's conductivities under a potential (tier kappa)",
}


def describe_data_set(name: str) -> str:
    """Return what a data set holds; one of a user's is named alone."""
    return _DATA_SETS.get(name, f"the data set {name}")


def describe_recipe(recipe: Recipe) -> str:
    """Return what a network starts from, what it is trained on meanwhile, and what it ends on."""
    first = recipe
    while isinstance(first.start, Recipe):
        first = first.start
    trained_on = ", then on ".join(map(describe_data_set, list_training_sets(recipe)))
    return f"starts from {_describe_start(first.start)} and is trained on {trained_on}"


def describe_model(name: str) -> str:
    """Return a sentence or two on a model, by its name; those of nobody's are said to be so.

    Args:
        name: Of a recipe, of Gaussian processes, or of a network that others start from.
    """
    if name.startswith(PROCESSES):
        return _describe_processes(name)
    backbone = next((each for each in BACKBONES.values() if each.name == name), None)
    if backbone is not None:
        return f"{name}: MEGNet, one member, trained on {_describe_target(backbone)}; networks for kappa start from it."
    try:
        recipe = find_recipe(name)
    except ConfigError:
        return f"{name}: a model of the user's."
    return f"{name}: an ensemble of MEGNet networks, one for each split, that {describe_recipe(recipe)}."


def _describe_start(start: InitialWeights | Recipe) -> str:
    if isinstance(start, Recipe):
        return start.name
    backbone = BACKBONES[start]
    return "random weights" if backbone.origin is Origin.RANDOM else _describe_target(backbone)


def _describe_target(backbone: Backbone) -> str:
    whose = "MEGNet's published" if backbone.origin is Origin.PUBLISHED else "the project's own"
    plural = {
        "formation energy": "formation energies",
        "band gap": "band gaps",
        "bulk modulus": "bulk moduli",
        "shear modulus": "shear moduli",
    }
    return f"{whose} {plural.get(backbone.target_property, 'formation energies, bulk and shear moduli')}"


def _describe_processes(name: str) -> str:
    if name == name_final_recipe(PROCESSES, ACCURATE):
        return (
            f"{name}: one Gaussian process on descriptors of composition and structure, fitted on "
            f"{describe_data_set(ACCURATE)}, and labels of our own; the default model, for any crystal."
        )
    known = (TOGO15, HH143, MIX, PHONIX)
    data = next((each for each in known if name == name_final_recipe(PROCESSES, each)), None)
    mixtures = "mixtures of Gaussian processes, one for each split"
    if data is None:
        own = describe_data_set(name.removeprefix(f"{PROCESSES}_").lower())
        return (
            f"{name}: one Gaussian process like {DEFAULT_MODEL}, fitted on its rows and {own}; where the latter was "
            f"fitted on alone, {mixtures}."
        )
    return (
        f"{name}: {mixtures}, fitted on {describe_data_set(data)}; networks' predictions are among their descriptors."
    )
