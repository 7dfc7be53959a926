"""Intervals against two libraries of conformal prediction, crepes and MAPIE, each with its rule for the quantile.

All three take the ceil((n + 1) coverage)-th smallest of n scores |error|/std. The one difference is of rounding: crepes
computes that rank by way of 1 - coverage, which is inexact in binary (see ``crepes_confidence``).
"""

import math
from fractions import Fraction
from typing import Self

import numpy as np
import pytest
from crepes import ConformalRegressor
from hypothesis import assume, given
from hypothesis import strategies as st
from mapie.conformity_scores import ResidualNormalisedScore
from mapie.metrics.regression import regression_coverage_score
from mapie.regression import SplitConformalRegressor
from sklearn.base import BaseEstimator, RegressorMixin

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.evaluation.scores import tabulate_estimates, tabulate_scores
from paraisite.inference.calibration import Calibration
from paraisite.models.estimate import MIN_STD_DEX, Estimate, compute_half_width, compute_interval
from paraisite.schema import COVERAGES, interval_columns
from tests.inference.known_predictors import planted_calibration_set, trained_mask
from tests.synthetic_result import make_dataset

RTOL = 1e-12
"""What is left between 10**(mean - width * std) and the same in another order of operations."""

Sample = tuple[np.ndarray, np.ndarray, np.ndarray]


def draw_rows(n_row: int, *, seed: int) -> Sample:
    """Return predicted log10(kappa), standard deviations and true values of some rows."""
    rng = np.random.default_rng(seed)
    mean, std = rng.normal(1.2, 0.7, n_row), rng.uniform(0.05, 0.5, n_row)
    return mean, std, mean + 1.5 * std * rng.standard_t(3, n_row)


def crepes_confidence(n_row: int, coverage: float) -> float:
    """Return the confidence for which crepes takes the rank that ``coverage`` stands for.

    It floors (1 - 0.9) * (n + 1), which for n + 1 = 10 is 0.9999…, not 1: it then takes the next larger score, and its
    interval holds more rows than was asked for. A confidence that is lower by 1e-9 gives the rank of exact arithmetic.
    """
    is_whole = (Fraction(str(coverage)) * (n_row + 1)).denominator == 1
    return coverage - 1e-9 if is_whole else coverage


class Column(RegressorMixin, BaseEstimator):
    """A regressor that is fitted: it predicts one of the columns that it is shown."""

    fitted_ = True

    def __init__(self, column: int = 0) -> None:
        self.column = column

    def fit(self, _rows: np.ndarray, _values: np.ndarray) -> Self:
        return self

    def predict(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, self.column]


@given(st.integers(1, 100_000), st.sampled_from(COVERAGES))
def test_the_rank_of_the_quantile_is_that_of_exact_arithmetic(n_row: int, coverage: float) -> None:
    """The width is the rank itself where the scores are 1, 2, … n."""
    rank = math.ceil(Fraction(str(coverage)) * (n_row + 1))
    assume(rank <= n_row)
    scores = np.arange(1.0, n_row + 1)
    assert compute_half_width(Estimate(np.zeros(n_row), np.ones(n_row)), scores, coverage=coverage) == rank


@pytest.mark.parametrize("coverage", COVERAGES)
@pytest.mark.parametrize("n_row", [9, 10, 19, 37, 76, 95, 99, 1000])
def test_normalised_intervals_are_those_of_crepes(n_row: int, coverage: float) -> None:
    mean, std, known = draw_rows(n_row, seed=n_row)
    new_mean, new_std, _ = draw_rows(40, seed=1)
    width = compute_half_width(Estimate(mean, std), known, coverage=coverage)
    regressor = ConformalRegressor()
    regressor.fit(known - mean, sigmas=std)
    confidence = crepes_confidence(n_row, coverage)
    expected = 10.0 ** regressor.predict_int(new_mean, sigmas=new_std, confidence=confidence)
    np.testing.assert_allclose(compute_interval(Estimate(new_mean, new_std), half_width=width), expected.T, rtol=RTOL)


def test_crepes_takes_one_score_more_where_its_rank_is_rounded_down() -> None:
    """Why ``crepes_confidence`` is there; where this fails crepes rounds as we do, and the function can go."""
    scores = np.arange(1.0, 20.0)
    regressor = ConformalRegressor()
    regressor.fit(scores)
    assert regressor.predict_int(np.zeros(1), confidence=0.9)[0, 1] == 19.0
    assert (
        compute_half_width(Estimate(np.zeros(19), np.ones(19)), scores, coverage=0.9)
        == math.ceil(20 * Fraction("0.9"))
        == 18
    )


@pytest.mark.parametrize("n_row", [10, 37, 76, 95, 99, 1000])
def test_normalised_intervals_are_those_of_mapies_split_conformal_method(n_row: int) -> None:
    mean, std, known = draw_rows(n_row, seed=n_row)
    new_mean, new_std, _ = draw_rows(40, seed=1)
    mapie = SplitConformalRegressor(
        Column(0), confidence_level=list(COVERAGES), conformity_score=ResidualNormalisedScore(Column(1), prefit=True)
    ).conformalize(np.stack([mean, std], axis=1), known)
    _, intervals = mapie.predict_interval(np.stack([new_mean, new_std], axis=1))
    for place, coverage in enumerate(COVERAGES):
        width = compute_half_width(Estimate(mean, std), known, coverage=coverage)
        ends = compute_interval(Estimate(new_mean, new_std), half_width=width)
        np.testing.assert_allclose(ends, 10.0 ** intervals[:, :, place].T, rtol=RTOL)


def test_standard_deviations_below_the_smallest_count_as_the_smallest_in_both_places() -> None:
    mean, _, known = draw_rows(50, seed=3)
    std = np.zeros(50)
    regressor = ConformalRegressor()
    regressor.fit(known - mean, sigmas=np.full(50, MIN_STD_DEX))
    expected = 10.0 ** regressor.predict_int(np.zeros(1), sigmas=np.full(1, MIN_STD_DEX), confidence=0.9)
    width = compute_half_width(Estimate(mean, std), known, coverage=0.9)
    np.testing.assert_allclose(
        compute_interval(Estimate(np.zeros(1), np.zeros(1)), half_width=width), expected.T, rtol=RTOL
    )


@pytest.mark.parametrize("n_row", [95, 299])
def test_a_networks_intervals_are_those_of_the_absolute_residuals(n_row: int) -> None:
    """Members without standard deviations give all rows one width; how that is scaled must not matter."""
    rng = np.random.default_rng(n_row)
    kappa, trained = 10 ** rng.normal(1.2, 0.7, n_row), trained_mask(9, n_row, seeds=range(1, 10))
    members = kappa * 10 ** rng.normal(0.0, 0.25, (9, n_row))
    calibration = Calibration.fit(planted_calibration_set(kappa, members, trained))
    # A row's prediction out of fold: the median over the members that were not trained on it.
    held_out = np.where(trained, np.nan, np.log10(members))
    rows = ~trained.all(axis=0)
    predicted = np.nanmedian(held_out[:, rows], axis=0)
    known = np.log10(kappa[rows])
    new = rng.normal(1.2, 0.7, 30)
    lower, upper = calibration.compute_intervals(calibration.estimate(new[None], None))
    mapie = SplitConformalRegressor(Column(), confidence_level=list(COVERAGES), conformity_score="absolute")
    _, intervals = mapie.conformalize(predicted[:, None], known).predict_interval(new[:, None])
    crepes = ConformalRegressor()
    crepes.fit(known - predicted)
    for place, coverage in enumerate(COVERAGES):
        ends = lower[place], upper[place]
        np.testing.assert_allclose(ends, 10.0 ** intervals[:, :, place].T, rtol=RTOL)
        confidence = crepes_confidence(len(known), coverage)
        np.testing.assert_allclose(ends, 10.0 ** crepes.predict_int(new, confidence=confidence).T, rtol=RTOL)


def test_a_processes_intervals_are_those_of_crepes_on_held_out_members() -> None:
    rng = np.random.default_rng(5)
    n_row = 120
    kappa, trained = 10 ** rng.normal(1.2, 0.7, n_row), trained_mask(9, n_row, seeds=range(1, 10))
    members, stds = kappa * 10 ** rng.normal(0.0, 0.25, (9, n_row)), rng.uniform(0.1, 0.4, (9, n_row))
    calibration = Calibration.fit(planted_calibration_set(kappa, members, trained, std_dex=stds))
    rows = ~trained.all(axis=0)
    logs, variances = (np.where(trained, np.nan, values)[:, rows] for values in (np.log10(members), stds**2))
    sigmas = np.sqrt(np.nanmean(variances, axis=0) + np.nanvar(logs, axis=0))  # of the members' mixture
    regressor = ConformalRegressor()
    regressor.fit(np.log10(kappa[rows]) - np.nanmean(logs, axis=0), sigmas=sigmas)
    new, new_stds = rng.normal(1.2, 0.7, (9, 30)), rng.uniform(0.1, 0.4, (9, 30))
    new_sigmas = np.sqrt(np.mean(new_stds**2, axis=0) + np.var(new, axis=0))
    lower, upper = calibration.compute_intervals(calibration.estimate(new, new_stds))
    for place, coverage in enumerate(COVERAGES):
        confidence = crepes_confidence(int(rows.sum()), coverage)
        expected = 10.0 ** regressor.predict_int(new.mean(axis=0), sigmas=new_sigmas, confidence=confidence)
        np.testing.assert_allclose((lower[place], upper[place]), expected.T, rtol=RTOL)


def test_an_evaluations_coverage_is_the_share_that_mapie_counts() -> None:
    dataset = make_dataset(n_row=60)
    log10_kappa = np.log10(dataset.table["kappa_w_per_m_k"].to_numpy())
    rng = np.random.default_rng(2)

    def predict(rows: np.ndarray) -> Estimate:
        return Estimate(log10_kappa[rows] + 0.3 * rng.normal(size=len(rows)), rng.uniform(0.1, 0.4, len(rows)))

    cross_fits = [
        CrossFit(split, predict(split.train), predict(split.test), rng.uniform(size=len(split.test)))
        for split in draw_random_nested_splits(60, seeds=[1, 2], train_fraction=0.8, n_fold=4)
    ]
    estimates = tabulate_estimates("m", cross_fits, dataset, seed=42)
    for score in tabulate_scores(estimates).to_dict("records"):
        rows = estimates[estimates["split_seed"] == score["split_seed"]]
        for coverage in COVERAGES:
            ends = rows[list(interval_columns(coverage))].to_numpy()
            (expected,) = regression_coverage_score(rows["kappa_w_per_m_k"].to_numpy(), ends)
            assert score[f"coverage_{coverage:.0%}"] == pytest.approx(expected, rel=1e-12)
            assert score[f"width_{coverage:.0%}_dex"] == pytest.approx(np.diff(np.log10(ends)).mean(), rel=1e-12)
