"""Intervals of kappa, as wide as the members' errors on rows that they were not trained on.

A row's estimate is that of the members that were not trained on it: one to five of nine on the paper's splits. A new
crystal's is that of all members, which is better, so that the intervals are rather too wide. They are honest only for
networks at their last epoch: the best epoch was chosen on the rows that are held out.

Networks predict no standard deviation, and all rows have the same. On Togo15, calibrated on one half of the rows and
tried on the other, intervals that grow with the deviation of the members that were held out were no narrower where
those are two and more (90 %: 1.12 to 2.02 dex, constant 1.24, at the same coverage of 0.93), and where there is one it
has no deviation. The deviation of all nine is no choice, although it ranks these errors best: one member that is off
among eight that were trained on the row is the error. Gaussian processes predict a standard deviation for every
crystal, which the intervals follow.

A model that predicts its own rows without their formulas, and without their structure types, too, is calibrated on
either, and the wider intervals are taken, so that they hold for crystals of known and of unknown types: calibrated on
both together, 90 % intervals came to 86 % on structure types that were held out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.models.estimate import (
    CUT_OFF_COVERAGE,
    Estimate,
    choose_tilt,
    compute_half_width,
    compute_interval,
    compute_kappa,
    compute_median_kappa,
)
from paraisite.schema import COVERAGES, LOG_FLOOR

_CUT_OFF: Final = COVERAGES.index(CUT_OFF_COVERAGE)


@dataclass(frozen=True)
class Calibration:
    """How far a model is off on rows that some of its members were not trained on.

    Attributes:
        std_dex: Root mean square of the errors of log10(kappa).
        half_widths: Half widths of the intervals for ``schema.COVERAGES``, in standard deviations; NaN where the rows
            are too few.
        n_row: Rows that this rests on.
        tilt: How far below the median the values lie, see ``models.estimate``: chosen on these rows where the members
            predict standard deviations and were fitted on splits; else 0, so that the values are medians.
    """

    std_dex: float
    half_widths: tuple[float, ...]
    n_row: int
    tilt: float = 0.0

    @classmethod
    def fit(cls, calibration_set: CalibrationSet, *, among: npt.NDArray[np.bool_] | None = None) -> "Calibration":
        """Measure it on the rows that at least one member was not trained on, but for those that only train.

        Args:
            calibration_set: The members' predictions of them.
            among: Which rows may be used, bool [n_row]; by default all.
        """
        known, estimates = _collect_held_out(calibration_set, among=among)
        if not len(known):
            return cls(float("nan"), (float("nan"),) * len(COVERAGES), 0)
        has_std = calibration_set.std_dex is not None
        rms = float(np.sqrt(np.mean([(estimate.mean - known) ** 2 for estimate in estimates])))
        if not has_std:
            estimates = [Estimate(estimate.mean, np.full(len(known), rms)) for estimate in estimates]
        widths = tuple(
            float(np.max([_half_width(estimate, known, coverage=coverage) for estimate in estimates]))
            for coverage in COVERAGES
        )
        cut_off = widths[_CUT_OFF]
        tilted = has_std and np.isfinite(cut_off) and not calibration_set.is_left_out
        tilt = _choose_tilt(estimates, known, half_width=cut_off) if tilted else 0.0
        return cls(rms, widths, len(known), tilt)

    def estimate(self, log10_kappa: Floats, std_dex: Floats | None) -> Estimate:
        """Return the estimates of new crystals; arguments as ``combine_members`` takes them."""
        estimate = combine_members(log10_kappa, std_dex)
        return estimate if std_dex is not None else Estimate(estimate.mean, np.full(len(estimate.mean), self.std_dex))

    def describe(self) -> dict[str, float | list[float]]:
        """Return the calibration as a card of a predictor holds it, by the keys of the first versions."""
        return {
            "spread_dex": self.std_dex,
            "half_widths": list(self.half_widths),
            "n_row": self.n_row,
            "tilt": self.tilt,
        }

    def compute_value(self, estimate: Estimate) -> Floats:
        """Return the predictions of kappa whose errors a model's card tells, W/m/K, [n_row].

        Where there is a tilt they are lowered, as published percentage errors reward; what is shown is the median.
        """
        return compute_kappa(estimate, tilt=self.tilt, half_width=self.half_widths[_CUT_OFF])

    def compute_lowered_value(self, estimate: Estimate, calibration_set: CalibrationSet) -> Floats:
        """Return the predictions of kappa with the least expected percentage error, W/m/K, [n_row].

        Where values are medians they are another estimate, for comparison with what is published as a MAPE.

        Args:
            estimate: Of new crystals.
            calibration_set: What this was measured on, with standard deviations: there the tilt is chosen.
        """
        known, held_out = _collect_held_out(calibration_set)
        cut_off = self.half_widths[_CUT_OFF]
        tilt = _choose_tilt(held_out, known, half_width=cut_off)
        return compute_kappa(estimate, tilt=tilt, half_width=cut_off)

    def compute_intervals(self, estimate: Estimate) -> tuple[Floats, Floats]:
        """Return the ends of the intervals: kappa in W/m/K, each [n_coverage, n_row]."""
        ends = [compute_interval(estimate, half_width=width) for width in self.half_widths]
        lower, upper = (np.stack(values) for values in zip(*ends, strict=True))
        return lower, upper


def _collect_held_out(
    calibration_set: CalibrationSet, *, among: npt.NDArray[np.bool_] | None = None
) -> tuple[Floats, list[Estimate]]:
    """Return log10 of the known kappa, W/m/K, of the rows that calibrate, and their estimates: of one kind, or of two.

    They are those that at least one member was not trained on, but for those that only train. A model that predicts its
    own rows without their formulas and without their types, too, gives two estimates of each.
    """
    held_out = ~calibration_set.trained
    trains_only = calibration_set.materials.trains_only
    measured = held_out.any(axis=0) if trains_only is None else held_out.any(axis=0) & ~trains_only
    rows = np.flatnonzero(measured & (True if among is None else among))
    known = np.log10(calibration_set.materials.kappa_w_per_m_k[rows])
    if not len(rows):
        return known, []
    logs = floored_log10(calibration_set.members_w_per_m_k)[:, rows]
    std = None if calibration_set.std_dex is None else calibration_set.std_dex[:, rows]
    if calibration_set.is_left_out and std is not None:
        return known, [Estimate(*each) for each in zip(logs, std, strict=True)]
    return known, [combine_members(logs, std, counted=held_out[:, rows])]


def _choose_tilt(estimates: Sequence[Estimate], known: Floats, *, half_width: float) -> float:
    """Return the tilt for all estimates of the same rows together."""
    mean, std = (np.concatenate([getattr(each, name) for each in estimates]) for name in ("mean", "std"))
    return choose_tilt(Estimate(mean, std), np.tile(known, len(estimates)), half_width=half_width)


def combine_members(
    log10_kappa: Floats, std_dex: Floats | None, *, counted: npt.NDArray[np.bool_] | None = None
) -> Estimate:
    """Return the estimate that several members' predictions make together.

    Args:
        log10_kappa: Every member's, [n_member, n_row].
        std_dex: Their standard deviations, same shape; None where they predict none.
        counted: Which members count for which row, same shape, at least one for each; by default all.

    Returns:
        The members' equal mixture; without standard deviations their median, with one of zero.
    """
    logs = log10_kappa if counted is None else np.where(counted, log10_kappa, np.nan)
    if std_dex is None:
        centre: Floats = np.nanmedian(logs, axis=0)
        return Estimate(centre, np.zeros(len(centre)))
    squares = std_dex**2 if counted is None else np.where(counted, std_dex**2, np.nan)
    return Estimate(np.nanmean(logs, axis=0), np.sqrt(np.nanmean(squares, axis=0) + np.nanvar(logs, axis=0)))


def compute_member_median(log10_kappa: Floats) -> Floats:
    """Return the median over members [n_member, n_row] that have no calibration, kappa in W/m/K, [n_row]."""
    return compute_median_kappa(combine_members(log10_kappa, None))


def floored_log10(kappa_w_per_m_k: Floats) -> Floats:
    """Return log10(kappa), values below those of any crystal being raised to ``LOG_FLOOR``; same shape."""
    log10_kappa: Floats = np.log10(np.maximum(kappa_w_per_m_k, LOG_FLOOR))
    return log10_kappa


def _half_width(estimate: Estimate, log10_kappa: Floats, *, coverage: float) -> float:
    try:
        return compute_half_width(estimate, log10_kappa, coverage=coverage)
    except DataError:  # too few rows: there is a prediction all the same, without this interval
        return float("nan")
