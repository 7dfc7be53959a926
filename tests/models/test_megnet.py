"""The network against its references: megnet's own numbers, plain NumPy, itself compiled, padded and stacked."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, pack, step_loads
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig, Parameters, parameter_shapes
from paraisite.models.distance_basis import build_distance_basis
from paraisite.models.megnet import forward, softplus2
from paraisite.models.megnet_interop import read_published_model
from paraisite.models.runtime import tf
from paraisite.training.initial_parameters import stack
from tests.graphs.random_graphs import random_graphs
from tests.models.numpy_megnet import numpy_forward
from tests.models.reference import PUBLISHED_MODELS, random_member, reference_graphs, reference_predictions

SMALL = ModelConfig(
    embedding_dim=4,
    gaussian_centers_angstrom=tuple(np.linspace(0, 5, 12).tolist()),
    n_block=2,
    wide=9,
    narrow=5,
    n_set2set_hidden=3,
    n_set2set_pass=2,
    head_hidden=(8,),
)
VARIANTS = {
    "small": SMALL,
    "one pass of set2set": replace(SMALL, n_set2set_pass=1),
    "one block": replace(SMALL, n_block=1),
    "no hidden layer in the head": replace(SMALL, head_hidden=()),
    "three hidden layers in the head": replace(SMALL, head_hidden=(7, 6, 5)),
    "sigmoid": replace(SMALL, output_activation="sigmoid"),
    "published sizes, our head": ModelConfig(head_hidden=(8,)),
}


def member(config: ModelConfig, seed: int = 0) -> Parameters:
    """Return one member's random parameters, without the member axis."""
    return {name: value[0] for name, value in random_member(config, seed=seed, scale=1.5).parameters.items()}


def batch_of(
    graphs: GraphCollection, config: ModelConfig, plan: Any, *, spare: int = 0
) -> tuple[GraphBatch, BatchShape]:
    """Pack one step [n_crystal] for one member, with ``spare`` more atoms and bonds than needed."""
    plan = np.asarray(plan)[None]
    n_atom, n_bond = step_loads(graphs.sizes, plan)[0] + spare
    shape = BatchShape(plan.shape[1], int(n_atom), int(n_bond))
    features = build_distance_basis(config).coordinates(graphs.bond_distance_angstrom)
    return pack(graphs, features, plan, shape), shape


def predictions(
    graphs: GraphCollection, config: ModelConfig, weights: Mapping[str, Any], plan: Any = None, *, spare: int = 0
) -> np.ndarray:
    """Return [n_member, n_crystal] of stacked weights, every member seeing the same crystals."""
    plan = np.arange(len(graphs)) if plan is None else np.asarray(plan)
    batch, shape = batch_of(graphs, config, plan, spare=spare)
    n_member = len(weights["atom_embedding"])
    batch = GraphBatch(*(np.repeat(values, n_member, axis=0) for values in batch))
    output = forward(weights, batch, config=config, n_crystal=shape.n_crystal).numpy()
    assert output.shape == (n_member, len(plan))
    assert np.isfinite(output).all()  # in empty places too: the loss multiplies them by zero
    result = np.full((n_member, len(graphs)), np.nan)
    result[:, plan[plan != EMPTY]] = output[:, plan != EMPTY]
    return result


@pytest.fixture(scope="module")
def crystals() -> GraphCollection:
    """Real quotient graphs, and made-up ones in which some atoms have no bond."""
    made_up = random_graphs([1, 9, 4], [3, 12, 30])
    return GraphCollection.concatenate([reference_graphs(quotient=True), made_up])


@pytest.mark.parametrize("quotient", [False, True], ids=["full", "quotient"])
@pytest.mark.parametrize("model", PUBLISHED_MODELS)
def test_published_models_give_megnets_own_numbers(
    model: str, quotient: bool, shared_weights: Path, shared_reference: Path
):
    """Golden: megnet 1.3.2's predictions; 1e-5 absolute, in the model's unit."""
    published = read_published_model(shared_weights / f"{model}.hdf5")
    found = predictions(reference_graphs(quotient=quotient), published.config, stack([published.parameters]))
    np.testing.assert_allclose(found[0], reference_predictions(shared_reference, model), rtol=0, atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_network_equals_numpy(variant: str, crystals: GraphCollection):
    """Single against double precision: 1e-5 absolute on outputs of order one."""
    config, parameters = VARIANTS[variant], member(VARIANTS[variant])
    expected = numpy_forward(config, parameters, crystals)
    assert np.ptp(expected) > 0.01  # otherwise the weights hide the crystals
    np.testing.assert_allclose(predictions(crystals, config, stack([parameters]))[0], expected, rtol=1e-5, atol=1e-5)


LAYOUTS = {
    "in order": [0, 1, 2, 3, 4, 5, 6],
    "reversed": [6, 5, 4, 3, 2, 1, 0],
    "holes": [EMPTY, 0, 1, EMPTY, EMPTY, 2, 3, 4, 5, EMPTY, 6],
    "room at the end": [0, 1, 2, 3, 4, 5, 6, *[EMPTY] * 7],
}


@pytest.mark.parametrize("spare", [0, 32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_padding_leaves_predictions_unchanged(layout: str, spare: int, crystals: GraphCollection):
    """Where a crystal lies, what lies beside it and how much room is left changes nothing beyond rounding (2e-6)."""
    weights = stack([member(SMALL)])
    alone = np.concatenate([predictions(crystals.take([row]), SMALL, weights)[0] for row in range(len(crystals))])
    found = predictions(crystals, SMALL, weights, LAYOUTS[layout], spare=spare)
    np.testing.assert_allclose(found[0], alone, rtol=0, atol=2e-6)


def test_compiled_equals_eager(crystals: GraphCollection):
    """XLA against eager execution: 1e-5 absolute."""
    weights = stack([member(SMALL, seed) for seed in range(2)])
    batch, shape = batch_of(crystals, SMALL, [0, 1, 2, EMPTY, 3, 4, 5, 6])
    batch = GraphBatch(*(np.repeat(values, 2, axis=0) for values in batch))

    def run(weights: Any, batch: GraphBatch) -> Any:
        return forward(weights, batch, config=SMALL, n_crystal=shape.n_crystal)

    compiled = tf.function(run, jit_compile=True, autograph=False)
    np.testing.assert_allclose(compiled(weights, batch), run(weights, batch), rtol=0, atol=1e-5)


def test_each_member_of_a_stack_predicts_as_if_alone(crystals: GraphCollection):
    """Member k of a stack against that member alone: 1e-6 absolute."""
    members = [member(SMALL, seed) for seed in range(3)]
    together = predictions(crystals, SMALL, stack(members))
    for found, one in zip(together, members, strict=True):
        np.testing.assert_allclose(found, predictions(crystals, SMALL, stack([one]))[0], rtol=0, atol=1e-6)
    assert np.abs(together[0] - together[1]).max() > 0.01


def test_each_member_of_a_stack_sees_its_own_crystals(crystals: GraphCollection):
    members = [member(SMALL, seed) for seed in range(2)]
    batches = [batch_of(crystals, SMALL, rows, spare=64 - 16 * k)[0] for k, rows in enumerate(([0, 3, 4], [5, 2, 6]))]
    sizes = [min(part.shape[-1] for part in parts) for parts in zip(*(b[:6] for b in batches), strict=True)]
    assert sizes  # the two are cut to one shape below; what is cut off is padding
    cut = [
        GraphBatch(*(values[..., :size] for values, size in zip(b[:6], sizes, strict=True)), b[6][..., : sizes[3], :])
        for b in batches
    ]
    both = GraphBatch(*(np.concatenate(parts) for parts in zip(*cut, strict=True)))
    found = forward(stack(members), both, config=SMALL, n_crystal=3).numpy()
    for k, rows in enumerate(([0, 3, 4], [5, 2, 6])):
        expected = numpy_forward(SMALL, members[k], crystals.take(rows))
        np.testing.assert_allclose(found[k], expected, rtol=1e-5, atol=1e-5)


X = np.concatenate([np.linspace(-30, 30, 121), [-500.0, -100.0, 0.0, 100.0, 500.0]])


def test_softplus2_is_softplus_minus_ln_2():
    expected = np.logaddexp(X, 0.0) - np.log(2.0)
    np.testing.assert_allclose(softplus2(tf.constant(X, tf.float32)), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(softplus2(tf.constant(X, tf.float64)), expected, rtol=0, atol=1e-7)


@pytest.mark.parametrize("dtype", [tf.float32, tf.float64])
def test_softplus2_gradient_is_its_slope(dtype: Any):
    x = tf.constant(X, dtype)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = 3.0 * softplus2(x)
    logistic = 1.0 / (1.0 + np.exp(-np.clip(X, -80, 80)))
    np.testing.assert_allclose(tape.gradient(y, x), 3.0 * logistic, rtol=0, atol=1e-6)


def test_gradient_of_every_parameter_equals_finite_differences(crystals: GraphCollection):
    """Slope of the weighted sum of outputs along one random direction in each parameter.

    The differences are taken in the NumPy reference in double precision; 1e-3 relative.
    """
    parameters, rng = member(SMALL), np.random.default_rng(5)
    weight_of_crystal = rng.normal(size=len(crystals))
    batch, shape = batch_of(crystals, SMALL, [0, 1, EMPTY, 2, 3, 4, 5, 6], spare=16)
    places = np.array([0, 1, 3, 4, 5, 6, 7])
    weights = {name: tf.constant(value[None]) for name, value in parameters.items()}
    with tf.GradientTape() as tape:
        tape.watch(weights)
        output = forward(weights, batch, config=SMALL, n_crystal=shape.n_crystal)[0]
        total = tf.reduce_sum(tf.gather(output, places) * weight_of_crystal.astype(np.float32))
    gradient = tape.gradient(total, weights)

    n_sloping = 0
    for name, size in parameter_shapes(SMALL).items():
        direction = rng.normal(size=size)
        direction /= np.linalg.norm(direction)
        step = 1e-5

        def shifted(sign: int, name: str = name, direction: np.ndarray = direction, step: float = step) -> float:
            moved = parameters | {name: parameters[name].astype(np.float64) + sign * step * direction}
            return float(numpy_forward(SMALL, moved, crystals) @ weight_of_crystal)

        slope = (shifted(1) - shifted(-1)) / (2 * step)
        found = float(np.sum(gradient[name].numpy()[0] * direction))
        assert found == pytest.approx(slope, rel=1e-3, abs=2e-6), name
        n_sloping += abs(slope) > 1e-4
    assert n_sloping > 0.8 * len(parameters)  # otherwise little was compared


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
def test_each_of_several_outputs_is_the_network_that_ends_in_it_alone(activation: str, crystals: GraphCollection):
    config = replace(SMALL, n_output=3, output_activation=activation)
    weights = random_member(config, seed=3, scale=1.5).parameters
    batch, shape = batch_of(crystals, config, np.arange(len(crystals)))
    batch = GraphBatch(*map(tf.constant, batch))
    found = forward(weights, batch, config=config, n_crystal=shape.n_crystal).numpy()
    assert found.shape == (1, len(crystals), 3)
    for k in range(3):
        alone = weights | {name: weights[name][..., k : k + 1] for name in ("head/1/kernel", "head/1/bias")}
        expected = forward(alone, batch, config=replace(config, n_output=1), n_crystal=shape.n_crystal).numpy()
        np.testing.assert_allclose(found[..., k], expected, rtol=1e-5, atol=1e-6)
