"""The published loss: mean absolute percentage error of kappa in W/m/K, after undoing the target transform."""

import math
from typing import Any

from paraisite.models.runtime import tf

Tensor = Any


def kappa_from_output(output: Tensor, mean: Tensor, std: Tensor, *, max_log10_one_plus_kappa: float) -> Tensor:
    """Return kappa in W/m/K of standardised log10(1 + kappa), bounded above so that 10**x cannot overflow.

    Args:
        output: [n_member, …].
        mean: Mean of log10(1 + kappa) of each member's training rows, [n_member].
        std: Its standard deviation, [n_member].
        max_log10_one_plus_kappa: Upper bound on log10(1 + kappa).
    """
    axes = [-1] + [1] * (len(output.shape) - 1)
    log10 = tf.minimum(output * tf.reshape(std, axes) + tf.reshape(mean, axes), max_log10_one_plus_kappa)
    return tf.exp(log10 * math.log(10.0)) - 1.0


def relative_error_sum(kappa: Tensor, predicted: Tensor, present: Tensor) -> Tensor:
    """Return each member's sum of |predicted - kappa| / kappa over the places that hold a crystal, [n_member]."""
    error = tf.abs(predicted - kappa) / kappa * present
    return tf.reduce_sum(error, axis=list(range(1, len(error.shape))))
