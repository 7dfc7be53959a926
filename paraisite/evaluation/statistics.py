"""Whether one recipe beats another on the same random splits.

The splits share most of their rows, so their differences are not independent and the ordinary paired t-test finds
differences that are not there. The corrected resampled t-test replaces the variance's 1/J by 1/J + n_test/n_train.

Source: Nadeau & Bengio, Machine Learning 52, 239 (2003), 10.1023/A:1024068626366, section 3.2.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import t as student_t

from paraisite.errors import DataError

DIFFERENCE: Final = "difference"
DIFFERENCE_LOW: Final = "difference_low"
DIFFERENCE_HIGH: Final = "difference_high"
P_TWO_SIDED: Final = "p_two_sided"


@dataclass(frozen=True)
class PairedComparison:
    """A candidate against a reference on the same splits; differences are candidate minus reference.

    Attributes:
        n_pair: Splits on which both have a finite value.
        mean_difference: Mean difference, in the metric's unit.
        std_difference: Sample standard deviation of the differences.
        effect_size: Mean difference over the standard deviation of the differences (Cohen's d_z); 0 if both are 0.
        t_statistic: Corrected t.
        p_two_sided: Chance of a difference at least this large in either direction if there were none.
        p_lower: Chance of a candidate at least this much *lower* if there were no difference.
        interval_low: Lower end of the 95 % confidence interval of the mean difference.
        interval_high: Upper end of it.
    """

    n_pair: int
    mean_difference: float
    std_difference: float
    effect_size: float
    t_statistic: float
    p_two_sided: float
    p_lower: float
    interval_low: float
    interval_high: float


def compare_paired(candidate: pd.Series, reference: pd.Series, *, n_test_over_n_train: float) -> PairedComparison:
    """Compare two recipes by one metric over the splits they share.

    Args:
        candidate: The metric of each split (index split_seed).
        reference: The same of the recipe to beat.
        n_test_over_n_train: Rows held out per row trained on (0.25 for 80/20 splits); 0 gives the ordinary paired test.

    Returns:
        The comparison over the splits on which both are finite.

    Raises:
        DataError: The splits differ, or fewer than two of them are finite in both.
    """
    if sorted(candidate.index) != sorted(reference.index):
        raise DataError(
            f"a paired comparison needs the same splits, found {sorted(candidate.index)} and {sorted(reference.index)}"
        )
    difference = (candidate - reference.loc[candidate.index]).to_numpy(dtype=np.float64)
    difference = difference[np.isfinite(difference)]
    if len(difference) < 2:
        raise DataError(f"a paired comparison needs two splits with finite values, found {len(difference)}")
    mean, std = float(difference.mean()), float(difference.std(ddof=1))
    return _corrected_t_test(mean, std, n_pair=len(difference), n_test_over_n_train=n_test_over_n_train)


def differences_table(values: pd.DataFrame, *, reference: str, n_test_over_n_train: float) -> pd.DataFrame:
    """Compare each model with one of them; every comparison stands alone, nothing corrects for their number.

    Args:
        values: A metric of each split (index split_seed) and model (column).
        reference: The model to beat.
        n_test_over_n_train: As ``compare_paired``.

    Returns:
        Index model; mean difference in the metric's unit, the ends of its 95 % interval, and the two-sided p. The
        reference's own row is NaN.

    Raises:
        DataError: As ``compare_paired``.
    """
    rows = {}
    for model in values.columns.drop(reference):
        found = compare_paired(values[model], values[reference], n_test_over_n_train=n_test_over_n_train)
        rows[model] = {
            DIFFERENCE: found.mean_difference,
            DIFFERENCE_LOW: found.interval_low,
            DIFFERENCE_HIGH: found.interval_high,
            P_TWO_SIDED: found.p_two_sided,
        }
    columns = [DIFFERENCE, DIFFERENCE_LOW, DIFFERENCE_HIGH, P_TWO_SIDED]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).reindex(values.columns)


def _corrected_t_test(mean: float, std: float, *, n_pair: int, n_test_over_n_train: float) -> PairedComparison:
    standard_error = std * float(np.sqrt(1.0 / n_pair + n_test_over_n_train))
    # Equal differences everywhere leave no spread: no difference is then t = 0, any other one is certain.
    statistic = _ratio(mean, standard_error)
    degrees_of_freedom = n_pair - 1
    margin = float(student_t.ppf(0.975, degrees_of_freedom)) * standard_error
    return PairedComparison(
        n_pair=n_pair,
        mean_difference=mean,
        std_difference=std,
        effect_size=_ratio(mean, std),
        t_statistic=statistic,
        p_two_sided=float(2.0 * student_t.sf(abs(statistic), degrees_of_freedom)),
        p_lower=float(student_t.cdf(statistic, degrees_of_freedom)),
        interval_low=mean - margin,
        interval_high=mean + margin,
    )


def _ratio(mean: float, spread: float) -> float:
    if spread > 0:
        return mean / spread
    return 0.0 if mean == 0 else float(np.copysign(np.inf, mean))
