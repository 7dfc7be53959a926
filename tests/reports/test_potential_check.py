"""A prediction beside a potential's conductivity."""

from typing import Any

from paraisite.reports.potential_check import check_table

PREDICTED: dict[str, Any] = {
    "value": 66.2, "lower_80": 30.0, "upper_80": 146.0, "out_of_domain_flag": True, "nearest": [{"distance": 1.2}],
}  # fmt: skip
ASKED = {"kappa_potential_w_per_m_k": 50.04, "lowest_frequency_thz": -1.234, "warnings": ["imaginary phonon"]}


def test_each_source_has_a_row() -> None:
    table = check_table({"predicted": PREDICTED, "potential": ASKED, "known": 66.069})
    assert table["kappa (W/m/K)"].to_dict() == {"model": "66.2", "potential": "50", "Togo15": "66.1"}
    assert table["remarks"]["model"] == "80%: 30 to 146; outside the applicability domain"
    assert table["remarks"]["potential"] == "lowest phonon -1.23 THz; imaginary phonon"


def test_the_refined_value_stands_beside_or_why_there_is_none() -> None:
    refined = {
        "refined_reason": None, "refined_kappa_w_per_m_k": 58.4,
        "refined_lower_80_w_per_m_k": 44.0, "refined_upper_80_w_per_m_k": 77.0,
    }  # fmt: skip
    check = {"predicted": PREDICTED, "potential": ASKED, "refined": refined, "known": None}
    assert check_table(check).loc["both"].tolist() == ["58.4", "80%: 44 to 77; refined"]
    check["refined"] = {"refined_reason": "imaginary phonon"}
    assert check_table(check).loc["both"].tolist() == ["–", "not refined: imaginary phonon"]


def test_what_was_not_asked_or_is_not_known_has_none() -> None:
    assert list(check_table({"predicted": PREDICTED, "known": None}).index) == ["model"]


def test_a_crystal_of_the_training_set_is_no_test() -> None:
    trained_on = PREDICTED | {"nearest": [{"distance": 1e-6}]}
    assert check_table({"predicted": trained_on, "known": None})["remarks"]["model"].endswith("in the training set")


def test_a_model_without_a_reference_has_no_interval() -> None:
    plain = {"value": 1.0, "lower_80": None, "upper_80": None, "out_of_domain_flag": None, "nearest": None}
    assert check_table({"predicted": plain, "known": None})["remarks"]["model"] == "no interval"
