"""Names of models in words."""

import pytest

from paraisite.training.model_descriptions import describe_model
from paraisite.training.recipes import RECIPES


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "FEAFTG15",
            ("MEGNet's published formation energies and is trained on AFLOW's AGL conductivities", "then on Togo15"),
        ),
        ("RWTG15", ("starts from random weights and is trained on Togo15",)),
        (
            "FELABKAPPATG15",
            ("own formation energies and is trained on", "slack), then on", "kappa), then on Togo15"),
        ),
        ("LFE", ("one member, trained on the project's own formation energies",)),
        ("GPACCURATE", ("one Gaussian process", "the default model")),
        ("GPTG15", ("mixtures of Gaussian processes", "Togo15")),
        ("GP_MINE", ("one Gaussian process like GPACCURATE", "its rows and the data set mine")),
        ("FEAF_MINE", ("is trained on AFLOW's AGL conductivities", "then on the data set mine")),
        ("anything else", ("a model of the user's",)),
    ],
)
def test_a_name_is_expanded(name: str, words: tuple[str, ...]) -> None:
    text = describe_model(name)
    assert text.startswith(f"{name}: ")
    assert [each for each in words if each not in text] == []


def test_every_recipe_has_a_description_of_its_own() -> None:
    assert len({describe_model(name).partition(": ")[2] for name in RECIPES}) == len(RECIPES)
