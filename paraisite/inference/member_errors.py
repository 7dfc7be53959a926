"""Errors of one member on rows that it was not fitted on, as a predictor of this member alone would make them."""

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Ints
from paraisite.inference.calibration import Calibration, floored_log10
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.metrics.kappa_errors import compute_kappa_errors
from paraisite.schema import COVERAGES, format_coverage_metric


def measure_member(
    calibration_set: CalibrationSet, *, member: int, calibrated_on: npt.NDArray[np.bool_], rows: Ints
) -> dict[str, float]:
    """Return the errors of one member's values on some rows, and the shares of them that its intervals hold.

    Args:
        calibration_set: The members' predictions.
        member: Number of the member.
        calibrated_on: Rows that the intervals are calibrated on, bool [n_row]; none of those that are measured.
        rows: That are measured, [n].

    Returns:
        Metrics by their names in ``schema``.
    """
    calibration = Calibration.fit(calibration_set, among=calibrated_on)
    of_rows = np.ix_(np.array([member]), rows)
    known = calibration_set.materials.kappa_w_per_m_k[rows]
    std_dex = None if calibration_set.std_dex is None else calibration_set.std_dex[of_rows]
    estimate = calibration.estimate(floored_log10(calibration_set.members_w_per_m_k[of_rows]), std_dex)
    lower, upper = calibration.compute_intervals(estimate)
    inside = (lower <= known) & (known <= upper)
    return compute_kappa_errors(known, calibration.compute_value(estimate), epoch="test") | {
        format_coverage_metric(coverage): float(share)
        for coverage, share in zip(COVERAGES, inside.mean(axis=1), strict=True)
    }
