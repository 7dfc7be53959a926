"""Estimates are widened where known rows nearby are far off."""

import numpy as np
import pytest

from paraisite.models.estimate import Estimate
from paraisite.models.local_error import N_NEAR, LocalError

PLACES = np.concatenate([np.zeros((100, 2)), np.full((100, 2), 10.0)]) + np.random.default_rng(0).normal(size=(200, 2))
ERRORS = np.repeat([0.1, 0.4], 100)


def test_the_deviation_is_the_geometric_mean_with_the_errors_nearby():
    found = LocalError.fit(PLACES, ERRORS).widen(
        Estimate(np.array([1.0, 2.0]), np.array([0.2, 0.2])), np.array([range(N_NEAR), range(100, 100 + N_NEAR)])
    )
    np.testing.assert_array_equal(found.mean, [1.0, 2.0])
    np.testing.assert_allclose(found.std, np.sqrt(0.2 * np.array([0.1, 0.4])))


def test_a_known_row_is_not_judged_by_its_own_error():
    errors = ERRORS.copy()
    errors[0] = 50.0
    local = LocalError.fit(PLACES, errors)
    found = local.widen_known(Estimate(np.zeros(200), np.full(200, 0.2)))
    assert found.std[0] == pytest.approx(np.sqrt(0.2 * 0.1))
    assert np.count_nonzero(found.std[:100] > 0.2) > N_NEAR / 2  # its neighbours are


def test_few_rows_and_no_rows():
    local = LocalError.fit(PLACES[:5], ERRORS[:5])
    assert local.n_near == 5
    assert local.widen(Estimate(np.zeros(1), np.ones(1)), np.array([range(5)])).std[0] == pytest.approx(np.sqrt(0.1))
    assert local.widen_known(Estimate(np.zeros(5), np.ones(5))).std.tolist() == pytest.approx([np.sqrt(0.1)] * 5)
    assert len(local.widen(Estimate(np.zeros(0), np.zeros(0)), np.zeros((0, 5), np.int64)).std) == 0


def test_errors_of_rows_that_are_left_out_do_not_count():
    places, error = np.arange(40.0)[:, None], np.full(40, 0.2)
    error[:5] = 3.0
    known, asked = LocalError.fit(places, error), Estimate(np.zeros(2), np.full(2, 0.1))
    left_out = np.zeros((2, 40), bool)
    left_out[0, :5] = True
    found = known.widen_beside(asked, np.zeros((2, 1)), left_out)
    assert found.std[0] == pytest.approx(np.sqrt(0.1 * 0.2))
    assert found.std[1] == pytest.approx(known.widen(asked, known.known.find(np.zeros((2, 1)), N_NEAR)).std[1])
    assert found.std[1] > found.std[0]
