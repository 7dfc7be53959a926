"""Groups of test rows: their MAPE by hand, paired over splits or over materials, and no number for few of them."""

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.shared_materials import NOTHING, POLYMORPH, STRUCTURE
from paraisite.evaluation.leakage import compare_relations, compare_same_materials
from paraisite.metrics.paired_tests import compare_paired


def errors(of_groups: dict[str, list[float]], *, seed: int, first_row: int = 0, model: str = "m") -> pd.DataFrame:
    """Return one split's errors, rows numbered from ``first_row``."""
    pairs = [(relation, error) for relation, values in of_groups.items() for error in values]
    columns = {"model": model, "split_seed": seed, "row": np.arange(first_row, first_row + len(pairs))}
    return pd.DataFrame(columns | {"relation": [relation for relation, _ in pairs]}).assign(
        absolute_percentage_error=[error for _, error in pairs]
    )


def line(lines: pd.DataFrame, relation: str) -> pd.Series:
    (found,) = [row for _, row in lines[lines["relation"] == relation].iterrows()]
    return found


def test_groups_that_all_splits_hold_are_paired_over_the_splits() -> None:
    of_splits = [([0.1] * 5, [0.3] * 5), ([0.2] * 5, [0.5] * 5), ([0.1] * 5, [0.6] * 5)]
    table = pd.concat(
        [
            errors({POLYMORPH: shared, NOTHING: others}, seed=seed, first_row=10 * seed)
            for seed, (shared, others) in enumerate(of_splits, start=1)
        ]
    )
    found = compare_relations(table, 50)
    shared = line(found, POLYMORPH)
    assert (shared["n_row"], shared["n_total"], shared["n_material"]) == (15, 30, 15)
    assert shared["mape"] == pytest.approx(0.4 / 3)
    assert shared["mape_beside"] == pytest.approx(1.4 / 3)
    assert shared["difference"] == pytest.approx(-1.0 / 3)
    index = [1, 2, 3]
    expected = compare_paired(
        pd.Series([0.1, 0.2, 0.1], index), pd.Series([0.3, 0.5, 0.6], index), n_test_over_n_train=10 / 40
    )
    assert shared["p_value"] == pytest.approx(expected.p_two_sided)
    assert (shared["difference_low"], shared["difference_high"]) == pytest.approx(
        (expected.interval_low, expected.interval_high)
    )
    assert shared["how"] == "3 splits"
    assert line(found, NOTHING)["mape"] == pytest.approx(1.4 / 3)
    assert line(found, STRUCTURE)["how"] == "no row"


def test_groups_in_different_splits_are_compared_over_their_materials() -> None:
    rng = np.random.default_rng(3)
    shared, others = rng.uniform(0.1, 0.3, 30), rng.uniform(0.4, 0.6, 20)
    table = pd.concat(
        [errors({STRUCTURE: list(shared)}, seed=1), errors({NOTHING: list(others)}, seed=2, first_row=30)]
    )
    found = line(compare_relations(table, 50), STRUCTURE)
    assert found["difference"] == pytest.approx(shared.mean() - others.mean())
    deviation = np.sqrt(shared.var() / 30 + others.var() / 20)
    assert found["difference_low"] == pytest.approx(found["difference"] - 1.96 * deviation, abs=0.2 * deviation)
    assert found["difference_high"] == pytest.approx(found["difference"] + 1.96 * deviation, abs=0.2 * deviation)
    assert np.isnan(found["p_value"])
    assert found["how"] == "30 and 20 materials"


def test_few_materials_get_no_number_however_often_they_are_tested() -> None:
    table = pd.concat([errors({STRUCTURE: [0.1] * 4, NOTHING: [0.2] * 6}, seed=seed) for seed in (1, 2, 3)])
    found = line(compare_relations(table, 50), STRUCTURE)
    assert (found["n_row"], found["n_material"]) == (12, 4)
    assert np.isnan(found["mape"])
    assert found["how"] == "only 4 materials"


def test_without_others_to_compare_with_a_group_says_so() -> None:
    table = errors({STRUCTURE: [0.1] * 9, NOTHING: [0.2] * 4}, seed=1)
    found = compare_relations(table, 50)
    shared = line(found, STRUCTURE)
    assert shared["mape"] == pytest.approx(0.1)
    assert shared["how"] == "only 4 materials share nothing"
    assert shared[["difference", "mape_beside", "p_value"]].isna().all()


def test_the_same_materials_are_paired_between_protocols() -> None:
    here = errors({POLYMORPH: [0.1, 0.2, 0.1, 0.2, 0.1, 0.2], NOTHING: [0.5] * 6}, seed=1)
    there = here.assign(split_seed=7, absolute_percentage_error=here["absolute_percentage_error"] + 0.3)
    there = there[there["row"] != 0].drop(columns="relation")  # one was never tested there
    other_model = there.assign(model="another", absolute_percentage_error=9.0)
    found = compare_same_materials(here, pd.concat([there, other_model]), beside="elsewhere")
    for relation, mape, n_material in ((POLYMORPH, 0.16, 5), (NOTHING, 0.5, 6)):
        moved = line(found, relation)
        assert moved["mape"] == pytest.approx(mape)
        assert moved["mape_beside"] == pytest.approx(mape + 0.3)
        assert moved["difference"] == pytest.approx(-0.3)
        assert (moved["beside"], moved["how"]) == ("elsewhere", f"{n_material} materials")
