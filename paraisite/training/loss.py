"""What a training lowers, and reports as its error: one number per known target value.

The published objective is the percentage error of kappa in W/m/K, after undoing the target transform. Properties that a
network is pretrained on are standardised, so that the errors of several can be averaged. A training may lower another
loss of kappa than the percentage error that it reports.
"""

import math
from enum import Enum
from typing import Any, Final

from paraisite.config import Loss
from paraisite.models.runtime import tf

Tensor = Any


class Objective(Enum):
    """The error that a training lowers."""

    KAPPA_PERCENTAGE = "mean |error|/kappa, kappa in W/m/K"
    STANDARDISED_ABSOLUTE = "mean |error| of standardised targets"


def error_sum(
    objective: Objective,
    output: Tensor,
    target: Tensor,
    present: Tensor,
    *,
    mean: Tensor,
    std: Tensor,
    max_log10_one_plus_kappa: float,
) -> Tensor:
    """Return each member's sum of errors over the known values, [n_member].

    Args:
        objective: Which error.
        output: The network's, [n_member, n_crystal] or [n_member, n_crystal, n_output].
        target: Values to predict, same shape; in W/m/K, or in the unit of ``mean`` and ``std``.
        present: 1 where a value is known, else 0; same shape.
        mean: What the targets are standardised by, [n_member] or [n_member, n_output].
        std: The same.
        max_log10_one_plus_kappa: Upper bound on log10(1 + kappa); of kappa's objective only.
    """
    if objective is Objective.KAPPA_PERCENTAGE:
        kappa = kappa_from_output(output, mean, std, max_log10_one_plus_kappa=max_log10_one_plus_kappa)
        return relative_error_sum(target, kappa, present)
    return standardised_error_sum(output, target, present, mean, std)


HUBER_DELTA: Final = 0.2
"""Where the Huber loss turns from a square into a line, in ln(1 + kappa): errors of a fifth."""


def loss_sum(
    loss: Loss,
    output: Tensor,
    target: Tensor,
    present: Tensor,
    *,
    mean: Tensor,
    std: Tensor,
    percentage_sum: Tensor,
    percentage_share: float,
) -> Tensor:
    """Return each member's sum of a loss of kappa over the known values, [n_member].

    Losses of the logarithm take the error of ln(1 + kappa), so that a small one is about the relative error, and need
    no bound.

    Args:
        loss: Which one; ``mixture`` is of the percentage error and the absolute error of the logarithm.
        output: The network's, [n_member, n_crystal].
        target: kappa in W/m/K, same shape.
        present: 1 where a value is known, else 0; same shape.
        mean: Mean of log10(1 + kappa) of each member's training rows, [n_member].
        std: Its standard deviation, [n_member].
        percentage_sum: Sum of the percentage errors, [n_member].
        percentage_share: Its part in ``mixture``.
    """
    if loss == "percentage":
        return percentage_sum
    error = tf.abs((output * std[:, None] + mean[:, None]) * math.log(10.0) - tf.math.log(1.0 + target))
    if loss == "log_huber":
        line = HUBER_DELTA * (error - 0.5 * HUBER_DELTA)
        return _sum_of_member(tf.where(error < HUBER_DELTA, 0.5 * error * error, line) * present)
    absolute_sum = _sum_of_member(error * present)
    if loss == "log_absolute":
        return absolute_sum
    return percentage_share * percentage_sum + (1.0 - percentage_share) * absolute_sum


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
    return _sum_of_member(tf.abs(predicted - kappa) / kappa * present)


def standardised_error_sum(output: Tensor, target: Tensor, present: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    """Return each member's sum of |output - (target - mean)/std| over the known values, [n_member]."""
    return _sum_of_member(tf.abs(output - (target - mean[:, None]) / std[:, None]) * present)


def _sum_of_member(error: Tensor) -> Tensor:
    return tf.reduce_sum(error, axis=list(range(1, len(error.shape))))
