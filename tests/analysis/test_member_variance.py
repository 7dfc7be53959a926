"""How far members disagree, step by step."""

import pytest

from paraisite.analysis.member_variance import compare_member_variances, count_trainings, summarise_member_variances
from paraisite.analysis.model_predictions import ModelPredictions
from tests.analysis.planted_correlations import planted

VARIANCE = "var_pTC_w2_per_m2_k2"


@pytest.mark.parametrize(
    ("model", "step"), [("RWTG15", 1), ("LFETG15", 2), ("RWLABTG15", 2), ("FEAFTG15", 3), ("FELABKAPPATG15", 4)]
)
def test_a_step_counts_the_trainings_one_from_the_other(model: str, step: int) -> None:
    assert count_trainings(model) == step


def test_what_is_no_recipe_has_no_step() -> None:
    table = summarise_member_variances([ModelPredictions("mine", planted()[0].quantities, planted()[0].descriptors)])
    assert table["step"].isna().all()


def test_quantiles_are_those_of_each_model() -> None:
    found = planted()
    row = summarise_member_variances(found).set_index("model").loc["LFETG15"]
    expected = found[1].quantities[VARIANCE]
    assert row["median"] == pytest.approx(expected.median())
    assert (row["n"], row["step"], row["q95"]) == (60, 2, pytest.approx(expected.quantile(0.95)))


def test_a_planted_ratio_of_variances_is_found() -> None:
    (row,) = compare_member_variances(planted()).to_dict("records")
    assert (row["model"], row["reference"], row["quantity"]) == ("LFETG15", "RWTG15", VARIANCE)
    assert row["ratio_low"] < row["median_ratio"] < row["ratio_high"]
    assert row["median_ratio"] == pytest.approx(1 / 9, rel=0.1)
    assert row["share_lower"] == 1.0
    assert row["p_holm"] == row["p"] < 1e-6


def test_models_that_share_two_crystals_are_not_compared() -> None:
    assert compare_member_variances(planted(2)).empty
