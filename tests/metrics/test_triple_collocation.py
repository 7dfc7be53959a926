"""Three estimates tell each other's errors."""

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.metrics.triple_collocation import collocate

STD_LN = np.array([0.2, 0.4, 0.6])


def three_estimates(n: int, *, common: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(2)
    errors = STD_LN[:, None] * rng.normal(size=(3, n))
    errors[1:] += common * rng.normal(size=n)
    return np.exp(rng.normal(1.0, 1.5, n) + errors)


def test_the_errors_of_independent_estimates_are_found():
    found = collocate(three_estimates(20_000))
    expected = STD_LN * np.sqrt(2.0 / np.pi)  # the mean absolute value of a normal error
    np.testing.assert_allclose([each.mean_abs_ln for each in found], expected, rtol=0.05)
    for each, value in zip(found, expected, strict=True):
        assert each.low < each.mean_abs_ln < each.high
        assert 0.95 * each.low < value < 1.05 * each.high
        assert each.high - each.low < 0.1 * value + 0.02


def test_a_common_factor_is_no_error_and_a_common_error_counts_for_the_third():
    estimates = three_estimates(5000)
    shifted = collocate(estimates * np.array([[1.0], [2.0], [0.5]]))
    np.testing.assert_allclose(
        [each.mean_abs_ln for each in shifted], [each.mean_abs_ln for each in collocate(estimates)]
    )
    of_first, _, _ = collocate(three_estimates(5000, common=0.5))
    assert of_first.mean_abs_ln == pytest.approx(np.hypot(0.2, 0.5) * np.sqrt(2.0 / np.pi), rel=0.08)


def test_nothing_is_left_for_an_estimate_between_two_others():
    known = np.exp(np.linspace(0.0, 2.0, 40))
    off = np.exp(np.resize([0.3, -0.3], 40))
    of_middle, of_first, of_second = collocate([known, known * off, known / off])
    assert of_middle.mean_abs_ln == 0.0
    assert min(of_first.mean_abs_ln, of_second.mean_abs_ln) > 0.3


@pytest.mark.parametrize("estimates", [np.ones((2, 40)), np.ones((3, 9)), np.zeros((3, 40)), np.full((3, 40), np.nan)])
def test_what_cannot_be_compared_is_refused(estimates: np.ndarray):
    with pytest.raises(DataError, match="expected"):
        collocate(estimates)
