"""Decoupled weight decay, eagerly, against NumPy; clipping and Adam itself are in test_step."""

import numpy as np

from paraisite.models.architecture import parameter_shapes
from paraisite.models.runtime import tf
from paraisite.training.adam import OptimizerState, adam_step, decay_of_blocks
from paraisite.training.blocks import from_blocks, to_blocks
from tests.training.tiny import CONFIG, N_MEMBER, tiny_initial

RATE, DECAY = 0.01, 0.5
FROZEN = ("readout/0/kernel",)


def step_without_gradient(*, finite: list[bool]) -> dict[str, np.ndarray]:
    blocks = {name: tf.constant(value) for name, value in to_blocks(tiny_initial(), CONFIG).items()}
    zeros = {name: tf.zeros_like(value) for name, value in blocks.items()}
    state = adam_step(
        OptimizerState(blocks, zeros, zeros, tf.zeros([N_MEMBER])),
        zeros,
        norm=tf.zeros([N_MEMBER]),
        finite=tf.constant(finite),
        learning_rate=tf.constant(RATE),
        clip_norm=1.0,
        decay=decay_of_blocks(CONFIG, DECAY, frozen=FROZEN),
    )
    return from_blocks({name: value.numpy() for name, value in state.weights.items()}, CONFIG)


def test_kernels_that_train_shrink_and_nothing_else_does() -> None:
    found = step_without_gradient(finite=[True] * N_MEMBER)
    assert list(found) == list(parameter_shapes(CONFIG))
    for name, value in tiny_initial().items():
        shrinks = name.endswith("kernel") and name not in FROZEN
        expected = value * (1 - RATE * DECAY) if shrinks else value
        np.testing.assert_allclose(found[name], expected, rtol=1e-6, err_msg=name)


def test_a_member_whose_step_is_skipped_does_not_decay() -> None:
    found = step_without_gradient(finite=[True, False, True])
    for name, value in tiny_initial().items():
        np.testing.assert_array_equal(found[name][1], value[1], err_msg=name)
