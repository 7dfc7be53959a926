"""How much of a metric's variance comes from the split, how much from the seed, and how much from neither alone.

The seeds cross the splits: every split is trained with every seed. What a seed does on one split only cannot be
separated from the noise of a single run; it is the rest.
"""

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class VarianceComponents:
    """Standard deviations that add, squared, to the variance of one run; NaN where the runs cannot tell.

    Attributes:
        split: Between splits, whichever the seed.
        seed: Between seeds, whichever the split.
        rest: Of single runs, seed and split given their due.
        set_to_zero: Which of the first two came out below zero, as happens where they are small.
    """

    split: float
    seed: float
    rest: float
    set_to_zero: tuple[str, ...] = ()


def estimate_variance_components(values: pd.DataFrame) -> VarianceComponents:
    """Estimate the components by equating mean squares of a two-way table with their expectation.

    Args:
        values: One row per split, one column per seed; splits with a value that is not finite are left out.

    Returns:
        The components. With one seed the deviation between splits holds the rest, and the others are NaN.

    Source: Searle, Casella and McCulloch, Variance Components (Wiley, 1992), 10.1002/9780470316856, chapter 4: the
    two-way crossed classification with one observation a cell.
    """
    table = values.to_numpy(np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    n_split, n_seed = table.shape
    if n_split < 2 or n_seed < 2:
        split = float(table.std(ddof=1)) if n_seed == 1 and n_split > 1 else float("nan")
        return VarianceComponents(split, float("nan"), float("nan"))
    of_split, of_seed = table.mean(axis=1), table.mean(axis=0)
    residual = table - of_split[:, None] - of_seed + table.mean()
    rest = float(np.sum(residual**2)) / ((n_split - 1) * (n_seed - 1))
    components = {
        "split": float(of_split.var(ddof=1)) - rest / n_seed,
        "seed": float(of_seed.var(ddof=1)) - rest / n_split,
    }
    negative = tuple(name for name, value in components.items() if value < 0)
    split, seed = (float(np.sqrt(max(value, 0.0))) for value in components.values())
    return VarianceComponents(split, seed, float(np.sqrt(rest)), negative)


def describe_components(values: pd.DataFrame, *, of_what: str) -> dict[str, float]:
    """Return the components for a table, ``std_split``, ``std_seed`` and ``std_rest``; log which were set to zero.

    Args:
        values: See ``estimate_variance_components``.
        of_what: For the log, e.g. a model's name.
    """
    found = estimate_variance_components(values)
    if found.set_to_zero:
        logger.info("%s: the variance by %s came out below zero: 0", of_what, " and by ".join(found.set_to_zero))
    return {"std_split": found.split, "std_seed": found.seed, "std_rest": found.rest}
