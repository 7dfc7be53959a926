"""How far each of three estimates of the same conductivities is off, known values among them, from their differences.

No one knows true values. But if three estimates err independently, the squared differences of two of them are the sum
of both squared errors, and three such sums give the three errors. What two estimates have in common, such as an error
of physics that both leave out, counts as an error of the third.

Source: Gray and Allan, Proc. 28th Annual Symposium on Frequency Control, 243 (1974), 10.1109/FREQ.1974.200027 (the
three-cornered hat); Stoffelen, J. Geophys. Res. 103, 7755 (1998), 10.1029/97JC03180 (triple collocation).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Floats
from paraisite.errors import DataError
from paraisite.metrics.agreement import MIN_ROWS
from paraisite.metrics.bootstrap import draw_material_weights, find_percentile_interval


@dataclass(frozen=True)
class CollocatedError:
    """How far one of three estimates is off.

    Attributes:
        mean_abs_ln: Mean of |ln(estimate/truth)| without a common factor; 0 where the differences leave nothing for it.
        low: Lower end of its bootstrap interval of 95 %.
        high: Upper end of it.
    """

    mean_abs_ln: float
    low: float
    high: float


def collocate(estimates: npt.ArrayLike) -> tuple[CollocatedError, CollocatedError, CollocatedError]:
    """Return how far each of three estimates is off, if their errors are independent.

    Squares are taken of mean absolute differences, which few large errors rule less than they do variances; for normal
    errors both are the same.

    Args:
        estimates: Conductivities, W/m/K, [3, n].

    Raises:
        DataError: They are not three, there are fewer than ``MIN_ROWS`` crystals, or a value is not positive and
            finite.
    """
    kappa = np.asarray(estimates, np.float64)
    if kappa.ndim != 2 or len(kappa) != 3 or kappa.shape[1] < MIN_ROWS:
        raise DataError(f"expected three estimates of at least {MIN_ROWS} crystals, found an array {kappa.shape}")
    if not (np.isfinite(kappa) & (kappa > 0)).all():
        raise DataError("expected positive, finite conductivities")
    first, second, third = np.log(kappa)
    differences = np.stack([second - third, first - third, first - second])
    apart = np.abs(differences - np.median(differences, axis=1, keepdims=True))
    measured = _solve(apart.mean(axis=1))
    resampled = _solve(draw_material_weights(kappa.shape[1]) @ apart.T / kappa.shape[1])
    of_first, of_second, of_third = (
        CollocatedError(float(measured[place]), *find_percentile_interval(resampled[:, place])) for place in range(3)
    )
    return of_first, of_second, of_third


def _solve(between_others: Floats) -> Floats:
    """Return the error of each estimate from the mean differences of the two others, [..., 3]."""
    squares = between_others**2
    own = 0.5 * squares.sum(axis=-1, keepdims=True) - squares
    error: Floats = np.sqrt(np.maximum(own, 0.0))
    return error
