"""Which crystals meet in which step, and their packing with targets."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Ints
from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, pack, round_up, step_loads
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan, random_plan
from paraisite.models.architecture import ModelConfig
from paraisite.models.distance_basis import build_distance_basis
from paraisite.training.step import LabelledBatches

_SLACK: Final = 0.17
"""How much more than an average step the smallest shape holds, as a part of it and over the root of the batch size:
less makes balancing fail, more is padding."""

_NO_TROUBLE: Final = 0.25
"""A crystal that fills at most this part of the smallest shape finds partners small enough in any step."""

_WORTHWHILE_PADDING: Final = 48
"""A second shape costs about fifteen seconds of compilation; it must save so many places of atoms and bonds."""

_VALIDATION_CRYSTALS: Final = 32


@dataclass(frozen=True, eq=False)
class TrainingData:
    """Crystals with targets, ready to be packed.

    Attributes:
        graphs: Quotient graphs (or full ones).
        target: float64 [n_crystal], kappa in W/m/K or another property; [n_crystal, n_output] for several outputs.
            NaN where it is not known: that value counts nowhere.
        config: Architecture; it decides what the network receives of a bond.
        selected: Which crystals were selected by their label, bool [n_crystal]; None where none was. Each member weighs
            its training rows as ``label_selection`` says; errors on validation rows are not weighted.
    """

    graphs: GraphCollection
    target: npt.NDArray[np.float64]
    config: ModelConfig
    selected: npt.NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        """Check that every crystal has a target for each of the network's outputs.

        Raises:
            DataError: The targets have another shape, or there is not one mark of a selection per crystal.
        """
        expected = (len(self.graphs),) if self.config.n_output == 1 else (len(self.graphs), self.config.n_output)
        if self.target.shape != expected:
            raise DataError(f"the targets have shape {self.target.shape}, expected {expected}")
        if self.selected is not None and self.selected.shape != (len(self.graphs),):
            raise DataError(f"selected has shape {self.selected.shape}, expected {(len(self.graphs),)}")

    def __getstate__(self) -> dict[str, object]:
        """Leave what can be computed again out of what goes to a worker's process."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def bond_feature(self) -> npt.NDArray[np.float32]:
        """What the network receives of each bond, [sum of n_bond, n_basis]."""
        return build_distance_basis(self.config).coordinates(self.graphs.bond_distance_angstrom)


def train_shapes(sizes: Ints, member_rows: Sequence[Ints], *, batch_size: int) -> tuple[BatchShape, ...]:
    """Choose one or two training shapes for all members.

    The first is little larger than the average step. If it could not take a large crystal, another holds the largest in
    the company of large ones, so that exchanges make every step fit. The first is left out where it saves too little.

    Args:
        sizes: Atoms and bonds of each crystal, [n_row, 2].
        member_rows: Rows that each member trains on.
        batch_size: Crystals per step.
    """
    mean = np.max([sizes[rows].mean(axis=0) for rows in member_rows], axis=0)
    largest = sizes.max(axis=0)
    average = batch_size * np.minimum(mean * (1 + _SLACK / np.sqrt(batch_size)), largest)
    small = _shape(batch_size, average)
    if (largest <= _NO_TROUBLE * average).all():
        return (small,)
    larger_half = np.sort(sizes, axis=0)[len(sizes) // 2 :].mean(axis=0)
    large = _shape(batch_size, largest + (batch_size - 1) * np.maximum(mean, larger_half))
    saved = (large.capacity - small.capacity).sum()
    return (small, large) if saved >= _WORTHWHILE_PADDING else (large,)


def _shape(n_crystal: int, capacity: npt.NDArray[np.float64]) -> BatchShape:
    return BatchShape(n_crystal, *(round_up(n) for n in capacity))


def validation_shape(graphs: GraphCollection) -> BatchShape:
    """Return a shape that holds the largest crystal, or about thirty of average size."""
    capacity = np.maximum(graphs.sizes.max(axis=0), _VALIDATION_CRYSTALS * graphs.sizes.mean(axis=0))
    return _shape(_VALIDATION_CRYSTALS, capacity)


def train_batches(
    data: TrainingData,
    member_rows: Sequence[Ints],
    *,
    shapes: tuple[BatchShape, ...],
    rngs: Sequence[np.random.Generator],
) -> LabelledBatches:
    """Shuffle and pack one epoch; all members take the same step together, each with its own crystals."""
    sizes = data.graphs.sizes
    plans = [
        random_plan(rows, sizes=sizes, shapes=shapes, rng=rng) for rows, rng in zip(member_rows, rngs, strict=True)
    ]
    load = np.max([step_loads(sizes, plan) for plan in plans], axis=0)
    n_too_small = [(load > shape.capacity).any(axis=1) for shape in shapes]
    return _labelled(
        data, plans, shapes[-1], np.sum(n_too_small, axis=0, dtype=np.int32), weight=_weigh_rows(data, member_rows)
    )


def _weigh_rows(data: TrainingData, member_rows: Sequence[Ints]) -> npt.NDArray[np.float64] | None:
    """Return how much each crystal counts in each member's loss, [n_member, n_crystal]; None where all count alike."""
    if data.selected is None:
        return None
    weight = np.ones((len(member_rows), len(data.graphs)))
    for of_member, rows in zip(weight, member_rows, strict=True):
        of_member[rows] = compute_sample_weights(data.target[rows], data.selected[rows])
    return weight


def validation_plans(data: TrainingData, member_rows: Sequence[Ints], shape: BatchShape) -> list[Ints]:
    """Plan each member's validation rows densely, with empty steps at the end where another member needs more.

    All members have equally many steps, or the program would be compiled anew for each.
    """
    plans = []
    for rows in member_rows:
        local = dense_plan(data.graphs.sizes[rows], shape)
        plans.append(np.where(local == EMPTY, EMPTY, rows[local]))
    n_step = max(len(plan) for plan in plans)
    return [np.concatenate([plan, np.full((n_step - len(plan), shape.n_crystal), EMPTY)]) for plan in plans]


def validation_batches(data: TrainingData, plans: Sequence[Ints], shape: BatchShape) -> LabelledBatches:
    """Pack the members' validation plans."""
    return _labelled(data, plans, shape, np.zeros(len(plans[0]), np.int32))


def _labelled(
    data: TrainingData,
    plans: Sequence[Ints],
    shape: BatchShape,
    shape_index: npt.NDArray[np.int32],
    *,
    weight: npt.NDArray[np.float64] | None = None,
) -> LabelledBatches:
    packed = [pack(data.graphs, data.bond_feature, plan, shape) for plan in plans]
    places = np.stack(plans, axis=1)  # [n_step, n_member, n_crystal]
    target = data.target[places]  # [n_step, n_member, n_crystal] or […, n_crystal, n_output]
    is_crystal = (places != EMPTY).reshape(places.shape + (1,) * (target.ndim - places.ndim))
    present = (is_crystal & ~np.isnan(target)).astype(np.float32)
    if weight is not None:
        of_places = weight[np.arange(len(plans))[:, None], places]  # [n_step, n_member, n_crystal]
        present *= of_places.reshape(is_crystal.shape).astype(np.float32)
    return LabelledBatches(
        graphs=GraphBatch(*(np.stack(parts, axis=1) for parts in zip(*packed, strict=True))),
        target=np.where(is_crystal & ~np.isnan(target), target, 1.0).astype(np.float32),
        present=present,
        shape_index=shape_index,
    )
