"""Which crystals meet in which step, and their packing with targets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.graphs.batch import (
    EMPTY,
    BatchShape,
    GraphBatch,
    choose_shapes,
    dense_plan,
    fit_plan,
    needed_shapes,
    pack,
    random_plan,
)
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import distance_basis
from paraisite.training.step import LabelledBatches

Ints = npt.NDArray[np.int64]

MAX_TRAIN_SHAPES: Final = 3
"""Each shape costs about fifteen seconds of compilation and saves padding."""

_WORTHWHILE_BONDS: Final = 32
"""A further shape must save so many padded bonds per step on average."""

_REHEARSAL_PLANS: Final = 40
_VALIDATION_CRYSTALS: Final = 32


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Crystals with targets, ready to be packed.

    Attributes:
        graphs: Quotient graphs (or full ones).
        kappa_w_per_m_k: float64 [n_crystal], W/m/K.
        config: Architecture; it decides what the network receives of a bond.
    """

    graphs: GraphCollection
    kappa_w_per_m_k: npt.NDArray[np.float64]
    config: ModelConfig

    def __getstate__(self) -> dict[str, object]:
        """Leave what can be computed again out of what goes to a lane's process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def bond_feature(self) -> npt.NDArray[np.float32]:
        """What the network receives of each bond, [sum of n_bond, n_basis]."""
        return distance_basis(self.config).coordinates(self.graphs.bond_distance_angstrom)


def train_shapes(graphs: GraphCollection, *, batch_size: int) -> tuple[BatchShape, ...]:
    """Choose the training shapes in a rehearsal; they depend on crystals and batch size only, not on splits."""
    rows = np.arange(len(graphs))
    needed: list[BatchShape] = []
    for seed in range(_REHEARSAL_PLANS):
        plan = random_plan(rows, batch_size=batch_size, graphs=graphs, rng=np.random.default_rng(seed))
        needed += needed_shapes(graphs, plan)
    chosen = choose_shapes(needed, n_shape=1)
    for n_shape in range(2, MAX_TRAIN_SHAPES + 1):
        finer = choose_shapes(needed, n_shape=n_shape)
        if _mean_bonds(chosen, needed) - _mean_bonds(finer, needed) < _WORTHWHILE_BONDS:
            break
        chosen = finer
    return chosen


def _mean_bonds(shapes: Sequence[BatchShape], needed: Sequence[BatchShape]) -> float:
    """Return the mean number of bonds per step, padding included."""
    return float(np.mean([next(s.n_group * s.n_bond for s in shapes if s.holds(need)) for need in needed]))


def validation_shape(graphs: GraphCollection) -> BatchShape:
    """Return a shape for one group of crystals that holds the largest, or about thirty of average size."""

    def capacity(sizes: npt.NDArray[np.int32]) -> int:
        return -(-max(int(sizes.max()), int(_VALIDATION_CRYSTALS * sizes.mean())) // 16) * 16

    return BatchShape(
        n_group=1, n_crystal=_VALIDATION_CRYSTALS, n_atom=capacity(graphs.n_atom), n_bond=capacity(graphs.n_bond)
    )


def train_batches(
    data: TrainingData,
    member_rows: Sequence[Ints],
    *,
    batch_size: int,
    shapes: tuple[BatchShape, ...],
    rngs: Sequence[np.random.Generator],
) -> LabelledBatches:
    """Shuffle and pack one epoch; all members take the same step together, each with its own crystals."""
    plans = [
        fit_plan(
            random_plan(rows, batch_size=batch_size, graphs=data.graphs, rng=rng),
            graphs=data.graphs,
            largest=shapes[-1],
        )
        for rows, rng in zip(member_rows, rngs, strict=True)
    ]
    fits = [
        [next(i for i, shape in enumerate(shapes) if shape.holds(need)) for need in needed_shapes(data.graphs, plan)]
        for plan in plans
    ]
    return _labelled(data, plans, shapes[-1], np.max(fits, axis=0).astype(np.int32))


def validation_plans(data: TrainingData, member_rows: Sequence[Ints], shape: BatchShape) -> list[Ints]:
    """Plan each member's validation rows densely, with empty steps at the end where another member needs more.

    All members have equally many steps, or the program would be compiled anew for each.
    """
    plans = []
    for rows in member_rows:
        local = dense_plan(data.graphs.n_atom[rows], data.graphs.n_bond[rows], shape)
        plans.append(np.where(local == EMPTY, EMPTY, rows[local]))
    n_step = max(len(plan) for plan in plans)
    return [np.concatenate([plan, np.full((n_step - len(plan), *plan.shape[1:]), EMPTY)]) for plan in plans]


def validation_batches(data: TrainingData, plans: Sequence[Ints], shape: BatchShape) -> LabelledBatches:
    """Pack the members' validation plans."""
    return _labelled(data, plans, shape, np.zeros(len(plans[0]), np.int32))


def _labelled(
    data: TrainingData, plans: Sequence[Ints], shape: BatchShape, shape_index: npt.NDArray[np.int32]
) -> LabelledBatches:
    packed = [pack(data.graphs, data.bond_feature, plan, shape) for plan in plans]
    places = np.stack(plans, axis=1)  # [n_step, n_member, n_group, n_crystal]
    present = places != EMPTY
    return LabelledBatches(
        graphs=GraphBatch(*(np.stack(parts, axis=1) for parts in zip(*packed, strict=True))),
        kappa=np.where(present, data.kappa_w_per_m_k[places], 1.0).astype(np.float32),
        present=present.astype(np.float32),
        shape_index=shape_index,
    )
