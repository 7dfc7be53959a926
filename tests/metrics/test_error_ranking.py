"""Weighted rank correlation and AUROC against SciPy and scikit-learn, on rows that are written out."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from paraisite.metrics.error_ranking import compute_weighted_auroc, compute_weighted_spearman, measure_error_ranking

RNG = np.random.default_rng(5)
N = 80


def test_a_hand_case() -> None:
    # Of the six pairs of a positive and another row the positive wins four and ties one.
    score, positive = np.array([0.9, 0.4, 0.4, 0.1, 0.7]), np.array([True, True, False, False, False])
    found = compute_weighted_auroc(score, positive, np.ones((1, 5)))[0]
    assert found == pytest.approx(4.5 / 6)
    assert found == pytest.approx(roc_auc_score(positive, score))


def test_weights_stand_for_repeated_rows() -> None:
    score, error = RNG.integers(0, 12, N).astype(np.float64), RNG.gamma(1.0, size=N)  # scores with many ties
    positive = error > np.quantile(error, 0.8)
    weights = np.concatenate([np.ones((1, N)), RNG.multinomial(N, np.full(N, 1 / N), size=5)]).astype(np.float64)
    spearman, auroc = compute_weighted_spearman(score, error, weights), compute_weighted_auroc(score, positive, weights)
    for k, row in enumerate(weights.astype(np.int64)):
        repeated = np.repeat(np.arange(N), row)
        assert spearman[k] == pytest.approx(spearmanr(score[repeated], error[repeated]).statistic)
        assert auroc[k] == pytest.approx(roc_auc_score(positive[repeated], score[repeated]))


def test_a_constant_side_has_no_value() -> None:
    ones, score = np.ones((1, 4)), np.arange(4.0)
    assert np.isnan(compute_weighted_spearman(np.zeros(4), score, ones)).all()
    assert np.isnan(compute_weighted_auroc(np.zeros(4), score > 2, ones)).all()
    assert np.isnan(compute_weighted_auroc(score, score > 9, ones)).all()


def test_the_interval_tells_a_good_score_from_a_random_one() -> None:
    error, row, seed = RNG.gamma(1.0, size=N), np.arange(N), np.zeros(N, np.int64)
    good = measure_error_ranking(error + 0.3 * RNG.normal(size=N), error, materials=row, seeds=seed)
    random = measure_error_ranking(RNG.uniform(size=N), error, materials=row, seeds=seed)
    assert 0.5 < good["ood_auroc_test_low"] < good["ood_auroc_test"] < good["ood_auroc_test_high"] <= 1.0
    assert random["ood_auroc_test_low"] < 0.5 < random["ood_auroc_test_high"]
    assert random["ood_spearman_test_low"] < 0.0 < random["ood_spearman_test_high"]


def test_a_material_that_is_tested_twice_is_drawn_as_one() -> None:
    error, score = RNG.gamma(1.0, size=N), RNG.uniform(size=N)
    seed = np.zeros(2 * N, np.int64)
    once = measure_error_ranking(score, error, materials=np.arange(N), seeds=seed[:N])
    twice = measure_error_ranking(np.tile(score, 2), np.tile(error, 2), materials=np.tile(np.arange(N), 2), seeds=seed)
    assert twice == pytest.approx(once, abs=0.02)  # as twice as many materials the interval would be narrower by 0.7


def test_rows_without_a_score_are_left_out() -> None:
    error, score, row, seed = RNG.gamma(1.0, size=N), RNG.uniform(size=N), np.arange(N), np.zeros(N, np.int64)
    score[:20] = np.nan
    expected = measure_error_ranking(score[20:], error[20:], materials=row[20:] - 20, seeds=seed[20:])
    assert measure_error_ranking(score, error, materials=row, seeds=seed) == expected
    none = measure_error_ranking(np.full(N, np.nan), error, materials=row, seeds=seed)
    assert set(none) == set(expected)
    assert np.isnan(list(none.values())).all()
