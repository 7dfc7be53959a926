"""Out-of-domain scores: those of the evaluation, planted outliers, and the nearest materials."""

import dataclasses

import numpy as np
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.inference.applicability_domain import N_NEAREST, ApplicabilityDomain
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.models.applicability import compute_out_of_domain
from tests.inference.known_predictors import N_ELEMENT, planted_calibration_set

N_ROW, N_FOLD = 60, 4
RNG = np.random.default_rng(2)


def calibration_set() -> CalibrationSet:
    """Return one of four members, each without one of four folds of the rows."""
    trained = np.arange(N_FOLD)[:, None] != np.arange(N_ROW) % N_FOLD
    kappa = np.geomspace(1.0, 100.0, N_ROW)
    made = planted_calibration_set(kappa, np.tile(kappa, (N_FOLD, 1)), trained)
    elements = np.zeros((N_ROW, N_ELEMENT), np.bool_)
    elements[:, [11, 17]] = True
    return dataclasses.replace(made, elements=elements)


def no_elements(n_row: int) -> np.ndarray:
    return np.zeros((n_row, N_ELEMENT), np.bool_)


def test_the_score_is_the_evaluations_where_each_row_is_held_out_once():
    (split,) = draw_random_nested_splits(80, seeds=[1], train_fraction=0.75, n_fold=N_FOLD)
    features = RNG.normal(size=(N_FOLD, 80, 5))
    expected = compute_out_of_domain(list(features), split)
    known = dataclasses.replace(
        calibration_set(),
        embedding=features[:, split.train].astype(np.float32),
        trained=np.stack([~np.isin(split.train, fold) for fold in split.folds]),
    )
    found = ApplicabilityDomain.fit(known).assess(
        features[:, split.test].astype(np.float32), no_elements(len(split.test))
    )
    np.testing.assert_allclose(found.out_of_domain, expected, atol=1.5 / len(split.train))  # float32 may swap a pair


def test_an_outlier_is_flagged_and_a_twin_is_not():
    known = calibration_set()
    hidden = np.concatenate([known.embedding[:, :1], known.embedding[:, :1] + 50.0], axis=1)
    found = ApplicabilityDomain.fit(known).assess(hidden, no_elements(2))
    assert found.flagged.tolist() == [False, True]
    assert found.out_of_domain[1] > 0.98


def test_an_element_of_no_training_material_is_flagged_by_name():
    known = calibration_set()
    elements = no_elements(2)
    elements[0, [11, 94]] = True
    elements[1, [11, 17]] = True
    found = ApplicabilityDomain.fit(known).assess(known.embedding[:, :2], elements)
    assert found.flagged.tolist() == [True, False]
    assert np.argwhere(found.unseen).tolist() == [[0, 94]]


def test_the_nearest_come_first_and_a_known_crystal_is_its_own():
    known = calibration_set()
    found = ApplicabilityDomain.fit(known).assess(known.embedding, known.elements)
    assert found.nearest.shape == (N_ROW, N_NEAREST)
    np.testing.assert_array_equal(found.nearest[:, 0], np.arange(N_ROW))
    np.testing.assert_allclose(found.distance[:, 0], 0.0, atol=1e-3)
    assert (np.diff(found.distance, axis=1) >= 0).all()


def test_the_distance_is_the_root_mean_square_over_the_members():
    known = calibration_set()
    found = ApplicabilityDomain.fit(known).assess(known.embedding[:, :1], known.elements[:1])
    parts = []
    for hidden, trained in zip(known.embedding.astype(np.float64), known.trained, strict=True):
        parts.append(np.sum(((hidden[0] - hidden[found.nearest[0, 1]]) / hidden[trained].std(axis=0)) ** 2))
    assert found.distance[0, 1] == pytest.approx(np.sqrt(np.mean(parts)), rel=1e-4)


def test_no_crystal_and_no_held_out_row_are_no_errors():
    known = calibration_set()
    assert len(ApplicabilityDomain.fit(known).assess(known.embedding[:, :0], known.elements[:0]).flagged) == 0
    all_taught = dataclasses.replace(known, trained=np.ones_like(known.trained))
    found = ApplicabilityDomain.fit(all_taught).assess(known.embedding, known.elements)
    assert np.isnan(found.out_of_domain).all()
    assert not found.flagged.any()
