"""The embedding of many crystals by programs that XLA compiles, seconds for each shape."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Ints
from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, pack
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan
from paraisite.models.architecture import ModelConfig, Parameters
from paraisite.models.distance_basis import build_distance_basis
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet import head, last_hidden
from paraisite.models.runtime import tf

_FEW_BONDS: Final = 24
_OF_FEW_BONDS: Final = BatchShape(n_crystal=128, n_atom=384, n_bond=1536)
_OF_OTHERS: Final = BatchShape(n_crystal=32, n_atom=224, n_bond=2048)
"""Filled to about nine tenths by a database's crystals, and long enough for matrix products at their full pace."""
_GROWTH: Final = 4
_STEPS_PER_CALL: Final = 16


def embed(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    """Return every member's embedding of every crystal; see ``ensemble_prediction.embed``."""
    n_hidden = ensemble.parameters["readout/1/bias"].shape[-1]
    hidden = np.full((ensemble.n_member, len(graphs), n_hidden), np.nan)
    # Both directions of a bond have one distance, and many bonds of a crystal share it.
    distance, of_bond = np.unique(graphs.bond_distance_angstrom, return_inverse=True)
    feature = build_distance_basis(ensemble.config).coordinates(distance, dtype=np.float32)[of_bond]
    # A member at a time keeps its weights in the cache.
    stacks = [slice(member, member + 1) for member in range(ensemble.n_member)]
    weights = [_constants({name: value[of] for name, value in ensemble.parameters.items()}) for of in stacks]
    for rows, shape in _by_size(graphs):
        plan = dense_plan(graphs.sizes[rows], shape)
        plan = np.where(plan == EMPTY, EMPTY, rows[plan])
        program = _program(ensemble.config, shape)
        for steps, n_step in _calls(plan):
            batch = GraphBatch(*map(tf.constant, pack(graphs, feature, steps, shape)))
            present = steps != EMPTY
            for members, stack in zip(stacks, weights, strict=True):
                hidden[members, steps[present]] = program(stack, batch, n_step).numpy().swapaxes(0, 1)[:, present]
    return hidden


def compute_output(ensemble: Ensemble, hidden: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the networks' output of the last hidden layer that ``embed`` returns, before any scaler."""
    # Outside the compiled programs, whose shapes have more crystal places than crystals: the head would fill them all.
    output = head(_constants(ensemble.parameters), tf.constant(hidden, tf.float32), config=ensemble.config)
    found: npt.NDArray[np.float64] = output.numpy().astype(np.float64)
    return found


def _constants(parameters: Parameters) -> dict[str, Any]:
    return {name: tf.constant(value) for name, value in parameters.items()}


def _by_size(graphs: GraphCollection) -> Iterator[tuple[Ints, BatchShape]]:
    """Yield the rows that fit each shape; every further shape is several times the one before, so there are few."""
    rows, shape = np.arange(len(graphs)), _OF_FEW_BONDS
    small = (graphs.sizes <= [shape.n_atom, _FEW_BONDS]).all(axis=1)
    if small.any():
        yield rows[small], shape
    rows, shape = rows[~small], _OF_OTHERS
    while len(rows):
        fits = (graphs.sizes[rows] <= shape.capacity).all(axis=1)
        if fits.any():
            yield rows[fits], shape
        rows = rows[~fits]
        shape = BatchShape(shape.n_crystal, _GROWTH * shape.n_atom, _GROWTH * shape.n_bond)


def _calls(plan: Ints) -> Iterator[tuple[Ints, Any]]:
    """Yield the steps of each call, padded with empty steps to one number of them, and how many are to be computed."""
    for start in range(0, len(plan), _STEPS_PER_CALL):
        steps = plan[start : start + _STEPS_PER_CALL]
        padding = np.full((_STEPS_PER_CALL - len(steps), plan.shape[1]), EMPTY)
        yield np.concatenate([steps, padding]), tf.constant(len(steps))


@lru_cache(maxsize=16)
def _program(config: ModelConfig, shape: BatchShape) -> Any:
    """Return the function (weights of some members, steps, number of steps to compute) -> hidden layers.

    These are [n_step, n_member, n_crystal, n_hidden]; what stands in an empty place, or in a step left out, has no
    meaning.
    """

    def run(weights: Any, batch: GraphBatch, n_step: Any) -> Any:
        n_member, n_hidden = weights["atom_embedding"].shape[0], weights["readout/1/bias"].shape[-1]
        found = tf.TensorArray(tf.float32, _STEPS_PER_CALL, element_shape=(n_member, shape.n_crystal, n_hidden))

        def compute(number: Any, found: Any) -> tuple[Any, Any]:
            of_each = tf.nest.map_structure(lambda value: tf.repeat(value[number][None], n_member, 0), batch)
            hidden = last_hidden(weights, of_each, config=config, n_crystal=shape.n_crystal)
            return number + 1, found.write(number, hidden)

        return tf.while_loop(lambda number, _: number < n_step, compute, (tf.constant(0), found))[1].stack()

    return tf.function(run, jit_compile=True, autograph=False, reduce_retracing=False)
