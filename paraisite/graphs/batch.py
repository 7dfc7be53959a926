"""Packing: crystals into fixed shapes, because XLA compiles once per shape.

A step's crystals lie in ``n_group`` groups. Atoms meet their bonds, and crystals their atoms, through one-hot matrices
within a group, so small groups keep those matrices small; many groups make a large batch.
"""

from dataclasses import dataclass
from math import ceil
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection, ragged_arange

Ints = npt.NDArray[np.int64]

EMPTY: Final = -1
"""In a plan: a place without a crystal."""

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


def needed_shapes(graphs: GraphCollection, plan: Ints, *, rounded: bool = True) -> list[BatchShape]:
    """Return the smallest shape of each step of a plan [n_step, n_group, n_crystal], by default rounded up."""
    capacity = round_up if rounded else int
    present = plan != EMPTY
    rows = np.where(present, plan, 0)
    n_atom = np.where(present, graphs.n_atom[rows], 0).sum(-1).max(-1)
    n_bond = np.where(present, graphs.n_bond[rows], 0).sum(-1).max(-1)
    n_group, n_crystal = plan.shape[1:]
    return [
        BatchShape(n_group, n_crystal, capacity(atoms), capacity(bonds))
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

    Raises:
        DataError: A group holds more than the shape has room for.
    """
    if not all(shape.holds(needed) for needed in needed_shapes(graphs, plan, rounded=False)):
        raise DataError(f"the crystals of a step do not fit {shape}")
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


def round_up(n: float) -> int:
    """Return the capacity that holds ``n`` atoms or bonds: the next multiple of the vector width, not 0."""
    return max(_CAPACITY_STEP, ceil(n / _CAPACITY_STEP) * _CAPACITY_STEP)


def _start_within(slot: Ints, counts: Ints) -> Ints:
    """Return each crystal's first index within its slot; ``slot`` ascends."""
    before = np.cumsum(counts) - counts
    first_of_slot = np.searchsorted(slot, slot, side="left")
    return before - before[first_of_slot] if len(slot) else before
