"""Intervals of kappa, as wide as the members' errors on rows that they have not learnt from.

A row's centre is the median, in the logarithm, of the members that have not learnt from it: one to five of nine on the
paper's splits. A new crystal's is that of all members, which is better, so that the intervals are rather too wide. They
are honest only for members at their last epoch: the best epoch was chosen on the rows that are held out.

All rows have the same spread. On Togo15, calibrated on one half of the rows and tried on the other, intervals that grow
with the deviation of the members that were held out were no narrower where those are two and more (90 %: 1.12 to 2.02
dex, constant 1.24, at the same coverage of 0.93), and where there is one it has no deviation. The deviation of all nine
is no choice, although it ranks these errors best: one member that is off among eight that know the answer is the error.
"""

from dataclasses import dataclass

import numpy as np

from paraisite.errors import DataError
from paraisite.evaluation.crossfit import Estimate, Floats
from paraisite.evaluation.metrics import LOG_FLOOR
from paraisite.evaluation.point import half_width, interval_of
from paraisite.prediction.reference import Reference
from paraisite.schema import COVERAGES


@dataclass(frozen=True)
class Calibration:
    """How far an ensemble is off on rows that some of its members have not learnt from.

    Attributes:
        spread_dex: Root mean square of the errors of log10(kappa).
        half_widths: Half widths in spreads of the intervals for ``schema.COVERAGES``; NaN where the rows are too few.
        n_row: Rows that this rests on.
    """

    spread_dex: float
    half_widths: tuple[float, ...]
    n_row: int

    @classmethod
    def of(cls, reference: Reference) -> "Calibration":
        """Measure it on the rows that at least one member has not learnt from."""
        held_out = ~reference.trained
        rows = np.flatnonzero(held_out.any(axis=0))
        if not len(rows):
            return cls(float("nan"), (float("nan"),) * len(COVERAGES), 0)
        logs = log10_of(reference.members_w_per_m_k)[:, rows]
        centre = np.nanmedian(np.where(held_out[:, rows], logs, np.nan), axis=0)
        known = np.log10(reference.materials.kappa_w_per_m_k[rows])
        spread = float(np.sqrt(np.mean((centre - known) ** 2)))
        estimate = Estimate(centre, np.full(len(rows), spread))
        widths = tuple(_half_width(estimate, known, coverage=coverage) for coverage in COVERAGES)
        return cls(spread, widths, len(rows))

    def intervals(self, log10_kappa: Floats) -> tuple[Floats, Floats]:
        """Return the ends of the intervals around centres [n_row]: kappa in W/m/K, each [n_coverage, n_row]."""
        estimate = Estimate(log10_kappa, np.full(len(log10_kappa), self.spread_dex))
        ends = [interval_of(estimate, half_width=width) for width in self.half_widths]
        lower, upper = (np.stack(values) for values in zip(*ends, strict=True))
        return lower, upper


def log10_of(kappa_w_per_m_k: Floats) -> Floats:
    """Return log10(kappa), that of values which no crystal has being raised to ``LOG_FLOOR``; same shape."""
    found: Floats = np.log10(np.maximum(kappa_w_per_m_k, LOG_FLOOR))
    return found


def _half_width(estimate: Estimate, log10_kappa: Floats, *, coverage: float) -> float:
    try:
        return half_width(estimate, log10_kappa, coverage=coverage)
    except DataError:  # too few rows: there is a prediction all the same, without this interval
        return float("nan")
