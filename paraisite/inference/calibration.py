"""Intervals of kappa, as wide as the members' errors on rows that they have not learnt from.

A row's estimate is that of the members that have not learnt from it: one to five of nine on the paper's splits. A new
crystal's is that of all members, which is better, so that the intervals are rather too wide. They are honest only for
networks at their last epoch: the best epoch was chosen on the rows that are held out.

Networks give no spread, and all rows have the same. On Togo15, calibrated on one half of the rows and tried on the
other, intervals that grow with the deviation of the members that were held out were no narrower where those are two and
more (90 %: 1.12 to 2.02 dex, constant 1.24, at the same coverage of 0.93), and where there is one it has no deviation.
The deviation of all nine is no choice, although it ranks these errors best: one member that is off among eight that
know the answer is the error. Gaussian processes give every crystal a spread, which the intervals follow.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.inference.calibration_set import Reference
from paraisite.models.estimate import (
    CUT_OFF_COVERAGE,
    Estimate,
    best_tilt,
    half_width,
    interval_of,
    kappa_of,
    median_of,
)
from paraisite.schema import COVERAGES, LOG_FLOOR

_CUT_OFF: Final = COVERAGES.index(CUT_OFF_COVERAGE)


@dataclass(frozen=True)
class Calibration:
    """How far a model is off on rows that some of its members have not learnt from.

    Attributes:
        spread_dex: Root mean square of the errors of log10(kappa).
        half_widths: Half widths in spreads of the intervals for ``schema.COVERAGES``; NaN where the rows are too few.
        n_row: Rows that this rests on.
        tilt: How far below the median the values lie, see ``models.estimate``: chosen on these rows where the members
            give spreads, else 0.
    """

    spread_dex: float
    half_widths: tuple[float, ...]
    n_row: int
    tilt: float = 0.0

    @classmethod
    def of(cls, reference: Reference, *, among: npt.NDArray[np.bool_] | None = None) -> "Calibration":
        """Measure it on the rows that at least one member has not learnt from.

        Args:
            reference: What the members say of them.
            among: Which rows may be looked at, bool [n_row]; by default all.
        """
        held_out = ~reference.trained
        rows = np.flatnonzero(held_out.any(axis=0) & (True if among is None else among))
        if not len(rows):
            return cls(float("nan"), (float("nan"),) * len(COVERAGES), 0)
        logs = log10_of(reference.members_w_per_m_k)[:, rows]
        spreads = None if reference.spread_dex is None else reference.spread_dex[:, rows]
        known = np.log10(reference.materials.kappa_w_per_m_k[rows])
        estimate = combined(logs, spreads, counted=held_out[:, rows])
        rms = float(np.sqrt(np.mean((estimate.mean - known) ** 2)))
        estimate = estimate if spreads is not None else Estimate(estimate.mean, np.full(len(rows), rms))
        widths = tuple(_half_width(estimate, known, coverage=coverage) for coverage in COVERAGES)
        cut_off = widths[_CUT_OFF]
        tilt = best_tilt(estimate, known, half_width=cut_off) if spreads is not None and np.isfinite(cut_off) else 0.0
        return cls(rms, widths, len(rows), tilt)

    def estimate(self, log10_kappa: Floats, spread_dex: Floats | None) -> Estimate:
        """Return the estimates of new crystals; arguments as ``combined`` takes them."""
        found = combined(log10_kappa, spread_dex)
        return found if spread_dex is not None else Estimate(found.mean, np.full(len(found.mean), self.spread_dex))

    def value(self, estimate: Estimate) -> Floats:
        """Return the predictions of kappa, W/m/K, [n_row]."""
        return kappa_of(estimate, tilt=self.tilt, half_width=self.half_widths[_CUT_OFF])

    def intervals(self, estimate: Estimate) -> tuple[Floats, Floats]:
        """Return the ends of the intervals: kappa in W/m/K, each [n_coverage, n_row]."""
        ends = [interval_of(estimate, half_width=width) for width in self.half_widths]
        lower, upper = (np.stack(values) for values in zip(*ends, strict=True))
        return lower, upper


def combined(
    log10_kappa: Floats, spread_dex: Floats | None, *, counted: npt.NDArray[np.bool_] | None = None
) -> Estimate:
    """Return what several members say together.

    Args:
        log10_kappa: Every member's, [n_member, n_row].
        spread_dex: Standard deviations that they give it, same shape; None where they give none.
        counted: Which members count for which row, same shape, at least one for each; by default all.

    Returns:
        The members' equal mixture; without spreads of their own their median, with a spread of zero.
    """
    logs = log10_kappa if counted is None else np.where(counted, log10_kappa, np.nan)
    if spread_dex is None:
        centre: Floats = np.nanmedian(logs, axis=0)
        return Estimate(centre, np.zeros(len(centre)))
    squares = spread_dex**2 if counted is None else np.where(counted, spread_dex**2, np.nan)
    return Estimate(np.nanmean(logs, axis=0), np.sqrt(np.nanmean(squares, axis=0) + np.nanvar(logs, axis=0)))


def median_value(log10_kappa: Floats) -> Floats:
    """Return the median over members [n_member, n_row] of which nothing else is known, kappa in W/m/K, [n_row]."""
    return median_of(combined(log10_kappa, None))


def log10_of(kappa_w_per_m_k: Floats) -> Floats:
    """Return log10(kappa), that of values which no crystal has being raised to ``LOG_FLOOR``; same shape."""
    found: Floats = np.log10(np.maximum(kappa_w_per_m_k, LOG_FLOOR))
    return found


def _half_width(estimate: Estimate, log10_kappa: Floats, *, coverage: float) -> float:
    try:
        return half_width(estimate, log10_kappa, coverage=coverage)
    except DataError:  # too few rows: there is a prediction all the same, without this interval
        return float("nan")
