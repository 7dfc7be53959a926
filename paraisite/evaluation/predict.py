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


class Answers(NamedTuple):
    """What every member says of every crystal, or what a program returns for each step and crystal place.

    Attributes:
        output: The network's output, float64 [n_member, n_crystal], or [n_member, n_crystal, n_output] for several;
            with a scaler kappa in W/m/K. Of a program: as the network returns it, [n_step, n_member, n_crystal, …].
        hidden: Its last hidden layer, float64 [n_member, n_crystal, n_hidden], without unit. Of a program: [n_step,
            n_member, n_crystal, n_hidden].
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
    return answers(ensemble, graphs).output


def last_hidden_layer(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
    """Return what every member's head reads of every crystal: float64 [n_member, n_crystal, n_hidden], without unit."""
    return answers(ensemble, graphs).hidden


def answers(ensemble: Ensemble, graphs: GraphCollection, *, compiled: bool = True) -> Answers:
    """Return predictions, as ``predict`` does, and last hidden layers of one pass.

    Args:
        ensemble: Members.
        graphs: Crystals whose bonds reach to the ensemble's cutoff.
        compiled: By programs that XLA compiles, seconds for each new shape; else operation by operation, which is
            sooner done for a handful of crystals in a new process and the same within rounding.
    """
    n_output, n_hidden = ensemble.config.n_output, ensemble.parameters["readout/1/bias"].shape[-1]
    shape = (ensemble.n_member, len(graphs))
    output = np.full((*shape, *(() if n_output == 1 else (n_output,))), np.nan)
    hidden = np.full((*shape, n_hidden), np.nan)
    for members, rows, answer, present in _answers(ensemble, graphs, compiled=compiled):
        output[members, rows] = answer.output.numpy().swapaxes(0, 1)[:, present]
        hidden[members, rows] = answer.hidden.numpy().swapaxes(0, 1)[:, present]
    return Answers(output if ensemble.scaler is None else ensemble.scaler.inverse(output), hidden)


def _answers(
    ensemble: Ensemble, graphs: GraphCollection, *, compiled: bool
) -> Iterator[tuple[slice, Ints, Answers, Bools]]:
    """Yield which members, some crystals' rows, their answer, and which places of it are these crystals'."""
    feature = distance_basis(ensemble.config).coordinates(graphs.bond_distance_angstrom)
    # Compiled, a member at a time keeps its weights in the cache; otherwise the calls count, and all share one.
    stacks = [slice(k, k + 1) for k in range(ensemble.n_member)] if compiled else [slice(0, ensemble.n_member)]
    weights = [{name: tf.constant(value[of]) for name, value in ensemble.parameters.items()} for of in stacks]
    for rows, shape in _by_size(graphs):
        plan = dense_plan(graphs.sizes[rows], shape)
        plan = np.where(plan == EMPTY, EMPTY, rows[plan])
        program = _program(ensemble.config, shape, compiled=compiled)
        for steps in _chunks(plan):
            batch = GraphBatch(*map(tf.constant, pack(graphs, feature, steps, shape)))
            present = steps != EMPTY
            for members, stack in zip(stacks, weights, strict=True):
                yield members, steps[present], program(stack, batch), present


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
def _program(config: ModelConfig, shape: BatchShape, *, compiled: bool) -> Any:
    """Return the function (weights of some members, steps) -> ``Answers``."""

    def run(weights: Any, batch: GraphBatch) -> Answers:
        n_member = weights["atom_embedding"].shape[0]

        @tf.autograph.experimental.do_not_convert  # map_fn would translate the network's source for seconds
        def step(graphs: GraphBatch) -> Answers:
            of_each = tf.nest.map_structure(lambda value: tf.repeat(value[None], n_member, 0), graphs)
            hidden = last_hidden(weights, of_each, config=config, n_crystal=shape.n_crystal)
            return Answers(head(weights, hidden, config=config), hidden)

        return tf.map_fn(step, batch, fn_output_signature=Answers(tf.float32, tf.float32))

    return tf.function(run, jit_compile=True, autograph=False, reduce_retracing=False) if compiled else run
