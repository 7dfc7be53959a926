"""Packing: crystals into fixed shapes, because XLA compiles once per shape.

A step's crystals lie in ``n_group`` groups. Atoms meet their bonds, and crystals their atoms, through one-hot matrices
within a group, so small groups keep those matrices small; many groups make a large batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection, ragged_arange

Ints = npt.NDArray[np.int64]

EMPTY: Final = -1
"""In a plan: a place without a crystal."""

_CRYSTALS_PER_GROUP: Final = 16

_CAPACITY_STEP: Final = 16
"""Capacities are multiples of the vector width in floats."""


@dataclass(frozen=True)
class BatchShape:
    """Capacity of one step.

    Attributes:
        n_group: Groups.
        n_crystal: Crystals per group.
        n_atom: Atoms (colours of the quotient) per group.
        n_bond: Bonds (classes of the quotient) per group.
    """

    n_group: int
    n_crystal: int
    n_atom: int
    n_bond: int

    def holds(self, other: "BatchShape") -> bool:
        """Return whether a step of shape ``other`` fits."""
        return (
            self.n_group == other.n_group
            and self.n_crystal >= other.n_crystal
            and self.n_atom >= other.n_atom
            and self.n_bond >= other.n_bond
        )


class GraphBatch(NamedTuple):
    """Packed crystals; ``…`` stands for leading axes such as steps and members. Padding changes no result.

    Attributes:
        atomic_number: int32 […, n_group, n_atom]; 0 in padding.
        atom_multiplicity: float32 […, n_group, n_atom]; 0 in padding.
        crystal_of_atom: int32 […, n_group, n_atom], crystal within the group; n_crystal in padding.
        bond_centre: int32 […, n_group, n_bond], atom within the group; n_atom in padding.
        bond_neighbour: int32 […, n_group, n_bond], atom within the group; n_atom in padding.
        bond_multiplicity: float32 […, n_group, n_bond]; 0 in padding.
        bond_feature: float32 […, n_group, n_bond, n_feature]; 0 in padding.
    """

    atomic_number: npt.NDArray[np.int32]
    atom_multiplicity: npt.NDArray[np.float32]
    crystal_of_atom: npt.NDArray[np.int32]
    bond_centre: npt.NDArray[np.int32]
    bond_neighbour: npt.NDArray[np.int32]
    bond_multiplicity: npt.NDArray[np.float32]
    bond_feature: npt.NDArray[np.float32]


def needed_shapes(graphs: GraphCollection, plan: Ints) -> list[BatchShape]:
    """Return the smallest shape of each step of a plan [n_step, n_group, n_crystal] (rounded up)."""
    present = plan != EMPTY
    rows = np.where(present, plan, 0)
    n_atom = np.where(present, graphs.n_atom[rows], 0).sum(-1).max(-1)
    n_bond = np.where(present, graphs.n_bond[rows], 0).sum(-1).max(-1)
    n_group, n_crystal = plan.shape[1:]
    return [
        BatchShape(n_group, n_crystal, _round_up(int(atoms)), _round_up(int(bonds)))
        for atoms, bonds in zip(n_atom, n_bond, strict=True)
    ]


def pack(graphs: GraphCollection, bond_feature: npt.NDArray[np.float32], plan: Ints, shape: BatchShape) -> GraphBatch:
    """Pack the crystals of a plan.

    Args:
        graphs: All crystals.
        bond_feature: What the network receives of each bond of ``graphs``, float32 [sum of n_bond, n_feature].
        plan: Row of ``graphs`` for each place, or ``EMPTY``, int64 [n_step, n_group, n_crystal].
        shape: Capacity of every step; each step must fit.

    Returns:
        Arrays with a leading step axis.
    """
    n_step = len(plan)
    n_slot = n_step * shape.n_group
    slot, place = np.nonzero(plan.reshape(n_slot, -1) != EMPTY)
    rows = plan.reshape(n_slot, -1)[slot, place]
    n_atom, n_bond = graphs.n_atom[rows].astype(np.int64), graphs.n_bond[rows].astype(np.int64)
    first_atom, first_bond = _start_within(slot, n_atom), _start_within(slot, n_bond)

    atoms = ragged_arange(graphs.atom_offset[rows], n_atom)
    bonds = ragged_arange(graphs.bond_offset[rows], n_bond)
    to_atom = ragged_arange(slot * shape.n_atom + first_atom, n_atom)
    to_bond = ragged_arange(slot * shape.n_bond + first_bond, n_bond)
    atom_shift = np.repeat(first_atom, n_bond)

    def scatter(values: npt.NDArray[Any], to: Ints, size: int, padding: int) -> npt.NDArray[Any]:
        out = np.full((n_slot * size, *values.shape[1:]), padding, values.dtype)
        out[to] = values
        return out.reshape(n_step, shape.n_group, size, *values.shape[1:])

    def of_atoms(values: npt.NDArray[Any], padding: int = 0) -> npt.NDArray[Any]:
        return scatter(values, to_atom, shape.n_atom, padding)

    def of_bonds(values: npt.NDArray[Any], padding: int = 0) -> npt.NDArray[Any]:
        return scatter(values, to_bond, shape.n_bond, padding)

    return GraphBatch(
        atomic_number=of_atoms(graphs.atomic_number[atoms]),
        atom_multiplicity=of_atoms(graphs.atom_multiplicity[atoms]),
        crystal_of_atom=of_atoms(np.repeat(place, n_atom).astype(np.int32), shape.n_crystal),
        bond_centre=of_bonds((graphs.bond_centre[bonds] + atom_shift).astype(np.int32), shape.n_atom),
        bond_neighbour=of_bonds((graphs.bond_neighbour[bonds] + atom_shift).astype(np.int32), shape.n_atom),
        bond_multiplicity=of_bonds(graphs.bond_multiplicity[bonds]),
        bond_feature=of_bonds(bond_feature[bonds]),
    )


def random_plan(rows: Ints, *, batch_size: int, graphs: GraphCollection, rng: np.random.Generator) -> Ints:
    """Shuffle rows into steps; within a step, spread the bonds evenly over the groups.

    Args:
        rows: Rows of ``graphs`` to use once each.
        batch_size: Crystals per step; the last step may have fewer.
        graphs: All crystals.
        rng: Source of the order.

    Returns:
        Plan [n_step, n_group, n_crystal] with ``EMPTY`` places.
    """
    order = rng.permutation(rows)
    n_step = -(-len(order) // batch_size)
    padded = np.full(n_step * batch_size, EMPTY, np.int64)
    padded[: len(order)] = order
    return np.stack([_spread(step, graphs.n_bond) for step in padded.reshape(n_step, batch_size)])


def fit_plan(plan: Ints, *, graphs: GraphCollection, largest: BatchShape) -> Ints:
    """Return the plan with every step within ``largest``.

    Shapes are chosen in a rehearsal, so now and then a step asks for more: it exchanges its largest crystal with the
    smallest one of the step that has the fewest bonds, until all fit.

    Raises:
        DataError: No exchange helps: the crystals are larger than those of the rehearsal.
    """
    plan = plan.copy()
    for _ in range(plan.size):
        too_large = [step for step, shape in enumerate(needed_shapes(graphs, plan)) if not largest.holds(shape)]
        if not too_large:
            return plan
        _exchange(plan, too_large[0], graphs.n_bond)
    raise DataError(f"the crystals of a step do not fit {largest}")


def groups_per_step(batch_size: int) -> int:
    """Return how many groups a step has: about sixteen crystals each, which keeps one-hot products small."""
    return max(1, round(batch_size / _CRYSTALS_PER_GROUP))


def group_capacity(batch_size: int, n_group: int) -> int:
    """Return how many crystals a group may hold: half as many again as the average, so that sizes can balance."""
    return batch_size if n_group == 1 else -(-3 * batch_size // (2 * n_group))


def dense_plan(n_atom: npt.NDArray[np.integer], n_bond: npt.NDArray[np.integer], shape: BatchShape) -> Ints:
    """Pack every crystal once into as few steps of this shape as first-fit finds, largest first.

    Returns:
        Plan [n_step, n_group, n_crystal].
    """
    slots: list[list[int]] = []
    free: list[list[int]] = []
    open_slots: list[int] = []
    for row in np.argsort(-n_bond, kind="stable"):
        need = (int(n_atom[row]), int(n_bond[row]))
        for slot in open_slots:
            if free[slot][0] >= need[0] and free[slot][1] >= need[1]:
                break
        else:
            slot = len(slots)
            slots.append([])
            free.append([shape.n_atom, shape.n_bond])
            # Old slots are nearly full: looking at the newest few keeps the packing linear.
            open_slots = [*open_slots[-15:], slot]
        slots[slot].append(int(row))
        free[slot][0] -= need[0]
        free[slot][1] -= need[1]
        if len(slots[slot]) == shape.n_crystal:
            open_slots.remove(slot)
    n_step = -(-len(slots) // shape.n_group)
    plan = np.full((n_step * shape.n_group, shape.n_crystal), EMPTY, np.int64)
    for slot, members in enumerate(slots):
        plan[slot, : len(members)] = members
    return plan.reshape(n_step, shape.n_group, shape.n_crystal)


def choose_shapes(needed: Sequence[BatchShape], *, n_shape: int) -> tuple[BatchShape, ...]:
    """Choose few shapes that hold all the steps seen in a rehearsal with the least padding.

    Args:
        needed: Shapes of many steps, all with the same groups and crystals.
        n_shape: How many shapes to choose at most.

    Returns:
        Shapes by rising number of bonds; the last one holds every step of the rehearsal.
    """
    sizes, counts = np.unique([shape.n_bond for shape in needed], return_counts=True)
    # best[k][j]: least padded bonds when the j smallest sizes are held by k shapes.
    total = np.concatenate([[0], np.cumsum(counts)])
    best = np.full((n_shape + 1, len(sizes) + 1), np.inf)
    best[0, 0] = 0.0
    origin = np.zeros((n_shape + 1, len(sizes) + 1), np.int64)
    for k in range(1, n_shape + 1):
        for j in range(1, len(sizes) + 1):
            cost = best[k - 1, :j] + (total[j] - total[:j]) * sizes[j - 1]
            origin[k, j] = int(np.argmin(cost))
            best[k, j] = cost[origin[k, j]]
    k, j = int(np.argmin(best[:, -1])), len(sizes)
    limits = []
    while k > 0:
        limits.append(int(sizes[j - 1]))
        k, j = k - 1, int(origin[k, j])
    n_group, n_crystal = needed[0].n_group, needed[0].n_crystal
    return tuple(
        BatchShape(n_group, n_crystal, max(s.n_atom for s in needed if s.n_bond <= limit), limit)
        for limit in reversed(limits)
    )


def _round_up(n: int) -> int:
    return max(_CAPACITY_STEP, -(-n // _CAPACITY_STEP) * _CAPACITY_STEP)


def _start_within(slot: Ints, counts: Ints) -> Ints:
    """Return each crystal's first index within its slot; ``slot`` ascends."""
    before = np.cumsum(counts) - counts
    first_of_slot = np.searchsorted(slot, slot, side="left")
    return before - before[first_of_slot] if len(slot) else before


def _spread(step: Ints, n_bond: npt.NDArray[np.int32]) -> Ints:
    """Give each crystal, largest first, to the group with the fewest bonds that has a place."""
    n_group = groups_per_step(len(step))
    if n_group == 1:
        return step[None]
    rows = step[step != EMPTY]
    plan = np.full((n_group, group_capacity(len(step), n_group)), EMPTY, np.int64)
    load, filled = np.zeros(n_group), np.zeros(n_group, np.int64)
    for row in rows[np.argsort(-n_bond[rows], kind="stable")]:
        group = int(np.argmin(np.where(filled < plan.shape[1], load, np.inf)))
        plan[group, filled[group]] = row
        load[group] += n_bond[row]
        filled[group] += 1
    return plan


def _exchange(plan: Ints, step: int, n_bond: npt.NDArray[np.int32]) -> None:
    """Exchange the largest crystal of ``step`` with the smallest of the step with the fewest bonds, in place."""
    size = np.where(plan == EMPTY, 0, n_bond[plan])
    other = int(np.argmin(size.sum(axis=(1, 2))))
    largest = np.unravel_index(np.argmax(size[step]), size[step].shape)
    smallest = np.unravel_index(np.argmin(np.where(plan[other] == EMPTY, np.inf, size[other])), size[other].shape)
    plan[step][largest], plan[other][smallest] = plan[other][smallest], plan[step][largest]
