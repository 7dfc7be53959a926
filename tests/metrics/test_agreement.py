"""Agreement of known and computed conductivities, against NumPy, SciPy and values worked out by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, pearsonr, spearmanr

from paraisite.errors import DataError
from paraisite.metrics.agreement import (
    CONFIDENCE,
    N_RESAMPLE,
    measure_agreement,
    measure_agreements,
    measure_energy_agreement,
)

RNG = np.random.default_rng(3)
KNOWN = 10 ** RNG.normal(0.8, 0.5, 80)
COMPUTED = KNOWN * 10 ** RNG.normal(0.1, 0.25, 80)


def test_numbers_are_those_of_scipy_and_numpy():
    found = measure_agreement(KNOWN, COMPUTED)
    ratio = np.log10(COMPUTED / KNOWN)
    assert found.n == 80
    assert found.spearman == pytest.approx(spearmanr(KNOWN, COMPUTED).statistic)
    assert found.pearson_log10 == pytest.approx(pearsonr(np.log10(KNOWN), np.log10(COMPUTED)).statistic)
    assert found.mean_log10_ratio == pytest.approx(ratio.mean())
    assert found.std_log10_ratio == pytest.approx(np.std(ratio, ddof=1))
    assert found.within_factor_2 == np.mean((COMPUTED <= 2 * KNOWN) & (COMPUTED >= KNOWN / 2))
    assert found.mape == pytest.approx(np.mean(np.abs(COMPUTED / KNOWN - 1)))


def test_intervals_are_those_of_scipys_bootstrap():
    found = measure_agreement(KNOWN, COMPUTED, seed=5)
    for statistic, low, high in (
        (lambda a, b: spearmanr(a, b).statistic, found.spearman_low, found.spearman_high),
        (lambda a, b: np.mean(np.abs(b / a - 1)), found.mape_low, found.mape_high),
    ):
        expected = bootstrap(
            (KNOWN, COMPUTED), statistic, paired=True, vectorized=False, n_resamples=N_RESAMPLE,
            confidence_level=CONFIDENCE, method="percentile", rng=np.random.default_rng(5),
        ).confidence_interval  # fmt: skip
        assert (low, high) == pytest.approx((expected.low, expected.high), abs=0.02)  # batches draw in another order


def test_the_intervals_hold_the_values_and_depend_on_the_seed_only():
    found = measure_agreement(KNOWN, COMPUTED)
    assert found.spearman_low < found.spearman < found.spearman_high <= 1
    assert found.mape_low < found.mape < found.mape_high
    assert measure_agreement(KNOWN, COMPUTED) == found
    assert measure_agreement(KNOWN, COMPUTED, seed=1) != found


def test_too_large_by_a_factor_of_three():
    found = measure_agreement(KNOWN, 3 * KNOWN)
    assert (found.spearman, found.pearson_log10, found.mape) == pytest.approx((1, 1, 2))
    assert found.mean_log10_ratio == pytest.approx(np.log10(3))
    assert found.std_log10_ratio == pytest.approx(0, abs=1e-12)
    assert found.within_factor_2 == 0


def test_constant_values_have_no_rank_correlation():
    found = measure_agreement(KNOWN, np.full(80, 4.0))
    assert np.isnan([found.spearman, found.spearman_low, found.spearman_high]).all()
    assert np.isfinite([found.mape, found.mape_low, found.mape_high]).all()


@pytest.mark.parametrize(
    ("known", "computed", "message"),
    [
        (np.ones(20), np.ones(19), "two equally long rows"),
        (np.ones(9), np.ones(9), "at least 10 kappas"),
        (np.arange(20), np.ones(20), "known kappa must be above 0 W/m/K and finite, found 0"),
        (np.ones(20), np.full(20, np.nan), "computed kappa must be above 0 W/m/K and finite, found nan"),
    ],
)
def test_what_cannot_be_compared_is_refused(known: np.ndarray, computed: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        measure_agreement(known, computed)


def test_several_ways_are_compared_on_the_rows_that_all_have():
    known = pd.Series(KNOWN)
    computed = pd.DataFrame({"first": COMPUTED, "second": 2 * KNOWN})
    computed.loc[:9, "first"] = np.nan
    found = measure_agreements(known, computed)
    assert found == {
        "first": measure_agreement(KNOWN[10:], COMPUTED[10:]),
        "second": measure_agreement(KNOWN[10:], 2 * KNOWN[10:]),
    }
    assert set(dataclasses.asdict(found["first"])) > {"spearman", "mape"}
    with pytest.raises(DataError, match="expected the same rows"):
        measure_agreements(known[1:], computed)


def test_energies_are_compared_in_their_own_unit():
    expected = RNG.normal(-1.0, 0.8, 40)
    found = expected + RNG.normal(0.05, 0.1, 40)
    agreed = measure_energy_agreement(expected, found)
    assert agreed.n == 40
    assert agreed.mae == pytest.approx(np.abs(found - expected).mean())
    assert agreed.rmse == pytest.approx(np.sqrt(((found - expected) ** 2).mean()))
    assert agreed.mean_difference == pytest.approx((found - expected).mean())
    assert agreed.pearson == pytest.approx(pearsonr(expected, found).statistic)
    assert agreed.spearman == pytest.approx(spearmanr(expected, found).statistic)


@pytest.mark.parametrize(
    ("expected", "found", "message"),
    [
        (np.zeros(9), np.zeros(9), "at least 10 energies"),
        (np.zeros(10), np.zeros(11), r"found \(10,\) and \(11,\)"),
        (np.zeros(10), np.r_[np.zeros(9), np.nan], "not finite"),
    ],
)
def test_energies_that_cannot_be_compared_are_refused(expected: np.ndarray, found: np.ndarray, message: str):
    with pytest.raises(DataError, match=message):
        measure_energy_agreement(expected, found)
