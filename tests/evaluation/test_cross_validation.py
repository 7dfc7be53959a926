"""Out-of-fold and test estimates: in the right places, and without a look at what is asked for."""

import dataclasses

import numpy as np
import pytest

from paraisite.arrays import Floats
from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import CrossFit, cross_fit
from paraisite.models.estimate import Estimate

N = 40
RNG = np.random.default_rng(0)
DESCRIPTORS = RNG.normal(size=(N, 3))
VALUES = DESCRIPTORS @ [1.0, -0.5, 0.2] + 0.1 * RNG.normal(size=N)
SPLITS = draw_random_nested_splits(N, seeds=[1, 2], train_fraction=0.8, n_fold=4)


def least_squares(x: Floats, y: Floats, asked: Floats, *, weights: Floats | None = None) -> Estimate:
    assert weights is None
    slopes = np.linalg.lstsq(x, y, rcond=None)[0]
    return Estimate(asked @ slopes, np.full(len(asked), np.std(x @ slopes - y)))


def fitted(values: Floats) -> list[CrossFit]:
    return cross_fit(least_squares, descriptors=DESCRIPTORS, log10_kappa=values, splits=SPLITS)


def test_every_training_row_is_estimated_without_its_fold() -> None:
    for found in fitted(VALUES):
        split = found.split
        for fold in split.folds:
            others = np.setdiff1d(split.train, fold)
            weights = np.linalg.lstsq(DESCRIPTORS[others], VALUES[others], rcond=None)[0]
            for row in fold:
                (place,) = np.flatnonzero(split.train == row)
                assert found.out_of_fold.mean[place] == pytest.approx(DESCRIPTORS[row] @ weights)
        weights = np.linalg.lstsq(DESCRIPTORS[split.train], VALUES[split.train], rcond=None)[0]
        np.testing.assert_allclose(found.test.mean, DESCRIPTORS[split.test] @ weights)


def test_a_test_rows_value_changes_nothing() -> None:
    changed = VALUES.copy()
    changed[SPLITS[0].test] += 100.0
    before, after = fitted(VALUES)[0], fitted(changed)[0]
    for name in ("out_of_fold", "test"):
        np.testing.assert_array_equal(getattr(after, name).mean, getattr(before, name).mean)
        np.testing.assert_array_equal(getattr(after, name).std, getattr(before, name).std)
    np.testing.assert_array_equal(after.out_of_domain, before.out_of_domain)


def test_a_training_rows_value_does_not_reach_its_own_estimate() -> None:
    row = SPLITS[0].train[5]
    changed = VALUES.copy()
    changed[row] += 100.0
    before, after = fitted(VALUES)[0].out_of_fold.mean, fitted(changed)[0].out_of_fold.mean
    assert after[5] == before[5]
    assert not np.allclose(after, before)


def test_rows_that_are_not_measured_are_predicted_out_of_fold_and_weighed_in_each_fit() -> None:
    split = dataclasses.replace(SPLITS[0], unmeasured=SPLITS[0].train[:8])
    selected = np.isin(np.arange(N), split.unmeasured)
    seen: list[tuple[Floats, Floats]] = []

    def remember(x: Floats, y: Floats, asked: Floats, *, weights: Floats | None = None) -> Estimate:
        assert weights is not None
        seen.append((y, weights))
        return least_squares(x, y, asked)

    (found,) = cross_fit(remember, descriptors=DESCRIPTORS, log10_kappa=VALUES, splits=[split], selected=selected)
    (plain,) = cross_fit(least_squares, descriptors=DESCRIPTORS, log10_kappa=VALUES, splits=[SPLITS[0]])
    np.testing.assert_allclose(found.out_of_fold.mean, plain.out_of_fold.mean)
    assert len(seen) == 5
    for values, weights in seen:  # those of the rows of this fit, not of all
        rows = [np.flatnonzero(value == VALUES)[0] for value in values]
        np.testing.assert_array_equal(weights, compute_sample_weights(values, selected[rows]))
        assert (weights < 1).any()
