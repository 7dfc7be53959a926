"""Variance components: planted ones come back, and what cannot be estimated is NaN."""

import logging

import numpy as np
import pandas as pd
import pytest

from paraisite.metrics.variance_components import describe_components, estimate_variance_components


def planted(
    *, split: float, seed: float, rest: float, shape: tuple[int, int], rng: np.random.Generator
) -> pd.DataFrame:
    of_split, of_seed = split * rng.normal(size=(shape[0], 1)), seed * rng.normal(size=shape[1])
    return pd.DataFrame(0.5 + of_split + of_seed + rest * rng.normal(size=shape))


def test_planted_components_come_back() -> None:
    table = planted(split=0.3, seed=0.1, rest=0.05, shape=(400, 400), rng=np.random.default_rng(0))
    found = estimate_variance_components(table)
    assert (found.split, found.seed, found.rest) == pytest.approx((0.3, 0.1, 0.05), rel=0.08)
    assert found.set_to_zero == ()


def test_the_estimates_are_right_on_average_on_few_splits_and_seeds() -> None:
    rng = np.random.default_rng(1)
    found = [
        estimate_variance_components(planted(split=0.3, seed=0.2, rest=0.1, shape=(9, 4), rng=rng)) for _ in range(2000)
    ]
    variances = np.mean([(each.split**2, each.seed**2, each.rest**2) for each in found], axis=0)
    np.testing.assert_allclose(variances, [0.09, 0.04, 0.01], rtol=0.08)


def test_a_table_by_hand() -> None:
    # Means of rows 2 and 6, of columns 3 and 5: no interaction, so the components are the variances of the means.
    found = estimate_variance_components(pd.DataFrame([[1.0, 3.0], [5.0, 7.0]]))
    assert (found.split, found.seed, found.rest) == pytest.approx((8**0.5, 2**0.5, 0.0))


def test_a_component_below_zero_is_zero_and_reported(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame([[1.0, 2.0], [2.0, 1.0]])
    found = estimate_variance_components(table)
    assert (found.split, found.seed, found.rest) == (0.0, 0.0, 1.0)
    assert found.set_to_zero == ("split", "seed")
    with caplog.at_level(logging.INFO):
        described = describe_components(table, of_what="FELAB")
    assert described == {"std_split": 0.0, "std_seed": 0.0, "std_rest": 1.0}
    assert "FELAB: the variance by split and by seed came out below zero: 0" in caplog.text


def test_one_seed_leaves_splits_and_rest_together() -> None:
    found = estimate_variance_components(pd.DataFrame([[1.0], [2.0], [4.0]]))
    assert found.split == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1))
    assert np.isnan([found.seed, found.rest]).all()


def test_a_split_with_a_diverged_run_is_left_out() -> None:
    whole = pd.DataFrame([[1.0, 3.0], [5.0, 7.0]])
    assert estimate_variance_components(
        pd.concat([whole, pd.DataFrame([[np.nan, 9.0]])])
    ) == estimate_variance_components(whole)
    assert np.isnan(estimate_variance_components(whole[:1]).split)
