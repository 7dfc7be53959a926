"""Plans: which crystals share a step, and which of them share a group.

A plan is int64 [n_step, n_group, n_crystal]: the row of a collection for each place, or ``EMPTY``.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, Ints, needed_shapes
from paraisite.graphs.crystal_graph import GraphCollection

Floats = npt.NDArray[np.float64]

_CRYSTALS_PER_GROUP: Final = 16


def groups_per_step(batch_size: int) -> int:
    """Return how many groups a step has: about sixteen crystals each, which keeps one-hot products small."""
    return max(1, round(batch_size / _CRYSTALS_PER_GROUP))


def group_capacity(batch_size: int, n_group: int) -> int:
    """Return how many crystals a group may hold: half as many again as the average, so that sizes can balance."""
    return batch_size if n_group == 1 else -(-3 * batch_size // (2 * n_group))


def random_plan(
    rows: Ints, *, batch_size: int, graphs: GraphCollection, shapes: Sequence[BatchShape], rng: np.random.Generator
) -> Ints:
    """Shuffle rows into steps, then exchange as few crystals between them as let most steps fit the smallest shape.

    Where a step's crystals are more than its shape holds, the one that helps most changes places with a smaller one of
    the emptiest step. So little of a shape is padding, and each step remains a random draw but for its total size.

    Args:
        rows: Rows of ``graphs`` to use once each.
        batch_size: Crystals per step; the last step may have fewer.
        graphs: All crystals.
        shapes: Shapes by rising capacity.
        rng: Source of the order.

    Returns:
        Plan [n_step, n_group, n_crystal] in which every step fits the last shape.

    Raises:
        DataError: There are no rows, or no exchange makes them fit.
    """
    if len(rows) == 0:
        raise DataError("there is no crystal to plan an epoch with")
    order = rng.permutation(rows)
    n_step = -(-len(order) // batch_size)
    places = np.full(n_step * batch_size, EMPTY, np.int64)
    places[: len(order)] = order
    steps = places.reshape(n_step, batch_size)
    sizes = sizes_of(graphs)
    _balance(steps, sizes, [_step_capacity(shape) for shape in shapes])
    plan = np.stack([_spread(steps[i], sizes, shapes[0]) for i in range(n_step)])
    if not all(shapes[-1].holds(needed) for needed in needed_shapes(graphs, plan, rounded=False)):
        raise DataError(f"the crystals of a step do not fit {shapes[-1]}")
    return plan


def sizes_of(graphs: GraphCollection) -> Floats:
    """Return each crystal's number of atoms and bonds, [n_crystal, 2]."""
    return np.stack([graphs.n_atom, graphs.n_bond], axis=1).astype(np.float64)


def dense_plan(n_atom: npt.NDArray[np.integer], n_bond: npt.NDArray[np.integer], shape: BatchShape) -> Ints:
    """Pack every crystal once into as few steps of this shape as first-fit finds, largest first.

    Returns:
        Plan [n_step, n_group, n_crystal].

    Raises:
        DataError: A crystal is larger than a group of this shape.
    """
    if (n_atom > shape.n_atom).any() or (n_bond > shape.n_bond).any():
        raise DataError(f"a crystal of {n_atom.max()} atoms or {n_bond.max()} bonds is larger than {shape}")
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


def _step_capacity(shape: BatchShape) -> Floats:
    return np.array([shape.n_atom, shape.n_bond], np.float64) * shape.n_group


def _balance(steps: Ints, sizes: Floats, capacities: Sequence[Floats]) -> None:
    """Exchange crystals between steps [n_step, batch_size], in place, until each fits the least capacity it can."""
    load = np.where((steps == EMPTY)[..., None], 0.0, sizes[steps]).sum(axis=1)  # [n_step, 2]
    smallest, largest = capacities[0], capacities[-1]
    least_rest = sizes.min(axis=0) * (steps.shape[1] - 1)
    overfull = np.flatnonzero((load > smallest).any(axis=1))
    for step in overfull[np.argsort(-(load[overfull] / smallest).max(axis=1), kind="stable")]:
        at_least = sizes[steps[step]].max(axis=0) + least_rest
        capacity = next((fit for fit in capacities if (at_least <= fit).all()), largest)
        # Two very large crystals in one step can only be parted by giving one to a step that then needs more room too.
        for limit, goal in ((smallest, capacity), (largest, largest)):
            while (load[step] > goal).any() and _relieve(steps, load, step, sizes, goal, limit):
                pass


def _relieve(steps: Ints, load: Floats, step: np.intp, sizes: Floats, goal: Floats, limit: Floats) -> bool:
    """Make the exchange that brings a step nearest to ``goal`` with a step that stays within ``limit``, if any does."""
    fullness = (load[step] / goal).max()
    for other in np.argsort((load / limit).max(axis=1), kind="stable"):
        moved = sizes[steps[step]][:, None] - sizes[steps[other]]  # [batch_size, batch_size, 2]
        here = ((load[step] - moved) / goal).max(axis=-1)
        there = ((load[other] + moved) / limit).max(axis=-1)
        both = (steps[step] != EMPTY)[:, None] & (steps[other] != EMPTY)
        fullest = np.where(both & (there <= 1.0), np.maximum(here, there), np.inf)
        mine, its = np.unravel_index(np.argmin(fullest), fullest.shape)
        if fullest[mine, its] < fullness:
            steps[step, mine], steps[other, its] = steps[other, its], steps[step, mine]
            load[step] -= moved[mine, its]
            load[other] += moved[mine, its]
            return True
    return False


def _spread(step: Ints, sizes: Floats, shape: BatchShape) -> Ints:
    """Give each crystal, largest first, to the least filled group that has a place."""
    n_group = groups_per_step(len(step))
    if n_group == 1:
        return step[None]
    rows = step[step != EMPTY]
    share = sizes[rows] / (shape.n_atom, shape.n_bond)
    plan = np.full((n_group, group_capacity(len(step), n_group)), EMPTY, np.int64)
    load, filled = np.zeros((n_group, 2)), np.zeros(n_group, np.int64)
    for i in np.argsort(-share.max(axis=1), kind="stable"):
        fullness = (load + share[i]).max(axis=1)
        group = int(np.argmin(np.where(filled < plan.shape[1], fullness, np.inf)))
        plan[group, filled[group]] = rows[i]
        load[group] += share[i]
        filled[group] += 1
    return plan
