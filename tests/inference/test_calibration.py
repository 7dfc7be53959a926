"""Intervals hold the share of new rows that they promise, whatever the members predict for their training rows."""

import dataclasses

import numpy as np
import numpy.typing as npt
import pytest

from paraisite.arrays import Floats
from paraisite.inference.calibration import Calibration, combine_members
from paraisite.schema import COVERAGES
from tests.inference.known_predictors import planted_calibration_set, trained_mask

N_MEMBER, N_ROW, ERROR_DEX = 9, 300, 0.25
SEEDS = range(1, N_MEMBER + 1)


def planted(rng: np.random.Generator) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return values, members that share one error on rows that they were not trained on, and their training rows."""
    kappa = 10 ** rng.normal(1.2, 0.7, N_ROW)
    trained = trained_mask(N_MEMBER, N_ROW, seeds=SEEDS)
    error = np.where(trained, 0.0, rng.normal(0.0, ERROR_DEX, N_ROW))
    return kappa, kappa * 10**error, trained


def test_new_rows_lie_in_the_intervals_as_often_as_promised():
    rng = np.random.default_rng(11)
    held = []
    for _ in range(20):
        calibration = Calibration.fit(planted_calibration_set(*planted(rng)))
        new = 10 ** rng.normal(1.2, 0.7, 2000)
        lower, upper = calibration.compute_intervals(
            calibration.estimate((np.log10(new) + rng.normal(0.0, ERROR_DEX, len(new)))[None], None)
        )
        held.append(((lower <= new) & (new <= upper)).mean(axis=1))
    np.testing.assert_allclose(np.mean(held, axis=0), COVERAGES, atol=0.02)
    assert calibration.std_dex == pytest.approx(ERROR_DEX, rel=0.15)


def test_rows_that_all_members_were_trained_on_do_not_count():
    kappa, members, trained = planted(np.random.default_rng(3))
    trained[:, :40] = True
    members[:, :40] *= 1000.0
    calibration = Calibration.fit(planted_calibration_set(kappa, members, trained))
    assert calibration.n_row == np.sum(~trained.all(axis=0))
    assert calibration.std_dex < 2 * ERROR_DEX


def test_of_two_kinds_of_left_out_predictions_the_wider_intervals_are_taken():
    """So that they hold for crystals of unknown structure types, which are off further, as for those of known ones."""
    rng = np.random.default_rng(5)
    kappa = 10 ** rng.normal(1.2, 0.7, N_ROW)
    spread = np.array([[0.1], [0.3]])  # without the formula, and without the structure type, too
    members = kappa * 10 ** (spread * rng.normal(size=(2, N_ROW)))
    both, first, second = (
        Calibration.fit(
            planted_calibration_set(
                kappa, members[some], np.zeros((len(some), N_ROW), np.bool_), std_dex=np.full((len(some), N_ROW), 0.1)
            )
        )
        for some in ([0, 1], [0], [1])
    )
    assert both.half_widths == second.half_widths
    assert both.half_widths > first.half_widths
    assert (both.n_row, both.tilt) == (N_ROW, 0.0)


def test_wider_intervals_hold_narrower_ones():
    calibration = Calibration.fit(planted_calibration_set(*planted(np.random.default_rng(3))))
    lower, upper = calibration.compute_intervals(calibration.estimate(np.array([[0.0, 1.5]]), None))
    assert lower.shape == upper.shape == (len(COVERAGES), 2)
    assert (np.diff(lower, axis=0) < 0).all()
    assert (np.diff(upper, axis=0) > 0).all()
    np.testing.assert_allclose(np.sqrt(lower * upper), [[1.0, 10**1.5]] * len(COVERAGES))


def test_an_interval_that_the_rows_are_too_few_for_is_not_a_number():
    kappa, members, trained = planted(np.random.default_rng(3))
    few = Calibration.fit(planted_calibration_set(kappa[:4], members[:, :4], np.zeros((N_MEMBER, 4), np.bool_)))
    assert np.isfinite(few.half_widths).tolist() == [True, True, False]
    none = Calibration.fit(planted_calibration_set(kappa, members, np.ones_like(trained)))
    assert (none.n_row, np.isnan(none.half_widths).all()) == (0, True)


def test_a_card_holds_all_of_it_by_the_keys_that_shipped_cards_have():
    calibration = Calibration(std_dex=0.2, half_widths=(0.7, 1.3, 1.7), n_row=95, tilt=0.5)
    described = {"spread_dex": 0.2, "half_widths": [0.7, 1.3, 1.7], "n_row": 95, "tilt": 0.5}
    assert calibration.describe() == described
    assert list(described) == ["spread_dex", *list(dataclasses.asdict(calibration))[1:]]


def test_intervals_follow_the_members_std_and_values_lie_below_the_median():
    rng = np.random.default_rng(7)
    std = np.tile(rng.choice([0.1, 0.5], N_ROW), (N_MEMBER, 1))
    kappa, trained = 10 ** rng.normal(1.2, 0.7, N_ROW), trained_mask(N_MEMBER, N_ROW, seeds=SEEDS)
    members = np.tile(kappa * 10 ** (std[0] * rng.normal(size=N_ROW)), (N_MEMBER, 1))
    calibration = Calibration.fit(planted_calibration_set(kappa, members, trained, std_dex=std))
    assert calibration.half_widths[2] == pytest.approx(1.645, rel=0.2)
    assert calibration.tilt > 0
    estimate = calibration.estimate(np.ones((2, 2)), np.array([[0.1, 0.5], [0.1, 0.5]]))
    lower, upper = calibration.compute_intervals(estimate)
    np.testing.assert_allclose(np.log10(upper[:, 1] / lower[:, 1]), 5 * np.log10(upper[:, 0] / lower[:, 0]))
    assert (lower[2] < calibration.compute_value(estimate)).all()
    assert (calibration.compute_value(estimate) < 10.0).all()


def test_members_that_disagree_make_a_wider_estimate():
    found = combine_members(np.array([[0.0, 1.0], [0.0, 3.0]]), np.full((2, 2), 0.3))
    np.testing.assert_allclose(found.mean, [0.0, 2.0])
    np.testing.assert_allclose(found.std, [0.3, np.sqrt(0.09 + 1.0)])


def test_rows_that_may_not_be_looked_at_do_not_count():
    kappa, members, trained = planted(np.random.default_rng(3))
    among = np.arange(N_ROW) >= 40
    members[:, :40] *= 1000.0
    calibration = Calibration.fit(planted_calibration_set(kappa, members, trained), among=among)
    assert calibration.std_dex < 2 * ERROR_DEX


def test_rows_that_only_train_are_not_measured():
    """Low values of a test set of low values are overestimated by any model: intervals must not see that."""
    kappa, members, trained = planted(np.random.default_rng(3))
    plain = planted_calibration_set(kappa, members, trained)
    trains_only = np.arange(N_ROW) < 100
    biased = planted_calibration_set(kappa, np.where(trains_only, 10.0 * members, members), trained)
    materials = dataclasses.replace(biased.materials, trains_only=trains_only)
    calibration = Calibration.fit(dataclasses.replace(biased, materials=materials))
    assert calibration == Calibration.fit(plain, among=~trains_only)
    assert calibration.n_row < Calibration.fit(biased).n_row
    assert calibration.std_dex < 0.6 * Calibration.fit(biased).std_dex
