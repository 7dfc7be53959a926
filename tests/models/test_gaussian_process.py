"""What a fit has found is enough to build the same processes again."""

import numpy as np

from paraisite.models.gaussian_process import N_KERNEL, FittedProcesses, fit_gaussian_process

RNG = np.random.default_rng(4)
TRAIN, ROWS = RNG.normal(size=(30, 3)), RNG.normal(size=(8, 3))
VALUES = TRAIN[:, 0] - 0.5 * TRAIN[:, 1] ** 2


def test_processes_come_back_from_their_settings() -> None:
    found = FittedProcesses.fit(TRAIN, VALUES)
    again = FittedProcesses.fit(TRAIN, VALUES, settings=found.settings)
    assert len(found.settings) == N_KERNEL
    for name in ("mean", "std"):
        np.testing.assert_array_equal(getattr(again.estimate(ROWS), name), getattr(found.estimate(ROWS), name))


def test_settings_are_searched_where_none_are_given() -> None:
    first = [np.zeros_like(settings) for settings in FittedProcesses.fit(TRAIN, VALUES).settings]
    plain = FittedProcesses.fit(TRAIN, VALUES, settings=first)
    searched = fit_gaussian_process(TRAIN, VALUES, ROWS)
    truth = ROWS[:, 0] - 0.5 * ROWS[:, 1] ** 2
    assert np.abs(searched.mean - truth).mean() < np.abs(plain.estimate(ROWS).mean - truth).mean()


def test_no_rows_give_no_estimates() -> None:
    # Of files none of which can be read, no crystal is left; `predict` ended in scikit-learn's refusal.
    estimate = fit_gaussian_process(TRAIN, VALUES, ROWS[:0])
    assert estimate.mean.shape == estimate.std.shape == (0,)
