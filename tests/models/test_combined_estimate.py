"""Two estimates combined: weights, intervals, and what is held out."""

from dataclasses import replace

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.models.combined_estimate import (
    CombinedIntervals,
    ComparedRows,
    combine,
    combine_held_out,
    estimate_slow,
)
from paraisite.models.estimate import Estimate
from paraisite.schema import COVERAGES

N = 400
RNG = np.random.default_rng(0)
KNOWN = RNG.normal(0.5, 0.6, N)
FAST_STD = RNG.choice([0.1, 0.4], N)
IS_FAR = np.arange(N) % 4 < 2
"""Which crystals are of the other of two kinds: those of a formula are of the same one."""
SLOW_STD = np.where(IS_FAR, 0.5, 0.1)
ROWS = ComparedRows(
    fast=Estimate(KNOWN + FAST_STD * RNG.normal(size=N), FAST_STD),
    slow=KNOWN + SLOW_STD * RNG.normal(size=N),
    known=KNOWN,
    places=np.where(IS_FAR, 10.0, 0.0)[:, None] + RNG.normal(size=(N, 3)),
    formulas=[f"X{row // 2}" for row in range(N)],
)
ALL = np.ones(N, bool)


def mean_error(log10_kappa: np.ndarray) -> float:
    return float(np.abs(log10_kappa - KNOWN).mean())


def test_the_combined_estimate_is_better_than_either():
    found = combine_held_out(ROWS, ALL)
    assert mean_error(found.combined.mean) < 0.7 * min(mean_error(ROWS.fast.mean), mean_error(ROWS.slow))


def test_where_the_slow_estimate_is_off_it_weighs_less():
    together = mean_error(combine_held_out(ROWS, ALL).combined.mean)
    at_one_place = mean_error(combine_held_out(replace(ROWS, places=np.zeros((N, 3))), ALL).combined.mean)
    assert together < 0.95 * at_one_place


def test_the_surer_estimate_weighs_more():
    slow = estimate_slow(np.ones(1), np.array([0.2 * np.sqrt(2.0 / np.pi)]))
    assert slow.std[0] == pytest.approx(0.2)
    sure, unsure = (combine(Estimate(np.zeros(1), np.array([std])), slow) for std in (0.1, 0.4))
    assert sure.mean[0] == pytest.approx(0.2)
    assert unsure.mean[0] == pytest.approx(0.8)
    assert sure.std[0] == pytest.approx(1 / np.sqrt(125))


def test_intervals_hold_what_they_promise_and_are_narrower_than_those_of_the_fast_estimate():
    found = combine_held_out(ROWS, ALL)
    inside = (found.lower <= 10**KNOWN) & (found.upper >= 10**KNOWN)
    for kind in (IS_FAR, ~IS_FAR):
        np.testing.assert_allclose(inside[:, kind].mean(axis=1), COVERAGES, atol=0.06)
    of_fast = 2 * 1.645 * FAST_STD.mean()
    assert np.log10(found.upper[-1] / found.lower[-1]).mean() < 0.8 * of_fast


def test_no_value_comes_from_a_row_of_the_same_formula_nor_from_one_that_measures_nothing():
    measures = ALL.copy()
    measures[:20] = False
    changed = ROWS.slow.copy()
    changed[:20] += 3.0
    before, after = (combine_held_out(replace(ROWS, slow=slow), measures) for slow in (ROWS.slow, changed))
    np.testing.assert_array_equal(before.combined.mean[20:], after.combined.mean[20:])
    changed = KNOWN.copy()
    changed[100] += 3.0
    after = combine_held_out(replace(ROWS, known=changed), measures)
    assert after.combined.mean[101] == before.combined.mean[101]  # of the same formula
    assert (after.combined.mean != before.combined.mean).any()


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match="3 rows are too few for intervals that hold 80%"):
        CombinedIntervals.fit(ROWS.take(np.arange(3)))
    with pytest.raises(DataError, match="no crystal to measure"):
        CombinedIntervals.fit(ROWS.take(np.arange(0)))
    with pytest.raises(DataError, match="1 formulas, expected at least two"):
        combine_held_out(ROWS.take(np.arange(2)), ALL[:2])
