"""How far the members of each model disagree, and whether that changes from one step of transfer to the next."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import bootstrap, wilcoxon

from paraisite.analysis.correlations import FEWEST, QUANTITY, N, P
from paraisite.analysis.model_predictions import ModelPredictions, select_shared_crystals
from paraisite.errors import ConfigError
from paraisite.metrics.paired_tests import P_HOLM, correct_by_holm
from paraisite.schema import KAPPA_LOG10_STD, KAPPA_VARIANCE, MODEL
from paraisite.training.recipes import InitialWeights, Recipe, find_recipe

STEP: Final = "step"
REFERENCE: Final = "reference"
RATIO: Final = "median_ratio"
RATIO_LOW: Final = "ratio_low"
RATIO_HIGH: Final = "ratio_high"
SHARE_LOWER: Final = "share_lower"
QUANTILES: Final = {"q05": 0.05, "q25": 0.25, "median": 0.5, "q75": 0.75, "q95": 0.95}

MEMBER_VARIANCES: Final = (KAPPA_VARIANCE, KAPPA_LOG10_STD)
"""The paper's var(pTC), which grows with the square of the conductivity, and the log10 deviation, which does not."""

_SUMMARY_COLUMNS: Final = (MODEL, STEP, QUANTITY, N, "mean", *QUANTILES)
_TEST_COLUMNS: Final = (QUANTITY, MODEL, REFERENCE, N, RATIO, RATIO_LOW, RATIO_HIGH, SHARE_LOWER, P, P_HOLM)
_N_RESAMPLE: Final = 999
_SEED: Final = 42


def count_trainings(model: str) -> int | None:
    """Return in how many trainings, one from the other, a recipe was made: 1 from random weights; None if unknown."""
    try:
        start = find_recipe(model).start
    except ConfigError:
        return None
    return _count_earlier(start) + 1


def summarise_member_variances(observed: Sequence[ModelPredictions]) -> pd.DataFrame:
    """Return mean and quantiles of each model's member variances, over all crystals that it has predictions for.

    Returns:
        A row per model and quantity: model, step (None for what is no recipe), quantity, n, mean, q05, q25, median, …
    """
    rows = [
        {MODEL: each.model, STEP: count_trainings(each.model), QUANTITY: quantity}
        | _describe_values(each.quantities[quantity].dropna())
        for each in observed
        for quantity in MEMBER_VARIANCES
        if quantity in each.quantities
    ]
    return pd.DataFrame(rows, columns=list(_SUMMARY_COLUMNS)).astype({STEP: "Int64"})


def compare_member_variances(observed: Sequence[ModelPredictions]) -> pd.DataFrame:
    """Compare the member variances of every two models on the crystals that all models have predictions for.

    With thousands of crystals the smallest difference has a p of nought, so that the ratio is what to read.

    Returns:
        A row per quantity and pair: the median over crystals of the model's value over the reference's, with a 95 %
        bootstrap interval; on which share of crystals it is lower; p of Wilcoxon's signed-rank test on the logarithms,
        and that corrected for the number of pairs. None for models that share fewer than three crystals.
    """
    rows = [
        row
        for quantity in MEMBER_VARIANCES
        for row in _compare_pairs(select_shared_crystals(observed, quantity), quantity)
    ]
    table = pd.DataFrame(rows, columns=[name for name in _TEST_COLUMNS if name != P_HOLM])
    return table.assign(**{P_HOLM: correct_by_holm(table[P].to_numpy(np.float64))})


def _count_earlier(start: InitialWeights | Recipe) -> int:
    if isinstance(start, Recipe):
        return _count_earlier(start.start) + 1
    return 0 if start is InitialWeights.RANDOM else 1


def _describe_values(values: pd.Series) -> dict[str, float]:
    quantiles = {name: float(values.quantile(share)) for name, share in QUANTILES.items()}
    return {N: len(values), "mean": float(values.mean())} | quantiles


def _compare_pairs(variances: pd.DataFrame, quantity: str) -> Iterator[dict[str, Any]]:
    # A variance of zero, of members that agree to the last digit, has no logarithm.
    logs = variances[(variances > 0).all(axis=1)].apply(np.log10)
    if len(logs) < FEWEST:
        return
    for reference, model in combinations(logs.columns, 2):
        difference = (logs[model] - logs[reference]).to_numpy(np.float64)
        low, high = _bootstrap_median(difference)
        ratios = {RATIO: float(np.median(difference)), RATIO_LOW: low, RATIO_HIGH: high}
        yield {QUANTITY: quantity, MODEL: model, REFERENCE: reference, N: len(difference)} | {
            **{name: 10.0**value for name, value in ratios.items()},
            SHARE_LOWER: float(np.mean(difference < 0)),
            P: float(wilcoxon(difference).pvalue) if difference.any() else 1.0,
        }


def _bootstrap_median(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    result = bootstrap(
        (values,), np.median, n_resamples=_N_RESAMPLE, method="percentile", rng=np.random.default_rng(_SEED)
    )
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
