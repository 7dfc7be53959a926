"""How errors change where test rows share a formula or a structure with rows of the training set: leakage.

The groups of ``data.datasets.shared_materials`` are compared by their MAPE in W/m/K. Where enough splits hold both
groups, the comparison is paired over the splits; elsewhere materials are resampled. A group of few materials gets no
number.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import bootstrap

from paraisite import schema
from paraisite.arrays import Floats, Ints
from paraisite.data.datasets.shared_materials import N_ROW, N_TOTAL, NOTHING, RELATION, RELATIONS
from paraisite.evaluation.row_errors import ERROR
from paraisite.metrics.paired_tests import compare_paired
from paraisite.schema import MODEL

MIN_MATERIALS: Final = 5
"""Groups with fewer are not measured."""

# Columns of a table of groups, besides MODEL and RELATION.
N_MATERIAL: Final = "n_material"
MAPE: Final = "mape"
MAPE_OF_ALL: Final = "mape_of_all"
BESIDE: Final = "beside"
MAPE_BESIDE: Final = "mape_beside"
DIFFERENCE: Final = "difference"
DIFFERENCE_LOW: Final = "difference_low"
DIFFERENCE_HIGH: Final = "difference_high"
P_VALUE: Final = "p_value"
HOW: Final = "how"

GROUP_COLUMNS: Final = (
    N_MATERIAL,
    MAPE,
    MAPE_OF_ALL,
    BESIDE,
    MAPE_BESIDE,
    DIFFERENCE,
    DIFFERENCE_LOW,
    DIFFERENCE_HIGH,
    P_VALUE,
    HOW,
)

_MIN_SPLITS: Final = 3
_LEVEL: Final = 0.95
_N_RESAMPLE: Final = 2000


def count_training_rows(tested: Sequence[str], training: Sequence[str]) -> Ints:
    """Return how many training rows each tested row shares its formula with, [n_tested].

    Args:
        tested: Reduced formulas of the tested rows.
        training: Of the training rows.
    """
    n_training = Counter(training)
    return np.array([n_training[formula] for formula in tested], np.int64)


def compare_relations(errors: pd.DataFrame, n_row: int) -> pd.DataFrame:
    """Return the MAPE of each model and group, beside that of the rows which share nothing.

    Args:
        errors: With the column relation.
        n_row: Rows of the data set.

    Returns:
        One row per model and relation: numbers of tested rows (over all splits) and of materials, MAPE, and where both
        groups hold ``MIN_MATERIALS`` materials what it is beside, the difference with its 95 % interval, and ``how``:
        what was counted, or why there is no number.
    """

    def beside_nothing(own: pd.DataFrame, group: pd.DataFrame) -> dict[str, Any]:
        nothing = own[own[RELATION] == NOTHING]
        if group.index.equals(nothing.index):
            return {}
        n_test = len(own) / own[schema.SPLIT_SEED].nunique()
        return _compare_with_unrelated(group, nothing, n_test_over_n_train=n_test / (n_row - n_test))

    return _tabulate_groups(errors, beside_nothing)


def compare_same_materials(errors: pd.DataFrame, others: pd.DataFrame, *, beside: str) -> pd.DataFrame:
    """Return the MAPE of each model and group beside that of the same materials elsewhere, resampling materials.

    Args:
        errors: With the column relation.
        others: Errors of the same models, e.g. under a protocol in which no row shares a formula.
        beside: What the others are, for people.

    Returns:
        Columns as ``compare_relations`` has them.
    """

    def beside_elsewhere(own: pd.DataFrame, group: pd.DataFrame) -> dict[str, Any]:
        elsewhere = others[others[MODEL] == own[MODEL].iloc[0]]
        pairs = pd.concat(
            {MAPE: _average_by_material(group), MAPE_BESIDE: _average_by_material(elsewhere)}, axis=1, join="inner"
        )
        return _compare_by_material(pairs, beside=beside)

    return _tabulate_groups(errors, beside_elsewhere)


def _tabulate_groups(
    errors: pd.DataFrame, compared: Callable[[pd.DataFrame, pd.DataFrame], Mapping[str, Any]]
) -> pd.DataFrame:
    """Return one line per model and relation, with the comparison of the group's errors."""
    lines = []
    for model, own in errors.groupby(MODEL, sort=False):
        for relation in RELATIONS:
            group = own[own[RELATION] == relation]
            alone = {MODEL: model, RELATION: relation, N_TOTAL: len(own), MAPE_OF_ALL: own[ERROR].mean()}
            lines.append(alone | _measure_group(group) | dict(compared(own, group)))
    return pd.DataFrame(lines, columns=[MODEL, RELATION, N_ROW, N_TOTAL, *GROUP_COLUMNS])


def _measure_group(group: pd.DataFrame) -> dict[str, Any]:
    """Return a group's counts and MAPE."""
    n_material = group[schema.ROW].nunique()
    few = n_material < MIN_MATERIALS
    return {
        N_ROW: len(group),
        N_MATERIAL: n_material,
        MAPE: np.nan if few else group[ERROR].mean(),
        HOW: _describe_too_few(n_material) if few else "",
    }


def _describe_too_few(n_material: int) -> str:
    return f"only {n_material} material{'s' * (n_material > 1)}" if n_material else "no row"


def _compare_with_unrelated(
    group: pd.DataFrame, nothing: pd.DataFrame, *, n_test_over_n_train: float
) -> dict[str, Any]:
    """Compare a group with the rows that share nothing; both MAPE are of the rows that were compared."""
    n_group, n_nothing = (each[schema.ROW].nunique() for each in (group, nothing))
    if n_group < MIN_MATERIALS:
        return {}
    if n_nothing < MIN_MATERIALS:
        return {HOW: f"only {n_nothing} materials share nothing"}
    splits = pd.concat({MAPE: _average_by_split(group), MAPE_BESIDE: _average_by_split(nothing)}, axis=1, join="inner")
    if len(splits) < _MIN_SPLITS:
        return _compare_unpaired(_average_by_material(group), _average_by_material(nothing))
    comparison = compare_paired(splits[MAPE], splits[MAPE_BESIDE], n_test_over_n_train=n_test_over_n_train)
    return {
        BESIDE: NOTHING,
        MAPE: splits[MAPE].mean(),
        MAPE_BESIDE: splits[MAPE_BESIDE].mean(),
        DIFFERENCE: comparison.mean_difference,
        DIFFERENCE_LOW: comparison.interval_low,
        DIFFERENCE_HIGH: comparison.interval_high,
        P_VALUE: comparison.p_two_sided,
        HOW: f"{comparison.n_pair} splits",
    }


def _average_by_split(group: pd.DataFrame) -> pd.Series:
    """Return the MAPE of each split that holds enough of a group's materials."""
    by_split = group.groupby(schema.SPLIT_SEED)[ERROR]
    return by_split.mean()[by_split.size() >= MIN_MATERIALS]


def _average_by_material(errors: pd.DataFrame) -> pd.Series:
    return errors.groupby(schema.ROW)[ERROR].mean()


def _compare_unpaired(group: pd.Series, others: pd.Series) -> dict[str, Any]:
    """Compare the mean errors of different materials."""
    low, high = _bootstrap_interval(_subtract_means, group.to_numpy(np.float64), others.to_numpy(np.float64))
    return {
        BESIDE: NOTHING,
        MAPE: group.mean(),
        MAPE_BESIDE: others.mean(),
        DIFFERENCE: group.mean() - others.mean(),
        DIFFERENCE_LOW: low,
        DIFFERENCE_HIGH: high,
        HOW: f"{len(group)} and {len(others)} materials",
    }


def _compare_by_material(pairs: pd.DataFrame, *, beside: str) -> dict[str, Any]:
    """Compare two mean errors of each material."""
    if len(pairs) < MIN_MATERIALS:
        return {BESIDE: beside, MAPE: np.nan, HOW: _describe_too_few(len(pairs))}
    difference = (pairs[MAPE] - pairs[MAPE_BESIDE]).to_numpy(np.float64)
    low, high = _bootstrap_interval(np.mean, difference)
    return {
        BESIDE: beside,
        MAPE: pairs[MAPE].mean(),
        MAPE_BESIDE: pairs[MAPE_BESIDE].mean(),
        DIFFERENCE: difference.mean(),
        DIFFERENCE_LOW: low,
        DIFFERENCE_HIGH: high,
        HOW: f"{len(pairs)} materials",
    }


def _subtract_means(first: Floats, second: Floats, axis: int) -> Floats:
    return np.asarray(first.mean(axis=axis) - second.mean(axis=axis))


def _bootstrap_interval(statistic: Callable[..., Any], *samples: Floats) -> tuple[float, float]:
    """Return the ends of a percentile bootstrap interval; each sample is drawn from by itself."""
    interval = bootstrap(
        samples,
        statistic,
        n_resamples=_N_RESAMPLE,
        confidence_level=_LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(interval.low), float(interval.high)
