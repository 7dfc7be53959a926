"""One epoch as one compiled program: gradient steps over packed batches, then the error on the validation rows.

Most of a member's parameters share one buffer, so that clipping and Adam are a few passes over memory.
Nothing mixes members: a non-finite gradient skips that member's update and touches no other.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from math import prod
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.graphs.batch import BatchShape, GraphBatch
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.megnet import LARGE_KERNEL, forward
from paraisite.models.runtime import tf
from paraisite.training.loss import Objective, error_sum

Tensor = Any

_BETA_1: Final = 0.9
_BETA_2: Final = 0.999
_EPSILON: Final = 1e-7  # Keras's


Blocks = dict[str, Any]
"""A stack's parameters in few buffers, each [n_member, …]: ``SMALL`` holds most of them one after another. Large ones
stay buffers of their own, as slicing and joining them would cost more memory traffic than it saves calls."""

SMALL: Final = "small"


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


class LabelledBatches(NamedTuple):
    """Packed steps with their targets, axes [n_step, n_member, …].

    Attributes:
        graphs: Packed in the largest shape.
        target: float32 […, n_crystal], or […, n_crystal, n_output] for several outputs; 1 where it is not known.
        present: float32, same shape; 1 where a value is known, 0 where it is not and in empty places.
        shape_index: int32 [n_step]; which of the program's shapes is enough for this step.
    """

    graphs: GraphBatch
    target: npt.NDArray[np.float32]
    present: npt.NDArray[np.float32]
    shape_index: npt.NDArray[np.int32]


class EpochReport(NamedTuple):
    """What one epoch measured, each [n_member].

    Attributes:
        train_error: Mean of the objective's error over the training rows' known values, each taken before its step.
        validation_error: The same over the validation rows, after the epoch.
        gradient_norm: Mean norm before clipping, of the finite ones.
        n_skipped: Steps whose gradient was not finite.
    """

    train_error: Tensor
    validation_error: Tensor
    gradient_norm: Tensor
    n_skipped: Tensor


class EpochSettings(NamedTuple):
    """What an epoch's program is compiled for."""

    config: ModelConfig
    train_shapes: tuple[BatchShape, ...]
    validation_shape: BatchShape
    gradient_clip_norm: float
    objective: Objective
    max_log10_one_plus_kappa: float


EpochProgram = Callable[..., tuple[OptimizerState, EpochReport]]


def to_blocks(parameters: Mapping[str, Any], config: ModelConfig) -> Blocks:
    """Return a stack's named parameters, NumPy or TensorFlow, as few buffers."""
    small = [name for name, shape in parameter_shapes(config).items() if prod(shape) < LARGE_KERNEL]
    first = parameters[small[0]]
    reshape, concatenate = (np.reshape, np.concatenate) if isinstance(first, np.ndarray) else (tf.reshape, tf.concat)
    blocks = {SMALL: concatenate([reshape(parameters[name], (first.shape[0], -1)) for name in small], 1)}
    return blocks | {name: parameters[name] for name in parameters if name not in small}


def from_blocks(blocks: Blocks, config: ModelConfig) -> dict[str, Any]:
    """Return the named parameters that ``to_blocks`` joined."""
    shapes, small = parameter_shapes(config), blocks[SMALL]
    reshape = np.reshape if isinstance(small, np.ndarray) else tf.reshape
    parameters, start = {}, 0
    for name, shape in shapes.items():
        if name in blocks:
            parameters[name] = blocks[name]
        else:
            end = start + prod(shape)
            parameters[name] = reshape(small[:, start:end], (small.shape[0], *shape))
            start = end
    return parameters


@lru_cache(maxsize=8)
def epoch_program(settings: EpochSettings) -> EpochProgram:
    """Return the compiled program ``(state, train, validation, learning_rate, mean, std) -> (state, report)``.

    ``train`` and ``validation`` are ``LabelledBatches``; ``mean`` and ``std`` are those of the targets,
    [n_member] or [n_member, n_output].
    """

    @tf.function(jit_compile=True, autograph=False)
    def run_epoch(
        state: OptimizerState,
        train: LabelledBatches,
        validation: LabelledBatches,
        learning_rate: Tensor,
        mean: Tensor,
        std: Tensor,
    ) -> tuple[OptimizerState, EpochReport]:
        zeros = tf.zeros_like(state.n_update)

        def train_step(i: Tensor, state: OptimizerState, sums: tuple[Tensor, ...]) -> tuple[Any, ...]:
            gradient, error = _gradient(settings, state.weights, _at(train, i), mean, std)
            norm = tf.sqrt(sum(_over_axes(tf.square(block)) for block in gradient.values()))
            finite = tf.math.is_finite(norm) & tf.math.is_finite(error)
            state = _adam(state, gradient, norm, finite, learning_rate, settings.gradient_clip_norm)
            ok = tf.cast(finite, tf.float32)
            error_sum, norm_sum, n_ok = sums
            sums = (error_sum + error, norm_sum + tf.where(finite, norm, 0.0), n_ok + ok)
            return i + 1, state, sums

        n_step = train.shape_index.shape[0]
        _, state, (error_sum, norm_sum, n_ok) = tf.while_loop(
            lambda i, *_: i < n_step, train_step, (tf.constant(0), state, (zeros, zeros, zeros))
        )
        report = EpochReport(
            train_error=error_sum / _n_present(train),
            validation_error=_evaluate(settings, state.weights, validation, mean, std),
            gradient_norm=tf.math.divide_no_nan(norm_sum, n_ok),
            n_skipped=float(n_step) - n_ok,
        )
        return state, report

    return run_epoch


def _gradient(
    settings: EpochSettings, weights: Blocks, step: LabelledBatches, mean: Tensor, std: Tensor
) -> tuple[Blocks, Tensor]:
    """Return each member's gradient of its mean error, and its summed error [m]."""

    def in_shape(shape: BatchShape) -> Callable[[], tuple[Blocks, Tensor]]:
        def branch() -> tuple[Blocks, Tensor]:
            parameters = from_blocks(weights, settings.config)
            n_present = _over_axes(step.present)
            with tf.GradientTape() as tape:
                tape.watch(parameters)
                error = _error_sum(settings, parameters, _cut(step, shape), shape, mean, std)
                loss = tf.reduce_sum(error / tf.maximum(n_present, 1.0))
            return to_blocks(tape.gradient(loss, parameters), settings.config), error

        return branch

    branches = [in_shape(shape) for shape in settings.train_shapes]
    return tf.switch_case(step.shape_index, branches) if len(branches) > 1 else branches[0]()


def _error_sum(
    settings: EpochSettings, parameters: Any, step: LabelledBatches, shape: BatchShape, mean: Tensor, std: Tensor
) -> Tensor:
    output = forward(parameters, step.graphs, config=settings.config, n_crystal=shape.n_crystal)
    return error_sum(
        settings.objective,
        output,
        step.target,
        step.present,
        mean=mean,
        std=std,
        max_log10_one_plus_kappa=settings.max_log10_one_plus_kappa,
    )


def _evaluate(settings: EpochSettings, weights: Blocks, batches: LabelledBatches, mean: Tensor, std: Tensor) -> Tensor:
    """Return each member's mean error [m] over its batches."""
    parameters = from_blocks(weights, settings.config)

    def add(i: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        error = _error_sum(settings, parameters, _at(batches, i), settings.validation_shape, mean, std)
        return i + 1, total + error

    n_step, n_member = batches.present.shape[:2]
    _, total = tf.while_loop(lambda i, _: i < n_step, add, (tf.constant(0), tf.zeros([n_member])))
    return total / _n_present(batches)


def _adam(
    state: OptimizerState, gradient: Blocks, norm: Tensor, finite: Tensor, learning_rate: Tensor, clip_norm: float
) -> OptimizerState:
    """Clip each member's gradient to ``clip_norm`` and make one step of Adam; a non-finite one changes nothing.

    The clipping factor goes into Adam's coefficients, so that no clipped gradient is written to memory.
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
        momentum[name], variance[name] = m, v
    return OptimizerState(weights, momentum, variance, n_update)


def _over_axes(block: Tensor) -> Tensor:
    """Return each member's sum [m] over a buffer [m, …]."""
    return tf.reduce_sum(block, axis=list(range(1, len(block.shape))))


def _at(batches: LabelledBatches, i: Tensor) -> LabelledBatches:
    return tf.nest.map_structure(lambda value: value[i], batches)


def _cut(step: LabelledBatches, shape: BatchShape) -> LabelledBatches:
    """Return a step packed in the largest shape as one of ``shape``; what is cut off is padding."""
    graphs = step.graphs
    return step._replace(
        graphs=GraphBatch(
            atomic_number=graphs.atomic_number[..., : shape.n_atom],
            atom_multiplicity=graphs.atom_multiplicity[..., : shape.n_atom],
            crystal_of_atom=graphs.crystal_of_atom[..., : shape.n_atom],
            bond_centre=graphs.bond_centre[..., : shape.n_bond],
            bond_neighbour=graphs.bond_neighbour[..., : shape.n_bond],
            bond_multiplicity=graphs.bond_multiplicity[..., : shape.n_bond],
            bond_feature=graphs.bond_feature[..., : shape.n_bond, :],
        )
    )


def _n_present(batches: LabelledBatches) -> Tensor:
    return tf.maximum(_over_axes(tf.reduce_sum(batches.present, axis=0)), 1.0)
