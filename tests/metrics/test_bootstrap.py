"""The bootstrap over materials, against SciPy's and NumPy's of the same resamples."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from paraisite.metrics.bootstrap import (
    LEVEL,
    N_RESAMPLE,
    bootstrap_mean_of_runs,
    draw_material_weights,
    find_percentile_interval,
)


def test_each_resample_draws_as_many_materials_as_there_are_and_always_the_same() -> None:
    weights = draw_material_weights(30)
    assert weights.shape == (N_RESAMPLE, 30)
    np.testing.assert_array_equal(weights.sum(axis=1), 30.0)
    np.testing.assert_array_equal(weights, draw_material_weights(30))
    # A material is drawn once on average, with the variance of drawing with replacement, 1 - 1/30.
    np.testing.assert_allclose(weights.mean(axis=0), 1.0, atol=0.1)
    assert weights.var() == pytest.approx(29 / 30, abs=0.02)


def test_the_interval_of_one_run_is_scipys_percentile_interval() -> None:
    """Both draw 2,000 resamples, of other random numbers: ends differ by the noise of a quantile of as many."""
    errors = np.random.default_rng(3).lognormal(-1.0, 0.5, 95)
    own = bootstrap_mean_of_runs(errors[None])
    scipys = bootstrap(
        (errors,),
        np.mean,
        n_resamples=N_RESAMPLE,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(1),
    ).confidence_interval
    np.testing.assert_allclose(own, scipys, atol=0.15 * errors.std() / np.sqrt(95))


def test_runs_are_resampled_by_their_materials_together() -> None:
    """Each resample's mean over runs, by its own materials; a run of which none is drawn is left out."""
    errors = np.random.default_rng(4).lognormal(-1.0, 0.5, (4, 6))
    errors[[0, 1, 2, 3], [0, 1, 2, 3]] = np.nan
    errors[3] = np.nan
    errors[3, 5] = 1.0
    means = []
    for weights in draw_material_weights(6).astype(int):
        drawn = np.repeat(errors, weights, axis=1)
        means.append(np.mean([np.nanmean(run) for run in drawn if np.isfinite(run).any()]))
    expected = np.quantile(means, [0.025, 0.975])
    np.testing.assert_allclose(bootstrap_mean_of_runs(errors), expected, rtol=1e-12)


def test_resamples_without_a_value_are_left_out() -> None:
    values = np.append(np.arange(101.0), np.nan)
    assert find_percentile_interval(values) == pytest.approx((2.5, 97.5), rel=1e-12)
    assert np.isnan(find_percentile_interval(np.full(5, np.nan))).all()
