"""One epoch as one compiled program: gradient steps over packed batches, then the error on the validation rows.

Nothing mixes members: a non-finite gradient skips that member's update and touches no other.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.config import Loss
from paraisite.graphs.batch import BatchShape, GraphBatch
from paraisite.models.architecture import ModelConfig
from paraisite.models.megnet import forward
from paraisite.models.runtime import tf
from paraisite.training.adam import OptimizerState, adam_step, decay_of_blocks, gradient_norm
from paraisite.training.blocks import Blocks, from_blocks, over_axes, to_blocks
from paraisite.training.loss import Objective, error_sum, loss_sum

Tensor = Any


class LabelledBatches(NamedTuple):
    """Packed steps with their targets, axes [n_step, n_member, …].

    Attributes:
        graphs: Packed in the largest shape.
        target: float32 […, n_crystal], or […, n_crystal, n_output] for several outputs; 1 where it is not known.
        present: float32, same shape; 1 where a value is known, or the crystal's weight in the loss; 0 where it is not
            and in empty places.
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
    """What an epoch's program is compiled for; what is left at its default adds nothing to the program."""

    config: ModelConfig
    train_shapes: tuple[BatchShape, ...]
    validation_shape: BatchShape
    gradient_clip_norm: float
    objective: Objective
    max_log10_one_plus_kappa: float
    loss: Loss = "percentage"
    percentage_share: float = 0.5
    weight_decay: float = 0.0
    dropout: float = 0.0
    frozen: tuple[str, ...] = ()


EpochProgram = Callable[..., tuple[OptimizerState, EpochReport]]


@lru_cache(maxsize=8)
def epoch_program(settings: EpochSettings) -> EpochProgram:
    """Return the compiled program ``(state, train, validation, learning_rate, mean, std) -> (state, report)``.

    ``train`` and ``validation`` are ``LabelledBatches``; ``mean`` and ``std`` are those of the targets,
    [n_member] or [n_member, n_output]. With dropout each member's ``dropout_key``, int32 [n_member], is needed too:
    the masks of a step depend on it and on the step's number.
    """
    decay = decay_of_blocks(settings.config, settings.weight_decay, frozen=settings.frozen)

    @tf.function(jit_compile=True, autograph=False)
    def run_epoch(
        state: OptimizerState,
        train: LabelledBatches,
        validation: LabelledBatches,
        learning_rate: Tensor,
        mean: Tensor,
        std: Tensor,
        dropout_key: Tensor | None = None,
    ) -> tuple[OptimizerState, EpochReport]:
        zeros = tf.zeros_like(state.n_update)

        def train_step(i: Tensor, state: OptimizerState, sums: tuple[Tensor, ...]) -> tuple[Any, ...]:
            seeds = None if dropout_key is None else tf.stack([dropout_key, tf.fill(dropout_key.shape, i)], -1)
            gradient, error = _gradient(settings, state.weights, _at(train, i), mean, std, dropout_seeds=seeds)
            norm = gradient_norm(gradient)
            finite = tf.math.is_finite(norm) & tf.math.is_finite(error)
            state = adam_step(
                state,
                gradient,
                norm=norm,
                finite=finite,
                learning_rate=learning_rate,
                clip_norm=settings.gradient_clip_norm,
                decay=decay if settings.weight_decay else None,
            )
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
    settings: EpochSettings,
    weights: Blocks,
    step: LabelledBatches,
    mean: Tensor,
    std: Tensor,
    *,
    dropout_seeds: Tensor | None,
) -> tuple[Blocks, Tensor]:
    """Return each member's gradient of its mean loss, zero for what is frozen, and its summed error [m]."""

    def in_shape(shape: BatchShape) -> Callable[[], tuple[Blocks, Tensor]]:
        def branch() -> tuple[Blocks, Tensor]:
            parameters = from_blocks(weights, settings.config)
            trained = {name: value for name, value in parameters.items() if name not in settings.frozen}
            masks = () if dropout_seeds is None else _head_masks(settings, dropout_seeds, shape.n_crystal)
            n_present = over_axes(step.present)
            with tf.GradientTape() as tape:
                tape.watch(trained)
                lowered, error = _sums(settings, parameters, _cut(step, shape), shape, mean, std, head_masks=masks)
                loss = tf.reduce_sum(lowered / tf.maximum(n_present, 1.0))
            gradient = tape.gradient(loss, trained)
            gradient |= {name: tf.zeros_like(parameters[name]) for name in settings.frozen}
            return to_blocks(gradient, settings.config), error

        return branch

    branches = [in_shape(shape) for shape in settings.train_shapes]
    return tf.switch_case(step.shape_index, branches) if len(branches) > 1 else branches[0]()


def _head_masks(settings: EpochSettings, seeds: Tensor, n_crystal: int) -> tuple[Tensor, ...]:
    """Return what each hidden layer of the head is multiplied by, [m, n_crystal, width]: 0, or 1 over the share kept.

    A member's masks depend on its own seeds alone, so that it trains in company as it would by itself.
    """
    widths, kept = settings.config.head_hidden, 1.0 - settings.dropout
    drawn = [tf.random.stateless_uniform([n_crystal, sum(widths)], seed=seed) for seed in tf.unstack(seeds)]
    mask = tf.cast(tf.stack(drawn) < kept, tf.float32) / kept
    return tuple(tf.split(mask, widths, axis=-1))


def _sums(
    settings: EpochSettings,
    parameters: Any,
    step: LabelledBatches,
    shape: BatchShape,
    mean: Tensor,
    std: Tensor,
    *,
    head_masks: tuple[Tensor, ...] = (),
) -> tuple[Tensor, Tensor]:
    """Return each member's sums over its known values [m]: of what is lowered, and of the error that is reported."""
    output = forward(parameters, step.graphs, config=settings.config, n_crystal=shape.n_crystal, head_masks=head_masks)
    error = error_sum(
        settings.objective,
        output,
        step.target,
        step.present,
        mean=mean,
        std=std,
        max_log10_one_plus_kappa=settings.max_log10_one_plus_kappa,
    )
    if settings.objective is not Objective.KAPPA_PERCENTAGE or settings.loss == "percentage":
        return error, error
    lowered = loss_sum(
        settings.loss,
        output,
        step.target,
        step.present,
        mean=mean,
        std=std,
        percentage_sum=error,
        percentage_share=settings.percentage_share,
    )
    return lowered, error


def _evaluate(settings: EpochSettings, weights: Blocks, batches: LabelledBatches, mean: Tensor, std: Tensor) -> Tensor:
    """Return each member's mean error [m] over its batches."""
    parameters = from_blocks(weights, settings.config)

    def add(i: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
        _, error = _sums(settings, parameters, _at(batches, i), settings.validation_shape, mean, std)
        return i + 1, total + error

    n_step, n_member = batches.present.shape[:2]
    _, total = tf.while_loop(lambda i, _: i < n_step, add, (tf.constant(0), tf.zeros([n_member])))
    return total / _n_present(batches)


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
    return tf.maximum(over_axes(tf.reduce_sum(batches.present, axis=0)), 1.0)
