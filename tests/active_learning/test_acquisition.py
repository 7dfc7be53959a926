"""Rules for the next material to compute."""

import numpy as np
import pytest

from paraisite.active_learning.acquisition import ACQUISITIONS, compute_expected_improvement
from paraisite.cli.options import ACQUISITIONS as NAMES
from paraisite.models.estimate import Estimate

ESTIMATE = Estimate(np.array([0.5, 1.0, 0.2]), np.array([0.1, 0.8, 0.05]))


def test_expected_improvement_is_the_mean_of_what_falls_below() -> None:
    drawn = np.random.default_rng(1).normal(ESTIMATE.mean, ESTIMATE.std, size=(400_000, 3))
    expected = np.maximum(0.4 - drawn, 0.0).mean(axis=0)
    np.testing.assert_allclose(compute_expected_improvement(ESTIMATE, 0.4), expected, atol=1e-3)


def test_what_is_certain_improves_by_its_gain_or_not_at_all() -> None:
    certain = Estimate(np.array([0.1, 0.9]), np.zeros(2))
    np.testing.assert_array_equal(compute_expected_improvement(certain, 0.4), [0.4 - 0.1, 0.0])


@pytest.mark.parametrize(("rule", "first"), [("expected-improvement", 2), ("uncertainty", 1), ("mean", 2)])
def test_each_rule_prefers_its_own(rule: str, first: int) -> None:
    assert int(np.argmax(ACQUISITIONS[rule](ESTIMATE, 0.4, np.random.default_rng(0)))) == first


def test_uncertain_rows_can_be_expected_to_improve_most() -> None:
    assert int(np.argmax(ACQUISITIONS["expected-improvement"](ESTIMATE, 0.15, np.random.default_rng(0)))) == 1


def test_chance_is_that_of_its_seed() -> None:
    first, second = (ACQUISITIONS["random"](ESTIMATE, 0.0, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_the_command_line_knows_the_rules() -> None:
    assert tuple(ACQUISITIONS) == NAMES
