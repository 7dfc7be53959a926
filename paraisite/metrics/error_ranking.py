"""Whether a score predicts where a model errs: rank correlation and AUROC, with intervals over materials.

Both are taken with a weight for each row, so that all resamples of the bootstrap are one product of matrices: a weight
of two stands for a row that was drawn twice.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite import schema
from paraisite.arrays import Floats, Ints
from paraisite.metrics.bootstrap import draw_material_weights, find_percentile_interval

WORST_SHARE: Final = 0.2
"""Share of rows, those with the largest errors, that the AUROC counts as positives."""


def measure_error_ranking(score: Floats, error: Floats, *, materials: Ints, seeds: Ints) -> dict[str, float]:
    """Return how well a score ranks a model's errors, each value the mean over seeds, with its 95 % interval.

    Args:
        score: Higher where a larger error is expected, [n_row]; rows without a finite one are left out.
        error: Size of the error, [n_row].
        materials: Number of each row's material; these are resampled, [n_row].
        seeds: Seed of each row's model, [n_row]; rows of one seed are ranked among each other.

    Returns:
        ``ood_spearman_test`` and ``ood_auroc_test``, each also with ``_low`` and ``_high``; NaN where the score or the
        error is the same everywhere.
    """
    known = np.isfinite(score) & np.isfinite(error)
    numbers, places = np.unique(materials[known], return_inverse=True)
    names = (schema.OOD_SPEARMAN_TEST, schema.OOD_AUROC_TEST)
    if not len(numbers):
        return {f"{name}{end}": float("nan") for name in names for end in ("", "_low", "_high")}
    weights = np.concatenate([np.ones((1, len(numbers))), draw_material_weights(len(numbers))])[:, places]
    of_seeds = []
    for seed in np.unique(seeds[known]):
        own = seeds[known] == seed
        of_seeds.append(_rank_errors(score[known][own], error[known][own], weights[:, own]))
    ranking: dict[str, float] = {}
    for name, values in zip(names, np.mean(of_seeds, axis=0), strict=True):
        low, high = find_percentile_interval(values[1:])
        ranking |= {name: float(values[0]), f"{name}_low": low, f"{name}_high": high}
    return ranking


def _rank_errors(score: Floats, error: Floats, weights: Floats) -> tuple[Floats, Floats]:
    is_worst = error > np.quantile(error, 1.0 - WORST_SHARE)
    return compute_weighted_spearman(score, error, weights), compute_weighted_auroc(score, is_worst, weights)


def compute_weighted_spearman(first: Floats, second: Floats, weights: Floats) -> Floats:
    """Return the rank correlation of two rows of numbers, [n_resample]; NaN where one is constant.

    Args:
        first: [n_row].
        second: [n_row].
        weights: How often each row counts, [n_resample, n_row].
    """
    total = weights.sum(axis=1, keepdims=True)
    ranks = [_midranks(values, weights) for values in (first, second)]
    one, other = (rank - np.sum(weights * rank, axis=1, keepdims=True) / total for rank in ranks)
    covariance, *variances = (np.sum(weights * a * b, axis=1) for a, b in ((one, other), (one, one), (other, other)))
    return _divide(covariance, np.sqrt(variances[0] * variances[1]))


def compute_weighted_auroc(score: Floats, is_positive: npt.NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the chance that a positive row has the higher score than another one, [n_resample].

    Args:
        score: [n_row].
        is_positive: [n_row].
        weights: How often each row counts, [n_resample, n_row].

    Returns:
        From 0 to 1, equal scores counting half; NaN where all scores are equal or one of the two kinds is missing.

    Source: Mann and Whitney, Ann. Math. Stat. 18, 50 (1947), 10.1214/aoms/1177730491.
    """
    if np.ptp(score) == 0:
        return np.full(len(weights), np.nan)
    positive = weights * is_positive
    n_positive = positive.sum(axis=1)
    n_pair = n_positive * (weights.sum(axis=1) - n_positive)
    n_won = np.sum(positive * _midranks(score, weights), axis=1) - n_positive * (n_positive + 1) / 2
    return _divide(n_won, n_pair)


def _midranks(values: Floats, weights: Floats) -> Floats:
    """Return the ranks of rows, each repeated as often as its weight; equal values share their mean."""
    distinct, place = np.unique(values, return_inverse=True)
    counts = weights @ np.eye(len(distinct))[place]
    ranks: Floats = np.cumsum(counts, axis=1) - (counts - 1.0) / 2.0
    return ranks[:, place]


def _divide(numerator: Floats, denominator: Floats) -> Floats:
    return np.divide(numerator, denominator, out=np.full_like(numerator, np.nan), where=denominator > 0)
