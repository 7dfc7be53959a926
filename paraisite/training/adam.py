"""Adam on a stack's buffers, with clipping and decoupled weight decay; members stay apart.

Sources: Kingma & Ba, ICLR 2015, arXiv 1412.6980; Loshchilov & Hutter, ICLR 2019, arXiv 1711.05101 (decoupled decay).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.runtime import tf
from paraisite.training.blocks import SMALL, Blocks, over_axes, to_blocks

Tensor = Any

_BETA_1: Final = 0.9
_BETA_2: Final = 0.999
_EPSILON: Final = 1e-7  # Keras's


class OptimizerState(NamedTuple):
    """Adam's state of some members.

    Attributes:
        weights: All parameters.
        momentum: Running mean of gradients.
        variance: Running mean of squared gradients.
        n_update: Updates made, float32 [n_member].
    """

    weights: Blocks
    momentum: Blocks
    variance: Blocks
    n_update: Tensor


def decay_of_blocks(config: ModelConfig, weight_decay: float, *, frozen: Collection[str]) -> dict[str, Any]:
    """Return the decay of every buffer's elements: that of kernels which train, nothing of biases and the embedding.

    Args:
        config: Architecture.
        weight_decay: Share of a kernel that is taken off it in a step, as a multiple of the learning rate.
        frozen: Names of the parameters that do not train.
    """
    decay = {
        name: np.full((1, *shape), weight_decay if name.endswith("kernel") and name not in frozen else 0.0, np.float32)
        for name, shape in parameter_shapes(config).items()
    }
    # A large buffer is one parameter: a number is enough, where an array would be read at every step.
    return {name: block if name == SMALL else float(block.flat[0]) for name, block in to_blocks(decay, config).items()}


def gradient_norm(gradient: Blocks) -> Tensor:
    """Return each member's norm over all buffers, [n_member]."""
    return tf.sqrt(sum(over_axes(tf.square(block)) for block in gradient.values()))


def adam_step(
    state: OptimizerState,
    gradient: Blocks,
    *,
    norm: Tensor,
    finite: Tensor,
    learning_rate: Tensor,
    clip_norm: float,
    decay: Mapping[str, Any] | None = None,
) -> OptimizerState:
    """Clip each member's gradient to ``clip_norm`` and make one step of Adam; a non-finite one changes nothing.

    The clipping factor goes into Adam's coefficients, so that no clipped gradient is written to memory.

    Args:
        state: Before the step.
        gradient: Of each member's loss.
        norm: Its norm, [n_member].
        finite: Whether a member's gradient and error are finite, [n_member].
        learning_rate: A number.
        clip_norm: Largest norm.
        decay: As ``decay_of_blocks`` returns it; None for no decay.
    """
    scale = tf.minimum(1.0, clip_norm / tf.maximum(norm, 1e-12))
    n_update = state.n_update + tf.cast(finite, tf.float32)
    count = tf.maximum(n_update, 1.0)
    rate = learning_rate * tf.sqrt(1.0 - tf.pow(_BETA_2, count)) / (1.0 - tf.pow(_BETA_1, count))
    rate = tf.where(finite, rate, 0.0)
    of_gradient, of_square = (1.0 - _BETA_1) * scale, (1.0 - _BETA_2) * scale * scale
    weights, momentum, variance = {}, {}, {}
    for name, g in gradient.items():

        def each(value: Tensor, rank: int = len(g.shape)) -> Tensor:
            return tf.reshape(value, [-1] + [1] * (rank - 1))

        m, v = state.momentum[name], state.variance[name]
        m = tf.where(each(finite), _BETA_1 * m + each(of_gradient) * g, m)
        v = tf.where(each(finite), _BETA_2 * v + each(of_square) * g * g, v)
        weights[name] = state.weights[name] - each(rate) * m / (tf.sqrt(v) + _EPSILON)
        if decay is not None:
            weights[name] -= each(tf.where(finite, learning_rate, 0.0)) * decay[name] * state.weights[name]
        momentum[name], variance[name] = m, v
    return OptimizerState(weights, momentum, variance, n_update)
