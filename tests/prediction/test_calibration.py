"""Intervals hold the share of new rows that they promise, whatever the members say of what they have learnt."""

import numpy as np
import numpy.typing as npt
import pytest

from paraisite.prediction.calibration import Calibration
from paraisite.schema import COVERAGES
from tests.prediction.planted import planted_reference, trained_mask

N_MEMBER, N_ROW, ERROR_DEX = 9, 300, 0.25
SEEDS = range(1, N_MEMBER + 1)

Floats = npt.NDArray[np.float64]


def planted(rng: np.random.Generator) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Return values, members that share one error on rows they have not learnt from, and who has learnt from what."""
    kappa = 10 ** rng.normal(1.2, 0.7, N_ROW)
    trained = trained_mask(N_MEMBER, N_ROW, seeds=SEEDS)
    error = np.where(trained, 0.0, rng.normal(0.0, ERROR_DEX, N_ROW))
    return kappa, kappa * 10**error, trained


def test_new_rows_lie_in_the_intervals_as_often_as_promised():
    rng = np.random.default_rng(11)
    held = []
    for _ in range(20):
        calibration = Calibration.of(planted_reference(*planted(rng)))
        new = 10 ** rng.normal(1.2, 0.7, 2000)
        lower, upper = calibration.intervals(np.log10(new) + rng.normal(0.0, ERROR_DEX, len(new)))
        held.append(((lower <= new) & (new <= upper)).mean(axis=1))
    np.testing.assert_allclose(np.mean(held, axis=0), COVERAGES, atol=0.02)
    assert calibration.spread_dex == pytest.approx(ERROR_DEX, rel=0.15)


def test_rows_that_all_members_have_learnt_from_do_not_count():
    kappa, members, trained = planted(np.random.default_rng(3))
    trained[:, :40] = True
    members[:, :40] *= 1000.0
    calibration = Calibration.of(planted_reference(kappa, members, trained))
    assert calibration.n_row == np.sum(~trained.all(axis=0))
    assert calibration.spread_dex < 2 * ERROR_DEX


def test_wider_intervals_hold_narrower_ones():
    lower, upper = Calibration.of(planted_reference(*planted(np.random.default_rng(3)))).intervals(np.array([0.0, 1.5]))
    assert lower.shape == upper.shape == (len(COVERAGES), 2)
    assert (np.diff(lower, axis=0) < 0).all()
    assert (np.diff(upper, axis=0) > 0).all()
    np.testing.assert_allclose(np.sqrt(lower * upper), [[1.0, 10**1.5]] * len(COVERAGES))


def test_an_interval_that_the_rows_are_too_few_for_is_not_a_number():
    kappa, members, trained = planted(np.random.default_rng(3))
    few = Calibration.of(planted_reference(kappa[:4], members[:, :4], np.zeros((N_MEMBER, 4), np.bool_)))
    assert np.isfinite(few.half_widths).tolist() == [True, True, False]
    none = Calibration.of(planted_reference(kappa, members, np.ones_like(trained)))
    assert (none.n_row, np.isnan(none.half_widths).all()) == (0, True)
