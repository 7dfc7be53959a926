"""The paired comparison against SciPy and against the published correction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paraisite.errors import DataError
from paraisite.metrics.paired_tests import compare_models, compare_paired, correct_by_holm

RANDOM = np.random.default_rng(3)
REFERENCE = pd.Series(RANDOM.normal(0.5, 0.1, 9), index=range(1, 10))
CANDIDATE = REFERENCE - RANDOM.normal(0.05, 0.05, 9)


def test_without_correction_it_is_scipys_paired_t_test() -> None:
    found = compare_paired(CANDIDATE, REFERENCE, n_test_over_n_train=0.0)
    expected = stats.ttest_rel(CANDIDATE, REFERENCE)
    interval = expected.confidence_interval(0.95)
    assert found.t_statistic == pytest.approx(expected.statistic, rel=1e-12)
    assert found.p_two_sided == pytest.approx(expected.pvalue, rel=1e-12)
    assert found.p_lower == pytest.approx(stats.ttest_rel(CANDIDATE, REFERENCE, alternative="less").pvalue, rel=1e-12)
    assert (found.interval_low, found.interval_high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert found.effect_size == pytest.approx(expected.statistic / 3, rel=1e-12)


def test_correction_widens_the_standard_error_by_nadeau_and_bengios_factor() -> None:
    plain = compare_paired(CANDIDATE, REFERENCE, n_test_over_n_train=0.0)
    corrected = compare_paired(CANDIDATE, REFERENCE, n_test_over_n_train=0.25)
    assert corrected.t_statistic == pytest.approx(plain.t_statistic * np.sqrt((1 / 9) / (1 / 9 + 0.25)), rel=1e-12)
    assert corrected.p_lower > plain.p_lower
    assert corrected.effect_size == plain.effect_size


def test_splits_pair_by_seed_and_not_by_position() -> None:
    shuffled = REFERENCE.sample(frac=1.0, random_state=1)
    assert compare_paired(CANDIDATE, shuffled, n_test_over_n_train=0.25) == compare_paired(
        CANDIDATE, REFERENCE, n_test_over_n_train=0.25
    )


def test_a_split_without_a_value_is_left_out_and_counted() -> None:
    candidate = CANDIDATE.copy()
    candidate[4] = np.nan
    found = compare_paired(candidate, REFERENCE, n_test_over_n_train=0.25)
    assert found.n_pair == 8
    assert found.mean_difference == pytest.approx((CANDIDATE - REFERENCE).drop(4).mean())


def test_equal_values_are_no_difference_and_a_constant_shift_is_a_certain_one() -> None:
    equal = compare_paired(REFERENCE, REFERENCE, n_test_over_n_train=0.25)
    assert (equal.t_statistic, equal.effect_size, equal.p_two_sided, equal.p_lower) == (0.0, 0.0, 1.0, 0.5)
    ones = pd.Series(1.0, index=range(9))
    assert compare_paired(ones - 0.5, ones, n_test_over_n_train=0.25).p_lower == 0.0


@pytest.mark.parametrize(
    ("candidate", "message"),
    [
        (pd.Series([1.0, 2.0], index=[1, 2]), "needs the same splits"),
        (pd.Series([np.nan] * 8 + [1.0], index=range(1, 10)), "two splits with finite values, found 1"),
    ],
)
def test_comparisons_that_cannot_be_made_are_refused(candidate: pd.Series, message: str) -> None:
    with pytest.raises(DataError, match=message):
        compare_paired(candidate, REFERENCE, n_test_over_n_train=0.25)


def scores_of(**values: list[list[float]]) -> pd.DataFrame:
    """Return a scores table of models' MAPE by seed and split."""
    rows = [
        {"model": model, "seed": 42 + k, "split_seed": split, "mape_test": value}
        for model, of_seeds in values.items()
        for k, of_splits in enumerate(of_seeds)
        for split, value in enumerate(of_splits, start=1)
    ]
    return pd.DataFrame(rows)


def test_models_are_compared_with_the_best_by_their_means_over_seeds() -> None:
    scores = scores_of(good=[[0.3, 0.4, 0.35]], bad=[[0.5, 0.6, 0.8], [0.7, 0.6, 0.6]], near=[[0.32, 0.41, 0.36]])
    table = compare_models(scores, n_test_over_n_train=0.25)
    assert table.index.tolist() == ["bad", "near"]
    assert set(table["reference"]) == {"good"}
    index = pd.Index([1, 2, 3])
    expected = compare_paired(
        pd.Series([0.6, 0.6, 0.7], index), pd.Series([0.3, 0.4, 0.35], index), n_test_over_n_train=0.25
    )
    for name in ("mean_difference", "effect_size", "p_two_sided", "interval_low", "interval_high"):
        assert table.loc["bad", name] == pytest.approx(getattr(expected, name))
    p = table["p_two_sided"]
    assert table["p_holm"].to_dict() == pytest.approx({"bad": 2 * p["bad"], "near": max(2 * p["bad"], p["near"])})


def test_a_reference_can_be_named_and_must_be_known() -> None:
    scores = scores_of(a=[[0.3, 0.4]], b=[[0.5, 0.7]])
    assert compare_models(scores, n_test_over_n_train=0.0, reference="b").index.tolist() == ["a"]
    with pytest.raises(DataError, match="no model 'c' to compare with; there are a, b"):
        compare_models(scores, n_test_over_n_train=0.0, reference="c")


def test_one_shared_split_gives_a_row_without_a_p() -> None:
    table = compare_models(scores_of(a=[[0.3, 0.4]], b=[[0.5, np.nan]]), n_test_over_n_train=0.25)
    assert table.loc["b", "n_pair"] == 1
    assert table.loc["b", ["p_two_sided", "p_holm", "effect_size"]].isna().all()


def test_holms_correction_is_that_worked_out_by_hand() -> None:
    # Sorted 0.01, 0.02, 0.03, 0.5 times 4, 3, 2, 1: 0.04, 0.06, 0.06, 0.5; the NaN is not counted.
    found = correct_by_holm(np.array([0.5, 0.02, np.nan, 0.01, 0.03]))
    np.testing.assert_allclose(found, [0.5, 0.06, np.nan, 0.04, 0.06])
    np.testing.assert_allclose(correct_by_holm(np.array([0.6, 0.7])), [1.0, 1.0])
