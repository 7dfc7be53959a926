"""Packing: crystals into fixed shapes, because XLA compiles once per shape.

A step's crystals lie one after another, as in a ``GraphCollection``, with padding at the end.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.arrays import Ints, ragged_arange
from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection

EMPTY: Final = -1
"""In a plan: a place without a crystal."""

_CAPACITY_STEP: Final = 16
"""Capacities are multiples of the vector width in floats."""


@dataclass(frozen=True)
class BatchShape:
    """Capacity of one step.

    Attributes:
        n_crystal: Crystals.
        n_atom: Atoms (colours of the quotient).
        n_bond: Bonds (classes of the quotient).
    """

    n_crystal: int
    n_atom: int
    n_bond: int

    @property
    def capacity(self) -> Ints:
        """Atoms and bonds that fit, to be compared with ``step_loads``."""
        return np.array([self.n_atom, self.n_bond])


class GraphBatch(NamedTuple):
    """Packed crystals; ``…`` stands for leading axes such as steps and members. Padding is 0 and changes no result.

    Attributes:
        atomic_number: int32 […, n_atom].
        atom_multiplicity: float32 […, n_atom]; 0 in padding alone.
        crystal_of_atom: int32 […, n_atom], crystal within the step.
        bond_centre: int32 […, n_bond], atom within the step.
        bond_neighbour: int32 […, n_bond], atom within the step.
        bond_multiplicity: float32 […, n_bond]; 0 in padding alone.
        bond_feature: float32 […, n_bond, n_feature].
    """

    atomic_number: npt.NDArray[np.int32]
    atom_multiplicity: npt.NDArray[np.float32]
    crystal_of_atom: npt.NDArray[np.int32]
    bond_centre: npt.NDArray[np.int32]
    bond_neighbour: npt.NDArray[np.int32]
    bond_multiplicity: npt.NDArray[np.float32]
    bond_feature: npt.NDArray[np.float32]


def step_loads(sizes: Ints, plan: Ints) -> Ints:
    """Return how many atoms and bonds each step of a plan [n_step, n_crystal] holds, [n_step, 2].

    Args:
        sizes: Atoms and bonds of each crystal, [n_row, 2].
        plan: Row for each place, or ``EMPTY``.
    """
    return np.where((plan == EMPTY)[..., None], 0, sizes[plan]).sum(axis=1)


def pack(graphs: GraphCollection, bond_feature: npt.NDArray[np.float32], plan: Ints, shape: BatchShape) -> GraphBatch:
    """Pack the crystals of a plan.

    Args:
        graphs: All crystals.
        bond_feature: What the network receives of each bond of ``graphs``, float32 [sum of n_bond, n_feature].
        plan: Row of ``graphs`` for each place, or ``EMPTY``, int64 [n_step, n_crystal].
        shape: Capacity of every step; each step must fit.

    Returns:
        Arrays with a leading step axis.

    Raises:
        DataError: A step holds more than the shape has room for.
    """
    if plan.shape[1] != shape.n_crystal or (step_loads(graphs.sizes, plan) > shape.capacity).any():
        raise DataError(f"the crystals of a step do not fit {shape}")
    n_step = len(plan)
    step, place = np.nonzero(plan != EMPTY)
    rows = plan[step, place]
    n_atom, n_bond = graphs.sizes[rows].T
    first_atom, first_bond = _start_within(step, n_atom), _start_within(step, n_bond)

    atoms = ragged_arange(graphs.atom_offset[rows], n_atom)
    bonds = ragged_arange(graphs.bond_offset[rows], n_bond)
    to_atom = ragged_arange(step * shape.n_atom + first_atom, n_atom)
    to_bond = ragged_arange(step * shape.n_bond + first_bond, n_bond)
    atom_shift = np.repeat(first_atom, n_bond)

    def scatter(values: npt.NDArray[Any], to: Ints, size: int) -> npt.NDArray[Any]:
        out = np.zeros((n_step * size, *values.shape[1:]), values.dtype)
        out[to] = values
        return out.reshape(n_step, size, *values.shape[1:])

    def of_atoms(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return scatter(values, to_atom, shape.n_atom)

    def of_bonds(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return scatter(values, to_bond, shape.n_bond)

    return GraphBatch(
        atomic_number=of_atoms(graphs.atomic_number[atoms]),
        atom_multiplicity=of_atoms(graphs.atom_multiplicity[atoms]),
        crystal_of_atom=of_atoms(np.repeat(place, n_atom).astype(np.int32)),
        bond_centre=of_bonds((graphs.bond_centre[bonds] + atom_shift).astype(np.int32)),
        bond_neighbour=of_bonds((graphs.bond_neighbour[bonds] + atom_shift).astype(np.int32)),
        bond_multiplicity=of_bonds(graphs.bond_multiplicity[bonds]),
        bond_feature=of_bonds(bond_feature[bonds]),
    )


def round_up(n: float) -> int:
    """Return the capacity that holds ``n`` atoms or bonds: the next multiple of the vector width, not 0."""
    return max(_CAPACITY_STEP, ceil(n / _CAPACITY_STEP) * _CAPACITY_STEP)


def _start_within(step: Ints, counts: Ints) -> Ints:
    """Return each crystal's first index within its step; ``step`` ascends."""
    before = np.cumsum(counts) - counts
    first_of_step = np.searchsorted(step, step, side="left")
    return before - before[first_of_step] if len(step) else before
