"""Predictions of an ensemble for many crystals, in the target's unit."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, pack
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import distance_basis
from paraisite.models.ensemble import Ensemble
from paraisite.models.megnet import head, last_hidden
from paraisite.models.runtime import tf

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_N_CRYSTAL: Final = 32
_SMALLEST: Final = BatchShape(n_crystal=_N_CRYSTAL, n_atom=128, n_bond=512)
_STEPS_PER_CALL: Final = 16


class _Answer(NamedTuple):
    """What a program returns for each step and crystal place.

    Attributes:
        output: The network's output, [n_step, n_crystal] or [n_step, n_crystal, n_output].
        hidden: Its last hidden layer, [n_step, n_crystal, n_hidden].
    """

    output: Any
    hidden: Any


def predict(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    """Return every member's prediction for every crystal.

    Args:
        ensemble: Members; with a scaler, predictions are kappa in W/m/K, else the network's output in its unit.
        graphs: Crystals whose bonds reach to the ensemble's cutoff.

    Returns:
        float64 [n_member, n_crystal], or [n_member, n_crystal, n_output] for several outputs.
    """
    n_output = ensemble.config.n_output
    output = np.full((ensemble.n_member, len(graphs), *(() if n_output == 1 else (n_output,))), np.nan)
    for member, rows, answer, present in _answers(ensemble, graphs):
        output[member, rows] = answer.output.numpy()[present]
    return output if ensemble.scaler is None else ensemble.scaler.inverse(output)


def last_hidden_layer(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    """Return what every member's head reads of every crystal, by the programs of ``predict``.

    Returns:
        float64 [n_member, n_crystal, n_hidden], without unit.
    """
    n_hidden = ensemble.parameters["readout/1/bias"].shape[-1]
    hidden = np.full((ensemble.n_member, len(graphs), n_hidden), np.nan)
    for member, rows, answer, present in _answers(ensemble, graphs):
        hidden[member, rows] = answer.hidden.numpy()[present]
    return hidden


def _answers(ensemble: Ensemble, graphs: GraphCollection) -> Iterator[tuple[int, Ints, _Answer, Bools]]:
    """Yield a member's number, some crystals' rows, its answer, and which places of it are theirs."""
    feature = distance_basis(ensemble.config).coordinates(graphs.bond_distance_angstrom)
    weights = [
        {name: tf.constant(value[k : k + 1]) for name, value in ensemble.parameters.items()}
        for k in range(ensemble.n_member)
    ]
    for rows, shape in _by_size(graphs):
        plan = dense_plan(graphs.sizes[rows], shape)
        plan = np.where(plan == EMPTY, EMPTY, rows[plan])
        program = _program(ensemble.config, shape)
        for steps in _chunks(plan):
            batch = GraphBatch(*map(tf.constant, pack(graphs, feature, steps, shape)))
            present = steps != EMPTY
            for k, member in enumerate(weights):
                yield k, steps[present], program(member, batch), present


def _by_size(graphs: GraphCollection) -> Iterator[tuple[Ints, BatchShape]]:
    """Yield the rows that fit each shape; every further shape doubles the one before, so there are few."""
    rows, shape = np.arange(len(graphs)), _SMALLEST
    while len(rows):
        fits = (graphs.sizes[rows] <= shape.capacity).all(axis=1)
        if fits.any():
            yield rows[fits], shape
        rows = rows[~fits]
        shape = BatchShape(_N_CRYSTAL, 2 * shape.n_atom, 2 * shape.n_bond)


def _chunks(plan: Ints) -> Iterator[Ints]:
    """Yield the steps in calls of one or of sixteen, padded with empty steps: two programs per shape at most."""
    if len(plan) == 1:
        yield plan
        return
    for start in range(0, len(plan), _STEPS_PER_CALL):
        steps = plan[start : start + _STEPS_PER_CALL]
        missing = _STEPS_PER_CALL - len(steps)
        yield np.concatenate([steps, np.full((missing, plan.shape[1]), EMPTY)])


@lru_cache(maxsize=16)
def _program(config: ModelConfig, shape: BatchShape) -> Any:
    """Return the compiled function (one member's weights, steps) -> ``_Answer``."""

    @tf.function(jit_compile=True, autograph=False, reduce_retracing=False)
    def run(weights: Any, batch: GraphBatch) -> _Answer:
        def step(graphs: GraphBatch) -> _Answer:
            one_member = tf.nest.map_structure(lambda value: value[None], graphs)
            hidden = last_hidden(weights, one_member, config=config, n_crystal=shape.n_crystal)
            return _Answer(head(weights, hidden, config=config)[0], hidden[0])

        return tf.map_fn(step, batch, fn_output_signature=_Answer(tf.float32, tf.float32))

    return run
