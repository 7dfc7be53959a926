"""Whether one recipe beats another on the same random splits.

The splits share most of their rows, so their differences are not independent and the ordinary paired t-test finds
differences that are not there. The corrected resampled t-test replaces the variance's 1/J by 1/J + n_test/n_train.

Source: Nadeau & Bengio, Machine Learning 52, 239 (2003), 10.1023/A:1024068626366, section 3.2.
"""

from dataclasses import asdict, dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import t as student_t

from paraisite import schema
from paraisite.errors import DataError
from paraisite.schema import MODEL, SEED

REFERENCE: Final = "reference"
P_HOLM: Final = "p_holm"


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


def _corrected_t_test(mean: float, std: float, *, n_pair: int, n_test_over_n_train: float) -> PairedComparison:
    standard_error = std * float(np.sqrt(1.0 / n_pair + n_test_over_n_train))
    # Equal differences everywhere leave no variance: no difference is then t = 0, any other one is certain.
    statistic = _divide_by_std(mean, standard_error)
    degrees_of_freedom = n_pair - 1
    margin = float(student_t.ppf(0.975, degrees_of_freedom)) * standard_error
    return PairedComparison(
        n_pair=n_pair,
        mean_difference=mean,
        std_difference=std,
        effect_size=_divide_by_std(mean, std),
        t_statistic=statistic,
        p_two_sided=float(2.0 * student_t.sf(abs(statistic), degrees_of_freedom)),
        p_lower=float(student_t.cdf(statistic, degrees_of_freedom)),
        interval_low=mean - margin,
        interval_high=mean + margin,
    )


def _divide_by_std(mean: float, std: float) -> float:
    if std > 0:
        return mean / std
    return 0.0 if mean == 0 else float(np.copysign(np.inf, mean))


def compare_models(scores: pd.DataFrame, *, n_test_over_n_train: float, reference: str | None = None) -> pd.DataFrame:
    """Compare every model's MAPE with one model's, over splits, each split's value being its mean over seeds.

    The best model is best partly by chance on these splits: differences from it are a little too large.

    Args:
        scores: As ``scores.tabulate_scores`` returns them.
        n_test_over_n_train: Rows held out per row trained on, of the splits.
        reference: A model; by default the one with the lowest mean.

    Returns:
        One row per other model (index): the reference, the fields of ``PairedComparison`` (NaN with fewer than two
        splits), and ``p_holm``, its two-sided p corrected for the number of models.

    Raises:
        DataError: The reference is not among the models.
    """
    values = {
        str(model): pivot_by_split_and_seed(group, schema.MAPE_TEST).mean(axis=1)
        for model, group in scores.groupby(MODEL, sort=False)
    }
    best = str(scores.groupby(MODEL)[schema.MAPE_TEST].mean().idxmin()) if reference is None else reference
    if best not in values:
        raise DataError(f"no model {best!r} to compare with; there are {', '.join(values)}")
    rows = {
        model: {REFERENCE: best} | _compare_or_nan(of_model, values[best], n_test_over_n_train=n_test_over_n_train)
        for model, of_model in values.items()
        if model != best
    }
    columns = [REFERENCE, *(field.name for field in fields(PairedComparison))]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(MODEL)
    table[P_HOLM] = correct_by_holm(table["p_two_sided"].to_numpy(np.float64))
    return table


def _compare_or_nan(candidate: pd.Series, reference: pd.Series, *, n_test_over_n_train: float) -> dict[str, float]:
    n_pair = int(np.isfinite(candidate - reference).sum())
    if n_pair < 2:
        return {field.name: float("nan") for field in fields(PairedComparison)} | {"n_pair": n_pair}
    return asdict(compare_paired(candidate, reference, n_test_over_n_train=n_test_over_n_train))


def correct_by_holm(p_values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return p-values corrected for their number: of m, the i-th smallest times m + 1 - i, never falling, at most 1.

    NaN stays NaN and is not counted.

    Source: Holm, Scand. J. Stat. 6, 65 (1979), https://www.jstor.org/stable/4615733.
    """
    corrected = np.full(len(p_values), np.nan)
    order = np.argsort(p_values)[: int(np.isfinite(p_values).sum())]  # NaN comes last
    factors = np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1.0)
    return corrected


def pivot_by_split_and_seed(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return one model's metric, a row per split (index split_seed) and a column per seed."""
    return scores.pivot_table(index=schema.SPLIT_SEED, columns=SEED, values=metric, dropna=False)
