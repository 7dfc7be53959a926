"""Which crystals meet in which step, and their packing with targets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, needed_shapes, pack, round_up
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan, group_capacity, groups_per_step, random_plan, sizes_of
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import distance_basis
from paraisite.training.step import LabelledBatches

Ints = npt.NDArray[np.int64]

_SLACK: Final = 1.06
"""How much larger than the average step the smallest shape is; less makes balancing fail, more is padding."""

_WORTHWHILE_PADDING: Final = 48
"""A second shape costs about fifteen seconds of compilation; it must save so many places of atoms and bonds a group."""

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
    """Choose one or two training shapes; they depend on crystals and batch size only, not on splits.

    The first is little larger than the average step and left out if it saves too little. The last holds the largest
    crystal in average company, so that exchanges can make every step fit; the larger half's average is taken, which no
    split that trains on at least half of the crystals exceeds.
    """
    per_group = batch_size / groups_per_step(batch_size)
    sizes = np.sort(sizes_of(graphs), axis=0)
    mean, largest, larger_half = sizes.mean(axis=0), sizes[-1], sizes[len(sizes) // 2 :].mean(axis=0)
    average = per_group * np.minimum(mean * _SLACK, largest)
    large = _shape(batch_size, largest + (per_group - 1) * larger_half)
    # With several groups a large crystal finds partners that leave it room; a single group is the whole step.
    small = _shape(batch_size, average if large.n_group == 1 else np.maximum(average, largest))
    saved = large.n_atom + large.n_bond - small.n_atom - small.n_bond
    return (small, large) if saved >= _WORTHWHILE_PADDING else (large,)


def _shape(batch_size: int, capacity: npt.NDArray[np.float64]) -> BatchShape:
    n_group = groups_per_step(batch_size)
    return BatchShape(n_group, group_capacity(batch_size, n_group), *(round_up(n) for n in capacity))


def validation_shape(graphs: GraphCollection) -> BatchShape:
    """Return a shape for one group of crystals that holds the largest, or about thirty of average size."""
    sizes = sizes_of(graphs)
    capacity = np.maximum(sizes.max(axis=0), _VALIDATION_CRYSTALS * sizes.mean(axis=0))
    return BatchShape(1, _VALIDATION_CRYSTALS, *(round_up(n) for n in capacity))


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
        random_plan(rows, batch_size=batch_size, graphs=data.graphs, shapes=shapes, rng=rng)
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
