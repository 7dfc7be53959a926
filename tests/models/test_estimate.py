"""One value of kappa and its interval, from a distribution of its logarithm."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.metrics import mean_absolute_percentage_error

from paraisite.errors import DataError
from paraisite.models.estimate import (
    Estimate,
    choose_tilt,
    compute_half_width,
    compute_interval,
    compute_kappa,
    compute_median_kappa,
    mix_estimates,
)

RNG = np.random.default_rng(7)
FAR = 100.0
"""A half width that cuts nothing off."""


def test_without_tilt_the_median_comes_back() -> None:
    estimate = Estimate(np.array([0.0, 1.0, 2.0]), np.full(3, 0.3))
    np.testing.assert_allclose(compute_median_kappa(estimate), [1.0, 10.0, 100.0])
    for tilt in (0.0, 1e-12):
        np.testing.assert_allclose(compute_kappa(estimate, tilt=tilt, half_width=1.6), [1.0, 10.0, 100.0], rtol=1e-9)


def test_a_tilt_of_one_has_the_least_expected_percentage_error() -> None:
    # 200,000 values of ln(kappa) with a deviation of 0.5: the analytic optimum is exp(-0.25).
    true = np.exp(0.5 * RNG.normal(size=200_000))
    std = 0.5 / math.log(10.0)
    errors = {}
    for tilt in (0.0, 0.5, 0.9, 1.0, 1.1, 1.5):
        value = compute_kappa(Estimate(np.zeros(1), np.full(1, std)), tilt=tilt, half_width=FAR)
        errors[tilt] = mean_absolute_percentage_error(true, np.broadcast_to(value, true.shape))
    value = compute_kappa(Estimate(np.zeros(1), np.full(1, std)), tilt=1.0, half_width=FAR)
    assert value[0] == pytest.approx(math.exp(-0.25))
    assert min(errors, key=errors.__getitem__) == 1.0


@pytest.mark.parametrize(("claimed", "expected"), [(1.0, 1.0), (0.8, 1.56), (2.0, 0.25)])
def test_the_tilt_makes_up_for_a_std_that_is_wrong(claimed: float, expected: float) -> None:
    n, std = 100_000, 0.2
    values = std * RNG.normal(size=n)
    estimate = Estimate(np.zeros(n), np.full(n, claimed * std))
    assert choose_tilt(estimate, values, half_width=FAR) == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize(("std", "tilt"), [(0.2, 1.0), (0.7, 1.0), (0.7, 0.4)])
def test_the_value_is_the_optimum_of_the_distribution_that_is_cut_off(std: float, tilt: float) -> None:
    """Against a numerical search over 400,000 draws."""
    half_width = 1.6
    draws = math.sqrt(tilt) * std * RNG.normal(size=400_000)
    true = 10 ** draws[np.abs(draws) < half_width * std]
    found = minimize_scalar(lambda log10: float(np.mean(np.abs(10**log10 / true - 1))), bounds=(-2, 0.5))
    value = compute_kappa(Estimate(np.zeros(1), np.full(1, std)), tilt=tilt, half_width=half_width)
    assert np.log10(value[0]) == pytest.approx(found.x, abs=0.02)


@pytest.mark.parametrize("tilt", [0.1, 1.0, 2.0])
def test_no_estimate_leaves_its_interval_however_wide(tilt: float) -> None:
    """A standard deviation of a decade once brought 40 W/m/K down to 0.17."""
    estimate = Estimate(np.full(6, math.log10(40.0)), np.array([0.0, 0.1, 0.5, 1.0, 2.0, 4.0]))
    value = compute_kappa(estimate, tilt=tilt, half_width=1.5)
    low, _ = compute_interval(estimate, half_width=1.5)
    assert np.isfinite(value).all()
    assert (low < value).all()
    assert (value <= 40.0).all()
    assert (np.diff(value) < 0).all()


def test_a_mixture_is_wider_where_its_models_disagree() -> None:
    agree = mix_estimates([Estimate(np.array([1.0]), np.array([0.1]))] * 3)
    assert (agree.mean[0], agree.std[0]) == pytest.approx((1.0, 0.1))
    differ = mix_estimates([Estimate(np.array([0.8]), np.array([0.1])), Estimate(np.array([1.2]), np.array([0.1]))])
    assert (differ.mean[0], differ.std[0]) == pytest.approx((1.0, math.hypot(0.1, 0.2)))


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.9])
def test_intervals_hold_the_share_of_new_rows_that_they_promise(coverage: float) -> None:
    # Errors that are not normal and spreads that are off by a factor: the promise does not rest on either.
    held = []
    for _ in range(400):
        std = RNG.uniform(0.05, 0.4, size=77)
        error = std * 1.7 * RNG.standard_t(3, size=77)
        width = compute_half_width(Estimate(np.zeros(76), std[:76]), error[:76], coverage=coverage)
        low, high = compute_interval(Estimate(np.zeros(1), std[76:]), half_width=width)
        held.append(low[0] <= 10 ** error[76] <= high[0])
    assert np.mean(held) == pytest.approx(coverage, abs=0.07)


def test_too_few_rows_for_an_interval_are_a_clear_error() -> None:
    estimate = Estimate(np.zeros(5), np.ones(5))
    assert compute_half_width(estimate, np.arange(5.0), coverage=0.8) == 4.0
    with pytest.raises(DataError, match="5 rows are too few for intervals that hold 90%"):
        compute_half_width(estimate, np.arange(5.0), coverage=0.9)
