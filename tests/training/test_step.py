"""One compiled epoch against the same steps made by hand: eager gradients, Adam in NumPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from paraisite.graphs.batch import BatchShape, GraphBatch
from paraisite.models.architecture import flatten, parameter_shapes, unflatten
from paraisite.models.megnet import forward
from paraisite.models.runtime import tf
from paraisite.training.adam import OptimizerState
from paraisite.training.batches import (
    train_batches,
    validation_batches,
    validation_plans,
    validation_shape,
)
from paraisite.training.blocks import from_blocks, to_blocks
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.loss import Objective, kappa_from_output, relative_error_sum
from paraisite.training.step import EpochReport, EpochSettings, LabelledBatches, epoch_program
from tests.training.tiny import (
    CONFIG,
    N_MEMBER,
    SETTINGS,
    STEPS_PER_EPOCH,
    tiny_data,
    tiny_initial,
    tiny_scaler,
    tiny_splits,
)

SHAPES = tuple(BatchShape(n_crystal=4, n_atom=16, n_bond=n_bond) for n_bond in (16, 32))
LEARNING_RATE = 1e-2
MEAN = tiny_scaler().mean.astype(np.float32)
STD = tiny_scaler().std.astype(np.float32)
STD[0] = 1e-3  # member 0's gradients are small: they are not clipped


@dataclass(frozen=True)
class Epoch:
    """A compiled epoch with its inputs."""

    settings: EpochSettings
    train: LabelledBatches
    validation: LabelledBatches

    def run(
        self, state: "FlatState | None" = None, *, train: LabelledBatches | None = None, rate: float = LEARNING_RATE
    ) -> "tuple[FlatState, EpochReport]":
        """Return state and report in NumPy."""
        *parts, n_update = state or fresh_state()
        start = OptimizerState(*(to_blocks(unflatten(part, CONFIG), CONFIG) for part in parts), n_update)
        inputs = tf.nest.map_structure(tf.constant, (start, train or self.train, self.validation))
        (*ends, n_update), report = epoch_program(self.settings)(
            *inputs, tf.constant(rate, tf.float32), tf.constant(MEAN), tf.constant(STD)
        )
        ends = [{name: value.numpy() for name, value in blocks.items()} for blocks in ends]
        return (
            FlatState(*(flatten(from_blocks(blocks, CONFIG), CONFIG) for blocks in ends), n_update.numpy()),
            EpochReport(*(np.array(value) for value in report)),
        )


class FlatState(NamedTuple):
    """The optimizer's state with all parameters of a member in one row."""

    weights: np.ndarray
    momentum: np.ndarray
    variance: np.ndarray
    n_update: np.ndarray


def fresh_state(weights: np.ndarray | None = None) -> FlatState:
    weights = flatten(tiny_initial(), CONFIG) if weights is None else weights
    return FlatState(weights, np.zeros_like(weights), np.zeros_like(weights), np.zeros(N_MEMBER, np.float32))


@pytest.fixture(scope="module")
def epoch() -> Epoch:
    data = tiny_data()
    settings = EpochSettings(
        config=CONFIG,
        train_shapes=SHAPES,
        validation_shape=validation_shape(data.graphs),
        gradient_clip_norm=SETTINGS.gradient_clip_norm,
        objective=Objective.KAPPA_PERCENTAGE,
        max_log10_one_plus_kappa=SETTINGS.max_log10_one_plus_kappa,
    )
    train = train_batches(
        data,
        [split.train for split in tiny_splits()],
        shapes=SHAPES,
        rngs=[np.random.default_rng(seed) for seed in range(N_MEMBER)],
    )
    shape = settings.validation_shape
    plans = validation_plans(data, [split.validation for split in tiny_splits()], shape)
    return Epoch(settings, train, validation_batches(data, plans, shape))


def eager_error_sum(parameters: Any, batch: LabelledBatches, step: int) -> Any:
    graphs = GraphBatch(*(values[step] for values in batch.graphs))
    output = forward(parameters, graphs, config=CONFIG, n_crystal=batch.target.shape[-1])
    kappa = kappa_from_output(
        output, tf.constant(MEAN), tf.constant(STD), max_log10_one_plus_kappa=SETTINGS.max_log10_one_plus_kappa
    )
    return relative_error_sum(tf.constant(batch.target[step]), kappa, tf.constant(batch.present[step]))


def eager_gradient(weights: np.ndarray, batch: LabelledBatches, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each member's gradient of its mean error, and its summed error."""
    parameters = {name: tf.constant(value) for name, value in unflatten(weights, CONFIG).items()}
    n_present = batch.present[step].sum(axis=1)
    with tf.GradientTape() as tape:
        tape.watch(parameters)
        error = eager_error_sum(parameters, batch, step)
        loss = tf.reduce_sum(error / n_present)
    gradient = tape.gradient(loss, parameters)
    return flatten({name: value.numpy() for name, value in gradient.items()}, CONFIG), error.numpy()


class PlainAdam:
    """Adam (Kingma & Ba 2015, the form with the rate corrected, as in Keras) after clipping, in double precision."""

    def __init__(self, weights: np.ndarray) -> None:
        self.weights = weights.astype(np.float64)
        self.momentum, self.variance = np.zeros_like(self.weights), np.zeros_like(self.weights)
        self.n_update = np.zeros(len(weights))
        self.norms: list[np.ndarray] = []

    def step(self, gradient: np.ndarray, *, skip: tuple[int, ...] = ()) -> None:
        self.norms.append(np.linalg.norm(gradient, axis=1))
        for member in set(range(len(gradient))) - set(skip):
            own = gradient[member].astype(np.float64)
            own = own * min(1.0, SETTINGS.gradient_clip_norm / np.linalg.norm(own))
            self.n_update[member] += 1
            t = self.n_update[member]
            self.momentum[member] = 0.9 * self.momentum[member] + 0.1 * own
            self.variance[member] = 0.999 * self.variance[member] + 0.001 * own**2
            rate = LEARNING_RATE * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
            self.weights[member] -= rate * self.momentum[member] / (np.sqrt(self.variance[member]) + 1e-7)


def by_hand(batch: LabelledBatches, n_epoch: int, *, poisoned: tuple[int, int] | None = None) -> tuple[PlainAdam, list]:
    """Return Adam after epochs of eager steps; ``poisoned`` is a (step, member) without update."""
    adam, errors = PlainAdam(fresh_state().weights), []
    for _ in range(n_epoch):
        for step in range(STEPS_PER_EPOCH):
            gradient, error = eager_gradient(adam.weights.astype(np.float32), batch, step)
            adam.step(gradient, skip=(poisoned[1],) if poisoned and poisoned[0] == step else ())
            errors.append(error)
    return adam, errors


def test_flattening_and_back_changes_nothing():
    members = stack([draw_parameters(CONFIG, seed=seed) for seed in range(4)])
    flat = flatten(members, CONFIG)
    assert flat.shape == (4, sum(int(np.prod(shape)) for shape in parameter_shapes(CONFIG).values()))
    restored = unflatten(flat, CONFIG)
    assert list(restored) == list(parameter_shapes(CONFIG))
    for name, value in members.items():
        np.testing.assert_array_equal(restored[name], value, err_msg=name)


def test_blocks_and_back_changes_nothing():
    members = tiny_initial()
    blocks = to_blocks(members, CONFIG)
    assert 1 < len(blocks) < 5  # few buffers; the widest kernel has its own
    restored = from_blocks(blocks, CONFIG)
    assert list(restored) == list(parameter_shapes(CONFIG))
    for name, value in members.items():
        np.testing.assert_array_equal(restored[name], value, err_msg=name)


def test_unflattened_parameters_are_copies():
    flat = flatten(tiny_initial(), CONFIG)
    unflatten(flat, CONFIG)["atom_embedding"][:] = 7.0
    assert not (flat == 7.0).any()


def test_steps_are_clipped_adam(epoch: Epoch):
    """Three epochs of two steps. Tolerance: a fiftieth of the learning rate on weights that moved by several rates."""
    adam, errors = by_hand(epoch.train, 3)
    state = None
    for _ in range(3):
        state, report = epoch.run(state)
    assert state is not None
    np.testing.assert_allclose(state.weights, adam.weights, rtol=0, atol=LEARNING_RATE / 50)
    np.testing.assert_allclose(state.momentum, adam.momentum, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state.variance, adam.variance, rtol=1e-3, atol=1e-6)
    np.testing.assert_array_equal(state.n_update, [6.0] * N_MEMBER)
    assert np.abs(adam.weights - fresh_state().weights).max() > 3 * LEARNING_RATE
    n_train = epoch.train.present.sum(axis=(0, 2))
    np.testing.assert_allclose(report.train_error, (errors[-2] + errors[-1]) / n_train, rtol=1e-3)
    np.testing.assert_allclose(report.gradient_norm, np.mean(adam.norms[-2:], axis=0), rtol=2e-3)
    norms = np.array(adam.norms)
    assert (norms[:, 0] < SETTINGS.gradient_clip_norm).all()  # both sides of the clip were tried
    assert (norms[:, 1:] > SETTINGS.gradient_clip_norm).any()


def test_validation_error_is_taken_after_the_epoch(epoch: Epoch):
    state, report = epoch.run()
    parameters = {name: tf.constant(value) for name, value in unflatten(state.weights, CONFIG).items()}
    steps = range(len(epoch.validation.target))
    total = sum(eager_error_sum(parameters, epoch.validation, step).numpy() for step in steps)
    np.testing.assert_allclose(report.validation_error, total / epoch.validation.present.sum(axis=(0, 2)), rtol=1e-4)


def test_the_smaller_shape_gives_the_same_numbers(epoch: Epoch):
    """A step cut to a smaller shape against the same step in the largest one; 1e-5 absolute on the weights."""
    data = tiny_data()
    smallest_crystals = np.argsort(data.graphs.n_bond, kind="stable")[: STEPS_PER_EPOCH * SETTINGS.batch_size]
    train = train_batches(
        data,
        [smallest_crystals] * N_MEMBER,
        shapes=SHAPES,
        rngs=[np.random.default_rng(0) for _ in range(N_MEMBER)],
    )
    assert (train.shape_index == 0).any()
    chosen, _ = epoch.run(train=train, rate=1e-3)
    largest = np.full_like(train.shape_index, 1)
    in_largest, _ = epoch.run(train=train._replace(shape_index=largest), rate=1e-3)
    np.testing.assert_allclose(chosen.weights, in_largest.weights, rtol=0, atol=1e-5)


def test_no_learning_rate_no_change(epoch: Epoch):
    state, report = epoch.run(rate=0.0)
    np.testing.assert_array_equal(state.weights, fresh_state().weights)
    assert (report.gradient_norm > 0).all()


def poisonings(epoch: Epoch) -> Iterator[tuple[str, FlatState, LabelledBatches]]:
    """Yield ways in which member 1 meets something that is not finite, in its weights or in its first step."""
    weights = fresh_state().weights.copy()
    weights[1, 5] = np.nan
    yield "a weight that is NaN", fresh_state(weights), epoch.train
    weights = fresh_state().weights.copy()
    weights[1, :] = np.float32(1e30)
    yield "weights that overflow", fresh_state(weights), epoch.train
    features = epoch.train.graphs.bond_feature.copy()
    features[0, 1, 0, 0] = np.inf
    graphs = epoch.train.graphs._replace(bond_feature=features)
    yield "an infinite input", fresh_state(), epoch.train._replace(graphs=graphs)
    kappa = epoch.train.target.copy()
    kappa[0, 1, 0] = 0.0
    yield "a target of zero", fresh_state(), epoch.train._replace(target=kappa)


@pytest.mark.parametrize("number", range(4), ids=["NaN weight", "overflow", "infinite input", "zero target"])
def test_a_diverging_member_touches_no_other(epoch: Epoch, number: int):
    clean_state, clean_report = epoch.run()
    what, start, train = list(poisonings(epoch))[number]
    state, report = epoch.run(start, train=train)
    others = [member for member in range(N_MEMBER) if member != 1]
    for found, expected in zip((*state, *report), (*clean_state, *clean_report), strict=True):
        np.testing.assert_array_equal(found[others], expected[others], err_msg=what)
    assert report.n_skipped[1] > 0
    assert (report.n_skipped[others] == 0).all()


def test_a_step_with_a_non_finite_gradient_changes_nothing(epoch: Epoch):
    """Member 1's first step is spoiled: what is left is Adam without that step."""
    _, start, train = list(poisonings(epoch))[2]
    state, report = epoch.run(start, train=train)
    adam, _ = by_hand(epoch.train, 1, poisoned=(0, 1))
    np.testing.assert_array_equal(state.n_update, [2.0, 1.0, 2.0])
    np.testing.assert_array_equal(report.n_skipped, [0.0, 1.0, 0.0])
    np.testing.assert_allclose(state.weights, adam.weights, rtol=0, atol=LEARNING_RATE / 50)
    np.testing.assert_allclose(report.gradient_norm[1], adam.norms[1][1], rtol=1e-3)
    assert np.isfinite(state.weights).all()


def test_a_member_with_a_spoiled_weight_stays_as_it_is(epoch: Epoch):
    _, start, _ = next(poisonings(epoch))
    state, report = epoch.run(start)
    np.testing.assert_array_equal(state.weights[1], start.weights[1])
    assert not state.momentum[1].any()
    assert report.n_skipped[1] == STEPS_PER_EPOCH
    assert np.isnan(report.validation_error[1])
