"""The paired comparison against SciPy and against the published correction."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paraisite.errors import DataError
from paraisite.evaluation.statistics import compare_paired, differences_table

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


def test_a_table_of_differences_holds_each_models_comparison_with_the_reference() -> None:
    values = pd.DataFrame({"other": CANDIDATE, "reference": REFERENCE, "worse": REFERENCE + 0.1 + 0.1 * CANDIDATE})
    table = differences_table(values, reference="reference", n_test_over_n_train=0.25)
    assert table.index.tolist() == ["other", "reference", "worse"]
    found = compare_paired(CANDIDATE, REFERENCE, n_test_over_n_train=0.25)
    expected = [found.mean_difference, found.interval_low, found.interval_high, found.p_two_sided]
    assert table.loc["other"].tolist() == pytest.approx(expected)
    assert table.loc["reference"].isna().all()
    assert table.loc["worse", "difference_low"] > 0


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
