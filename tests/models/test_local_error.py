"""Estimates are widened where known rows nearby are far off."""

import numpy as np
import pytest

from paraisite.arrays import Floats
from paraisite.models.estimate import Estimate
from paraisite.models.local_error import N_NEAR, LocalError

PLACES = np.concatenate([np.zeros((100, 2)), np.full((100, 2), 10.0)]) + np.random.default_rng(0).normal(size=(200, 2))
ERRORS = np.repeat([0.1, 0.4], 100)
"""In the deviations that the rows were predicted with."""


def known(places: Floats, errors: Floats, *, std_dex: float = 0.2) -> LocalError:
    """Return rows whose values are off by so many deviations to either side."""
    side = np.resize([1.0, -1.0], len(errors))
    return LocalError.fit(
        places, Estimate(np.ones(len(errors)), np.full(len(errors), std_dex)), 1.0 + side * errors * std_dex
    )


def test_the_deviation_follows_the_square_root_of_the_errors_nearby_in_deviations():
    near, distance = np.array([range(N_NEAR), range(100, 100 + N_NEAR)]), np.ones((2, N_NEAR))
    asked = Estimate(np.array([1.0, 2.0]), np.array([0.2, 0.3]))
    for std_dex in (0.1, 0.5):
        found = known(PLACES, ERRORS, std_dex=std_dex).widen(asked, near, distance)
        np.testing.assert_array_equal(found.mean, [1.0, 2.0])
        np.testing.assert_allclose(found.std, asked.std * np.sqrt([0.1, 0.4]))


def test_a_neighbour_at_half_the_distance_counts_four_times():
    local = known(np.array([[0.0], [3.0]]), np.array([0.1, 0.4]))
    found = local.widen(Estimate(np.zeros(1), np.ones(1)), np.array([[0, 1]]), np.array([[1.0, 2.0]]))
    assert found.std[0] ** 2 == pytest.approx((4 * 0.1 + 0.4) / 5)
    at_the_same_place = local.widen(Estimate(np.zeros(1), np.ones(1)), np.array([[0, 1]]), np.array([[0.0, 2.0]]))
    assert at_the_same_place.std[0] ** 2 == pytest.approx(0.1, rel=0.02)


def test_a_known_row_is_not_judged_by_errors_of_its_own_group():
    errors = ERRORS.copy()
    errors[:3] = 50.0
    groups = ["NaCl"] * 3 + [str(number) for number in range(3, 200)]
    asked = Estimate(np.zeros(200), np.full(200, 0.2))
    found = known(PLACES, errors).widen_known(asked, groups)
    np.testing.assert_allclose(found.std[:3], 0.2 * np.sqrt(0.1))
    assert np.count_nonzero(found.std[:100] > 0.2) > N_NEAR / 2  # neighbours of other groups are
    types = ["rock salt"] * 50 + [str(number) for number in range(50, 200)]
    of_either = known(PLACES, errors).widen_known(asked, groups, types)
    np.testing.assert_allclose(of_either.std[:50], 0.2 * np.sqrt(0.1))
    np.testing.assert_array_equal(of_either.std[50:], found.std[50:])


def test_few_rows_and_no_rows():
    local, near = known(PLACES[:5], ERRORS[:5]), np.array([range(5)])
    assert local.n_near == 5
    assert local.widen(Estimate(np.zeros(1), np.ones(1)), near, np.ones((1, 5))).std[0] == pytest.approx(np.sqrt(0.1))
    of_one_group = local.widen_known(Estimate(np.zeros(5), np.ones(5)), ["NaCl"] * 5)
    assert of_one_group.std.tolist() == pytest.approx([np.sqrt(0.1)] * 5)
    none = local.widen(Estimate(np.zeros(0), np.zeros(0)), np.zeros((0, 5), np.int64), np.zeros((0, 5)))
    assert len(none.std) == 0


def test_errors_of_rows_that_are_left_out_do_not_count():
    places, error = np.arange(40.0)[:, None], np.full(40, 0.2)
    error[:5] = 3.0
    local, asked = known(places, error), Estimate(np.zeros(2), np.full(2, 0.1))
    left_out = np.zeros((2, 40), bool)
    left_out[0, :5] = True
    found = local.widen_beside(asked, np.full((2, 1), -1.0), left_out)
    assert found.std[0] == pytest.approx(0.1 * np.sqrt(0.2))
    distance, near = local.known.find_sorted(np.full((2, 1), -1.0), N_NEAR)
    assert found.std[1] == pytest.approx(local.widen(asked, near, distance).std[1])
    assert found.std[1] > found.std[0]
