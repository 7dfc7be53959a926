"""The best rows of a screening by a score, in constant memory."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import norm

from paraisite.active_learning.filters import Filters
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.arrays import Floats
from paraisite.errors import ConfigError, DataError
from paraisite.models.estimate import Estimate
from paraisite.schema import KAPPA_LOG10_STD, PREDICTED_KAPPA, interval_columns

SCORE: Final = "score"
DEVIATION: Final = "log10_deviation_dex"
"""Column: standard deviation of log10(kappa) that a row is given, dex."""

_COVERAGE: Final = 0.8
_SAME_WIDTH_DEX: Final = 1e-6

Score = Callable[[pd.DataFrame], Floats]
"""Of rows that have passed, with ``DEVIATION``: higher is better."""


@dataclass(frozen=True)
class PredictiveStd:
    """Standard deviation of log10(kappa) of each row's prediction.

    Intervals of an ensemble have one width for all crystals, calibrated on held-out rows; the deviation over its
    members ranks the crystals by uncertainty, but is no measure of the error's size. So it is rescaled: standard
    deviations are proportional to it, and their root mean square over the rows is that of the intervals. Where widths
    differ from crystal to crystal, they are taken as they are.

    Attributes:
        dex_per_member_dex: Standard deviation per dex of deviation over the members; None where widths differ, or the
            members' deviation is not known.
    """

    dex_per_member_dex: float | None

    @classmethod
    def fit(cls, batches: Iterator[pd.DataFrame]) -> "PredictiveStd":
        """Measure the interval widths and the members' deviations of all rows."""
        n_row, of_widths, of_members, low, high = 0, 0.0, 0.0, np.inf, -np.inf
        for rows in batches:
            width, member_std = convert_width_to_std(rows), rows[KAPPA_LOG10_STD].to_numpy(np.float64)
            n_row += len(rows)
            of_widths, of_members = of_widths + float(width @ width), of_members + float(np.nansum(member_std**2))
            low, high = min(low, width.min(initial=np.inf)), max(high, width.max(initial=-np.inf))
        if not n_row or high - low > _SAME_WIDTH_DEX or of_members == 0:
            return cls(None)
        return cls(float(np.sqrt(of_widths / of_members)))

    def compute(self, rows: pd.DataFrame) -> Floats:
        """Return the rows' deviations, dex, [n_row]."""
        if self.dex_per_member_dex is None:
            return convert_width_to_std(rows)
        return self.dex_per_member_dex * rows[KAPPA_LOG10_STD].to_numpy(np.float64)


def convert_width_to_std(rows: pd.DataFrame) -> Floats:
    """Return the deviation of a normal distribution whose 80 % interval is the rows' own, dex, [n_row]."""
    lower, upper = (np.log10(rows[key].to_numpy(np.float64)) for key in interval_columns(_COVERAGE))
    return np.asarray((upper - lower) / (2.0 * norm.ppf(0.5 + _COVERAGE / 2)))


def make_confidence_score(coverage: float) -> Score:
    """Return the score that prefers the lowest upper end of the intervals that hold a share of new rows."""
    _, upper = interval_columns(coverage)
    return lambda rows: -np.log10(rows[upper].to_numpy(np.float64))


def build_estimate(rows: pd.DataFrame) -> Estimate:
    """Return the predictions of log10(kappa) of rows that have their ``DEVIATION``."""
    return Estimate(np.log10(rows[PREDICTED_KAPPA].to_numpy(np.float64)), rows[DEVIATION].to_numpy(np.float64))


@dataclass(frozen=True, eq=False)
class RankedRows:
    """The best rows.

    Attributes:
        rows: In the order of their score, the best first.
        refused: How many rows each rule has refused.
        n_passed: Rows that have passed all rules.
    """

    rows: pd.DataFrame
    refused: dict[str, int]
    n_passed: int


def measure_predictive_std(screened: ScreenedRows, filters: Filters) -> PredictiveStd:
    """Return the deviations of the rows that pass.

    Raises:
        ConfigError: The screening has no intervals, or a rule asks for a column that it lacks.
    """
    if absent := {*interval_columns(_COVERAGE), KAPPA_LOG10_STD} - set(screened.columns):
        raise ConfigError(f"{screened.folder} has no {', '.join(sorted(absent))}: its model gives no intervals")
    return PredictiveStd.fit(rows for rows, _ in _iterate_passing(screened, filters))


def select_best_rows(
    screened: ScreenedRows, filters: Filters, score: Score, *, deviations: PredictiveStd, n_row: int
) -> RankedRows:
    """Return the rows with the highest scores; of equal ones the first in the screening.

    Args:
        screened: The screening.
        filters: What rows have to be.
        score: Of rows that have passed.
        deviations: As ``measure_predictive_std`` returns them.
        n_row: How many rows at most.

    Raises:
        DataError: No row passes, or the source is not the screening's.
        ConfigError: A rule asks for a column that there is not.
    """
    best: pd.DataFrame | None = None
    refused, n_passed = Counter[str](), 0
    for rows, why in _iterate_passing(screened, filters):
        refused.update(why)
        n_passed += len(rows)
        with_std = rows.assign(**{DEVIATION: deviations.compute(rows)})
        with_std[SCORE] = score(with_std)
        both = with_std if best is None else pd.concat([best, with_std])
        best = both.sort_values(SCORE, ascending=False, kind="stable").head(n_row)
    if best is None or best.empty:
        counts = ", ".join(f"{rule}: {n}" for rule, n in refused.items())
        raise DataError(f"no row of {screened.folder} passes ({counts})")
    return RankedRows(best.reset_index(drop=True), dict(refused), n_passed)


def _iterate_passing(screened: ScreenedRows, filters: Filters) -> Iterator[tuple[pd.DataFrame, dict[str, int]]]:
    extra = list(dict.fromkeys(bound.column for bound in filters.list_source_bounds(screened.columns)))
    for rows in screened.batches(extra):
        yield filters.keep(rows)
