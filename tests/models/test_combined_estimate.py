"""Two estimates combined: weights, intervals, and what is held out."""

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.models.combined_estimate import Combination, combine_held_out
from paraisite.models.estimate import Estimate
from paraisite.schema import COVERAGES

N = 400
RNG = np.random.default_rng(0)
KNOWN = RNG.normal(0.5, 0.6, N)
FAST_STD = RNG.choice([0.1, 0.4], N)
FAST = Estimate(KNOWN + FAST_STD * RNG.normal(size=N), FAST_STD)
SLOW = KNOWN + 0.2 * RNG.normal(size=N)
FORMULAS = [f"X{row // 2}" for row in range(N)]
ALL = np.ones(N, bool)


def mean_error(log10_kappa: np.ndarray) -> float:
    return float(np.abs(log10_kappa - KNOWN).mean())


def test_the_combined_estimate_is_better_than_either():
    found = combine_held_out(FAST, SLOW, KNOWN, FORMULAS, ALL)
    assert mean_error(found.combined.mean) < 0.8 * min(mean_error(FAST.mean), mean_error(SLOW))


def test_the_surer_estimate_weighs_more():
    combination = Combination(slow_std_dex=0.2, half_widths=(1.0, 1.0, 1.0), n_row=1)
    sure, unsure = (combination.combine(Estimate(np.zeros(1), np.array([std])), np.ones(1)) for std in (0.1, 0.4))
    assert sure.mean[0] == pytest.approx(0.2)
    assert unsure.mean[0] == pytest.approx(0.8)
    assert sure.std[0] == pytest.approx(1 / np.sqrt(125))


def test_intervals_hold_what_they_promise_and_are_narrower_than_those_of_the_fast_estimate():
    found = combine_held_out(FAST, SLOW, KNOWN, FORMULAS, ALL)
    inside = ((found.lower <= 10**KNOWN) & (found.upper >= 10**KNOWN)).mean(axis=1)
    np.testing.assert_allclose(inside, COVERAGES, atol=0.06)
    of_fast = 2 * 1.645 * FAST_STD.mean()
    assert np.log10(found.upper[-1] / found.lower[-1]).mean() < 0.8 * of_fast


def test_no_value_comes_from_a_row_of_the_same_formula_nor_from_one_that_measures_nothing():
    measures = ALL.copy()
    measures[:20] = False
    changed = SLOW.copy()
    changed[:20] += 3.0
    before, after = (combine_held_out(FAST, slow, KNOWN, FORMULAS, measures) for slow in (SLOW, changed))
    np.testing.assert_array_equal(before.combined.mean[20:], after.combined.mean[20:])
    changed = KNOWN.copy()
    changed[100] += 3.0
    after = combine_held_out(FAST, SLOW, changed, FORMULAS, measures)
    assert after.combined.mean[101] == before.combined.mean[101]  # of the same formula


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="3 rows are too few for intervals that hold 80%"):
        Combination.fit(FAST.take(np.arange(3)), SLOW[:3], KNOWN[:3])
    with pytest.raises(DataError, match="1 formulas, expected at least two"):
        combine_held_out(FAST.take(np.arange(2)), SLOW[:2], KNOWN[:2], ["X0", "X0"], ALL[:2])
