"""Plans: which crystals share a step.

A plan is int64 [n_step, n_crystal]: the row of a collection for each place, or ``EMPTY``.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from paraisite.arrays import Floats, Ints
from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, step_loads

_SHUFFLES: Final = 8
"""How often an epoch is drawn anew when no exchange makes it fit; the first draw nearly always does."""


def random_plan(rows: Ints, *, sizes: Ints, shapes: Sequence[BatchShape], rng: np.random.Generator) -> Ints:
    """Shuffle rows into steps, then exchange as few crystals between them as let most steps fit the smallest shape.

    Where a step's crystals are more than its shape holds, the one that helps most changes places with a smaller one of
    the emptiest step. So little of a shape is padding, and each step remains a random draw but for its total size.

    Args:
        rows: Rows to use once each; the last step may have fewer than the others.
        sizes: Atoms and bonds of each crystal, [n_row, 2].
        shapes: Shapes by rising capacity, of equally many crystals.
        rng: Source of the order.

    Returns:
        Plan [n_step, n_crystal] in which every step fits the last shape.

    Raises:
        DataError: There are no rows, or no exchange makes them fit.
    """
    if len(rows) == 0:
        raise DataError("there is no crystal to plan an epoch with")
    batch_size = shapes[-1].n_crystal
    n_step = -(-len(rows) // batch_size)
    capacities = [shape.capacity.astype(np.float64) for shape in shapes]
    for _ in range(_SHUFFLES):
        places = np.full(n_step * batch_size, EMPTY, np.int64)
        places[: len(rows)] = rng.permutation(rows)
        plan = places.reshape(n_step, batch_size)
        _balance(plan, sizes, capacities)
        if (step_loads(sizes, plan) <= capacities[-1]).all():
            return plan
    raise DataError(f"the crystals of a step do not fit {shapes[-1]}")


def dense_plan(sizes: Ints, shape: BatchShape) -> Ints:
    """Pack every crystal once into as few steps of this shape as first-fit finds, largest first.

    Args:
        sizes: Atoms and bonds of each crystal, [n_row, 2].
        shape: Capacity of a step.

    Returns:
        Plan [n_step, n_crystal].

    Raises:
        DataError: A crystal is larger than a step of this shape.
    """
    if (sizes > shape.capacity).any():
        raise DataError("a crystal of {} atoms or {} bonds is larger than {}".format(*sizes.max(axis=0), shape))
    steps: list[list[int]] = []
    free: list[list[int]] = []
    open_steps: list[int] = []
    for row in np.argsort(-sizes[:, 1], kind="stable"):
        n_atom, n_bond = map(int, sizes[row])
        for step in open_steps:
            if free[step][0] >= n_atom and free[step][1] >= n_bond:
                break
        else:
            step = len(steps)
            steps.append([])
            free.append([shape.n_atom, shape.n_bond])
            # Old steps are nearly full: looking at the newest few keeps the packing linear.
            open_steps = [*open_steps[-15:], step]
        steps[step].append(int(row))
        free[step][0] -= n_atom
        free[step][1] -= n_bond
        if len(steps[step]) == shape.n_crystal:
            open_steps.remove(step)
    plan = np.full((len(steps), shape.n_crystal), EMPTY, np.int64)
    for step, crystals in enumerate(steps):
        plan[step, : len(crystals)] = crystals
    return plan


def _balance(steps: Ints, sizes: Ints, capacities: Sequence[Floats]) -> None:
    """Exchange crystals between steps [n_step, batch_size], in place, until each fits the least capacity it can."""
    load = step_loads(sizes, steps)
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


def _relieve(steps: Ints, load: Ints, step: np.intp, sizes: Ints, goal: Floats, limit: Floats) -> bool:
    """Make the exchange that brings a step nearest to ``goal`` with a step that stays within ``limit``, if any does."""
    fullness = (load[step] / goal).max()
    own, present = sizes[steps[step]].T[:, :, None], (steps[step] != EMPTY)[:, None]
    for other in np.argsort((load / limit).max(axis=1), kind="stable"):
        moved = own - sizes[steps[other]].T[:, None, :]  # [2, batch_size, batch_size]
        here = np.maximum(*(load[step, :, None, None] - moved) / goal[:, None, None])
        there = np.maximum(*(load[other, :, None, None] + moved) / limit[:, None, None])
        both = present & (steps[other] != EMPTY)
        fullest = np.where(both & (there <= 1.0), np.maximum(here, there), np.inf)
        mine, its = np.unravel_index(np.argmin(fullest), fullest.shape)
        if fullest[mine, its] < fullness:
            steps[step, mine], steps[other, its] = steps[other, its], steps[step, mine]
            load[step] -= moved[:, mine, its]
            load[other] += moved[:, mine, its]
            return True
    return False
