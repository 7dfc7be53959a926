"""How far from the known: planted strangers, by hand, and without a look at any value."""

import dataclasses

import numpy as np
import pytest
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.data.datasets.nested_splits import NestedSplit, draw_random_nested_splits
from paraisite.data.structure_types import rocksalt
from paraisite.features.descriptors import compute_physical_descriptors
from paraisite.models.applicability import compute_out_of_domain, count_unseen_elements, is_flagged, measure_distances
from tests.synthetic_result import make_dataset

RNG = np.random.default_rng(3)
N = 60
(SPLIT,) = draw_random_nested_splits(N, seeds=[1], train_fraction=0.8, n_fold=4)


def with_test_row(structure: Structure) -> tuple[list[Structure], int]:
    """Return rock salts with one of the test rows replaced, and which."""
    structures = list(make_dataset(n_row=N).structures)
    structures[SPLIT.test[3]] = structure
    return structures, 3


def test_distances_are_means_over_the_nearest_in_standard_deviations() -> None:
    features = np.array([[0.0], [2.0], [4.0], [6.0], [8.0], [10.0], [14.0]])
    deviation = np.std(features[:6])
    found = measure_distances(features, np.arange(6), np.array([6]))
    np.testing.assert_allclose(found, np.mean([4.0, 6.0, 8.0, 10.0, 12.0]) / deviation)
    few = measure_distances(features, np.array([0, 1]), np.array([6]))  # fewer rows than neighbours
    np.testing.assert_allclose(few, np.mean([12.0, 14.0]) / 1.0)


def test_the_score_is_the_share_of_training_rows_that_lie_closer() -> None:
    """By hand: six rows in two folds, each of which is compared under the model without its fold."""
    split = NestedSplit(1, "1", np.arange(6), np.array([6, 7]), (np.array([0, 1, 2]), np.array([3, 4, 5])))
    features = np.array([[0.0], [1.0], [2.0], [0.5], [1.5], [5.0], [1.0], [9.0]])
    closer = np.zeros(2)
    for known, fold in ((split.folds[1], split.folds[0]), (split.folds[0], split.folds[1])):
        gap = np.abs(features - features[known].T).mean(axis=1)  # all three known rows are neighbours
        closer += [(gap[fold] < gap[row]).sum() for row in split.test]
    np.testing.assert_allclose(compute_out_of_domain([features, features], split), closer / 7)
    assert closer[1] == 6


def test_rows_that_are_not_measured_are_not_compared_with() -> None:
    """Far rows that their label selected would make any test row look near."""
    split = NestedSplit(1, "1", np.arange(6), np.array([6]), (np.array([0, 1, 2]), np.array([3, 4, 5])))
    features = np.array([[0.0], [1.0], [90.0], [0.5], [1.5], [95.0], [9.0]])
    (plain,) = compute_out_of_domain([features, features], split)
    without = dataclasses.replace(split, unmeasured=np.array([2, 5]))
    (score,) = compute_out_of_domain([features, features], without)
    assert plain == 4 / 7
    assert score == 4 / 5


def test_a_crystal_like_no_other_ranks_first_and_is_flagged() -> None:
    structures, place = with_test_row(rocksalt("Pb", "Te", a_angstrom=11.0))
    features = compute_physical_descriptors(structures).to_numpy(np.float64)
    score = compute_out_of_domain([features] * 4, SPLIT)
    assert np.argmax(score) == place
    assert np.sum(score == score.max()) == 1
    assert score[place] > 0.95
    unseen = count_unseen_elements(structures, SPLIT)
    assert unseen[place] == 2
    assert np.delete(unseen, place).sum() == 0
    assert is_flagged(score, unseen)[place]


def test_rows_like_the_known_ones_are_flagged_one_time_in_twenty() -> None:
    flagged = []
    for seed in range(40):
        (split,) = draw_random_nested_splits(N, seeds=[seed], train_fraction=0.8, n_fold=4)
        features = RNG.normal(size=(N, 4))
        flagged.append(compute_out_of_domain([features] * 4, split) > 0.95)
    assert np.mean(flagged) == pytest.approx(0.05, abs=0.025)


def test_the_unit_of_a_feature_does_not_matter() -> None:
    features = RNG.normal(size=(N, 3))
    scaled = features * [1.0, 1e3, 1e-3] + [0.0, 5.0, 2.0]
    np.testing.assert_allclose(compute_out_of_domain([scaled] * 4, SPLIT), compute_out_of_domain([features] * 4, SPLIT))


@pytest.mark.parametrize(
    "features", [np.empty((N, 0)), np.full((N, 2), np.nan)], ids=["nothing is seen", "a diverged member"]
)
def test_without_usable_features_there_is_no_score(features: Floats) -> None:
    score = compute_out_of_domain([RNG.normal(size=features.shape), *[features] * 3], SPLIT)
    assert np.isnan(score).all()
    assert not is_flagged(score, np.zeros(len(score), np.int64)).any()


def test_an_unseen_element_flags_whatever_the_distance() -> None:
    np.testing.assert_array_equal(is_flagged(np.array([0.1, 0.1, 0.96]), np.array([0, 1, 0])), [False, True, True])
