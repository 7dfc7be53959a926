"""Bootstrap over materials: splits and seeds share them, so that eighteen runs are not eighteen measurements."""

from typing import Final

import numpy as np

from paraisite.arrays import Floats

N_RESAMPLE: Final = 2000
LEVEL: Final = 0.95


def draw_material_weights(n_material: int) -> Floats:
    """Return how often each material is drawn, [N_RESAMPLE, n_material]; the same numbers at every call."""
    rng = np.random.default_rng(0)
    return rng.multinomial(n_material, np.full(n_material, 1.0 / n_material), size=N_RESAMPLE).astype(np.float64)


def find_percentile_interval(values: Floats) -> tuple[float, float]:
    """Return the ends of the interval that holds ``LEVEL`` of the resamples' values; NaN if none is finite.

    Args:
        values: Of each resample, [N_RESAMPLE]; NaN where one has none.
    """
    if not np.isfinite(values).any():
        return float("nan"), float("nan")
    low, high = np.nanquantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def bootstrap_mean_of_runs(errors: Floats) -> tuple[float, float]:
    """Return the interval of the mean over runs of a mean over materials.

    Args:
        errors: [n_run, n_material], NaN where a run does not test a material.
    """
    tested, errors = np.isfinite(errors).astype(np.float64), np.nan_to_num(errors)
    weights = draw_material_weights(errors.shape[1])
    counts = weights @ tested.T
    # A run none of whose materials was drawn has no mean.
    means = np.divide(weights @ errors.T, counts, out=np.full_like(counts, np.nan), where=counts > 0)
    return find_percentile_interval(np.nanmean(means, axis=1))
