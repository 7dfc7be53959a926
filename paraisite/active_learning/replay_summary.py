"""Which rule wins a replay: means over the starts with bootstrap intervals, and differences from choosing at random."""

from collections.abc import Hashable
from typing import Final

import numpy as np
import pandas as pd

from paraisite.active_learning.acquisition import RANDOM
from paraisite.active_learning.replay import LOG10_MAE, MAPE, N_FOUND, N_LABEL, REGRET, START, STRATEGY
from paraisite.arrays import Floats
from paraisite.metrics.bootstrap import bootstrap_mean_of_runs

QUANTITY: Final = "quantity"
MEAN, LOW, HIGH = "mean", "low", "high"
DIFFERENCE, DIFFERENCE_LOW, DIFFERENCE_HIGH = "difference", "difference_low", "difference_high"
"""Of a rule's mean over the starts from that of choosing at random, the same starts compared."""

LABELS_TO_LOWEST: Final = "labels_to_all_lowest"
"""Labels until all materials with the lowest kappa are known; where they never are, one batch more than were given."""
FOUND_ALL: Final = "share_of_starts_with_all_lowest"
CURVES: Final = (REGRET, N_FOUND, LOG10_MAE, MAPE)
"""Quantities that are known after each batch."""


def average_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over the starts of each quantity after each batch, with its 95 % bootstrap interval.

    Args:
        table: As ``replay.replay_acquisition`` returns it.

    Returns:
        Columns strategy, n_label, quantity, mean, low, high.
    """
    rows = []
    for (strategy, n_label), group in table.groupby([STRATEGY, N_LABEL], sort=False):
        for quantity in CURVES:
            values = group[quantity].to_numpy(np.float64)
            rows.append({STRATEGY: strategy, N_LABEL: n_label, QUANTITY: quantity, **_average(values)})
    return pd.DataFrame(rows)


def summarise_replay(table: pd.DataFrame, *, n_lowest: int) -> pd.DataFrame:
    """Return what each rule has reached.

    Args:
        table: As ``replay.replay_acquisition`` returns it.
        n_lowest: How many materials were looked for.

    Returns:
        One row per rule and quantity: labels until all are found, share of starts where they are, and the mean over
        the batches of the regret and of both errors; with intervals, and differences from choosing at random.
    """
    groups = table.groupby([STRATEGY, START], sort=False)
    of_starts = pd.DataFrame({key: _summarise_start(group, n_lowest=n_lowest) for key, group in groups}).T
    of_starts.index.names = [STRATEGY, START]
    rows = []
    for strategy, group in of_starts.groupby(level=STRATEGY, sort=False):
        for quantity in of_starts.columns:
            values = group[quantity].to_numpy(np.float64)
            beside = of_starts.xs(RANDOM, level=STRATEGY)[quantity].to_numpy(np.float64)
            rows.append(
                {STRATEGY: strategy, QUANTITY: quantity, **_average(values), **_average_difference(values - beside)}
            )
    return pd.DataFrame(rows)


def _summarise_start(replayed: pd.DataFrame, *, n_lowest: int) -> dict[str, float]:
    """Return the numbers of one rule from one start."""
    n_label = replayed[N_LABEL].to_numpy()
    complete = n_label[replayed[N_FOUND].to_numpy() == n_lowest]
    never = n_label[-1] + (n_label[-1] - n_label[-2])
    return {
        LABELS_TO_LOWEST: float(complete[0] if len(complete) else never),
        FOUND_ALL: float(len(complete) > 0),
        **{name: float(replayed[name].mean()) for name in (REGRET, LOG10_MAE, MAPE)},
    }


def _average(values: Floats) -> dict[Hashable, float]:
    low, high = bootstrap_mean_of_runs(values[None, :])
    return {MEAN: float(values.mean()), LOW: low, HIGH: high}


def _average_difference(values: Floats) -> dict[Hashable, float]:
    return dict(zip((DIFFERENCE, DIFFERENCE_LOW, DIFFERENCE_HIGH), _average(values).values(), strict=True))
