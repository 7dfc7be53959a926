"""Recipes and lineages as data."""

import dataclasses

import pytest

from paraisite.config import load_config
from paraisite.data.sources import lab_tables
from paraisite.errors import ConfigError
from paraisite.training.recipes import (
    AFLOW,
    FINAL_DATASETS,
    KAPPA_TIER,
    RECIPES,
    SLACK,
    InitialWeights,
    Lineage,
    Recipe,
    describe_scale,
    find_final_recipe,
    find_lineage,
    find_recipe,
    list_lineage_models,
    read_lineage,
    starts_another_recipe,
)
from tests.pipeline import LINEAGES, ROOT

OF_THE_PAPER = {AFLOW, InitialWeights.FORMATION_ENERGY}
OF_THE_LAB = {SLACK, InitialWeights.LAB_FORMATION_ENERGY}


def ancestry(recipe: Recipe) -> set[object]:
    """Return the weights that a model descends from and all data sets on the way."""
    above = ancestry(recipe.start) if isinstance(recipe.start, Recipe) else {recipe.start}
    return above | {recipe.train_on}


def test_no_model_mixes_the_lineages():
    for recipe in RECIPES.values():
        assert not (ancestry(recipe) & OF_THE_PAPER and ancestry(recipe) & OF_THE_LAB), recipe.name


def test_recipes_train_on_tiers_by_their_tables_names():
    assert {SLACK, KAPPA_TIER} == set(lab_tables.SOURCES)
    assert lab_tables.KAPPA_TIER == KAPPA_TIER


def test_models_of_approximate_conductivities_say_so():
    for recipe in RECIPES.values():
        scale = describe_scale(recipe.name.lower())
        assert (scale is not None) == (recipe.train_on in {AFLOW, SLACK}), recipe.name
    assert "AFLOW" in str(describe_scale("FEAF"))
    assert describe_scale("models/mine.ensemble") is None


def test_a_name_tells_the_lineage():
    for recipe in RECIPES.values():
        marked = any(part in recipe.name for part in ("LAB", "LFE"))
        assert marked == bool(ancestry(recipe) & OF_THE_LAB), recipe.name


def test_a_lineage_is_found_by_its_name_in_the_settings():
    config = load_config(ROOT / "params.yaml")
    assert find_lineage("paper", config).middle == RECIPES["FEAF"]
    with pytest.raises(ConfigError, match="lineage: expected one of lab, paper, found 'aflow'"):
        find_lineage("aflow", config)


def test_no_two_recipes_share_start_and_data():
    assert len({(recipe.start, recipe.train_on) for recipe in RECIPES.values()}) == len(RECIPES)
    assert all(name == recipe.name for name, recipe in RECIPES.items())


@pytest.mark.parametrize("dataset", FINAL_DATASETS)
@pytest.mark.parametrize("lineage", LINEAGES.values(), ids=lambda lineage: lineage.name)
def test_all_six_models_exist_in_both_lineages(lineage: Lineage, dataset: str):
    starts = (InitialWeights.RANDOM, lineage.pretrained, lineage.middle_from_random, lineage.middle)
    assert len({find_final_recipe(start, dataset).name for start in starts}) == 4
    assert lineage.middle.start is lineage.pretrained
    assert lineage.middle_from_random.start is InitialWeights.RANDOM
    assert lineage.middle.train_on == lineage.middle_from_random.train_on


def test_a_recipe_ends_on_a_users_data_by_its_name():
    recipe = find_recipe("felab_my-data")
    assert (
        recipe == find_final_recipe(RECIPES["FELAB"], "my-data") == Recipe("FELAB_MY-DATA", RECIPES["FELAB"], "my-data")
    )
    assert find_recipe("FEAFTG15") is find_recipe("feaftg15") is RECIPES["FEAFTG15"]
    assert not any("_" in name for name in RECIPES)
    for name in ("FEAFTG16", "XX_MINE", "FEAF_", "_MINE", ""):
        with pytest.raises(ConfigError, match=r"unknown recipe .* e\.g\. LFE_MINE"):
            find_recipe(name)


def test_the_paper_keeps_its_names():
    assert find_final_recipe(LINEAGES["paper"].middle, "togo15").name == "FEAFTG15"
    assert RECIPES["FEAFTG15"].published_mape == 0.28
    assert RECIPES["FELABTG15"].published_mape is None


def test_a_lineage_is_what_params_yaml_says():
    assert LINEAGES["paper"] == Lineage("paper", InitialWeights.FORMATION_ENERGY, RECIPES["RWAF"], RECIPES["FEAF"])
    assert LINEAGES["lab"] == Lineage("lab", InitialWeights.LAB_FORMATION_ENERGY, RECIPES["RWLAB"], RECIPES["FELAB"])


def test_a_lineage_trains_two_stages_and_what_they_are_compared_with():
    names = {part: recipe.name for part, recipe in list_lineage_models(LINEAGES["paper"]).items()}
    assert names == {
        "second_stage_from_random": "RWAF",
        "second_stage": "FEAF",
        "random": "RWTG15",
        "formation_energy": "FETG15",
        "without_formation_energy": "RWAFTG15",
        "two_stages": "FEAFTG15",
    }


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("nonsense", "lineages: lab: models: second_stage: expected the name of a recipe, found 'nonsense'$"),
        (
            "felabkappa",
            "expected a recipe that starts from formation energies, found felabkappa, which starts from FELAB",
        ),
    ],
)
def test_a_lineage_of_unfit_models_is_refused(model: str, message: str):
    chosen = load_config(ROOT / "params.yaml").lineage
    with pytest.raises(ConfigError, match=message):
        read_lineage(dataclasses.replace(chosen, models=dataclasses.replace(chosen.models, second_stage=model)))


def test_a_recipe_may_go_by_way_of_the_labels_from_phonons():
    assert RECIPES["FELABKAPPA"].start is RECIPES["FELAB"]
    assert RECIPES["LFEKAPPA"].start is InitialWeights.LAB_FORMATION_ENERGY
    assert {RECIPES[name].train_on for name in ("FELABKAPPATG15", "LFEKAPPATG15", "FELABTG15")} == {"togo15"}


def test_members_are_kept_where_another_recipe_needs_them():
    assert starts_another_recipe(RECIPES["FELABKAPPA"])
    assert not starts_another_recipe(RECIPES["FELABTG15"])
