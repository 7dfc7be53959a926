"""Periodic neighbours of every atom, by pymatgen's compiled search, over many crystals at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pymatgen.core.periodic_table import DummySpecies, Element, Species
from pymatgen.core.structure import Structure
from pymatgen.optimization.neighbors import find_points_in_spheres

from paraisite.graphs.crystal_graph import offsets, ragged_arange

NUMERICAL_TOLERANCE_ANGSTROM: Final = 1e-8
"""megnet 1.3.2's `numerical_tol`: the search takes d² < cutoff² + this, and nothing at zero distance counts."""

_PERIODIC: Final = np.ones(3, np.int64)


@dataclass(frozen=True, eq=False)
class CrystalArrays:
    """Many crystals as plain arrays, their atoms concatenated.

    Attributes:
        lattice_angstrom: float64 [n_crystal, 3, 3], one lattice vector per row, Å.
        n_atom: int64 [n_crystal].
        frac_coords: float64 [sum of n_atom, 3].
        atomic_number: int64 [sum of n_atom]; 0 where there is no single element (partial occupancy, dummy species).
    """

    lattice_angstrom: npt.NDArray[np.float64]
    n_atom: npt.NDArray[np.int64]
    frac_coords: npt.NDArray[np.float64]
    atomic_number: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of crystals."""
        return len(self.n_atom)

    @classmethod
    def from_structures(cls, structures: Sequence[Structure]) -> Self:
        """Copy pymatgen structures, visiting each site once (pymatgen's own accessors take ten times as long)."""
        sites_of = [structure.sites for structure in structures]
        sites = [site for sites in sites_of for site in sites]
        species = [site.species for site in sites]
        return cls(
            lattice_angstrom=np.array([s.lattice.matrix for s in structures], np.float64).reshape(-1, 3, 3),
            n_atom=np.fromiter(map(len, sites_of), np.int64, len(sites_of)),
            frac_coords=np.concatenate([np.zeros(0), *(site.frac_coords for site in sites)]).reshape(-1, 3),
            atomic_number=np.fromiter(
                (_atomic_number(next(iter(s))) if s.num_atoms == 1 and len(s) == 1 else 0 for s in species),
                np.int64,
                len(species),
            ),
        )

    @cached_property
    def atom_offset(self) -> npt.NDArray[np.int64]:
        """Where each crystal's atoms start, and the total: int64 [n_crystal + 1]."""
        return offsets(self.n_atom)

    @cached_property
    def crystal_of_atom(self) -> npt.NDArray[np.int64]:
        """The crystal that each atom belongs to: int64 [sum of n_atom]."""
        return np.repeat(np.arange(len(self)), self.n_atom)

    @cached_property
    def cart_coords_angstrom(self) -> npt.NDArray[np.float64]:
        """Cartesian positions of the atoms' images inside the cell, Å: float64 [sum of n_atom, 3].

        Inside, because the compiled search allocates memory for the box around all positions.
        """
        coords: npt.NDArray[np.float64] = np.einsum(
            "ai,aij->aj", self.frac_coords % 1.0, self.lattice_angstrom[self.crystal_of_atom]
        )
        return coords

    def structures(self) -> list[Structure]:
        """Return the crystals as pymatgen knows them; every site has to hold an element."""
        ends = self.atom_offset
        return [
            Structure(lattice, self.atomic_number[first:end].tolist(), self.frac_coords[first:end])
            for lattice, first, end in zip(self.lattice_angstrom, ends[:-1], ends[1:], strict=True)
        ]

    def take(self, rows: npt.NDArray[np.integer]) -> Self:
        """Return these crystals, in this order."""
        atoms = ragged_arange(self.atom_offset[rows], self.n_atom[rows])
        return type(self)(
            lattice_angstrom=self.lattice_angstrom[rows],
            n_atom=self.n_atom[rows],
            frac_coords=self.frac_coords[atoms],
            atomic_number=self.atomic_number[atoms],
        )


@dataclass(frozen=True, eq=False)
class Bonds:
    """All bonds of many crystals, sorted by centre.

    Attributes:
        centre: int64 [n_bond], index over all crystals' atoms; ascending.
        neighbour: int64 [n_bond], index over all crystals' atoms.
        distance_angstrom: float64 [n_bond], Å.
    """

    centre: npt.NDArray[np.int64]
    neighbour: npt.NDArray[np.int64]
    distance_angstrom: npt.NDArray[np.float64]

    def take_crystals(self, crystals: CrystalArrays, rows: npt.NDArray[np.int64]) -> Self:
        """Return the bonds of `crystals.take(rows)`; rows ascend and do not repeat."""
        atom_kept = np.isin(crystals.crystal_of_atom, rows)
        new_index = np.cumsum(atom_kept) - 1
        kept = atom_kept[self.centre]
        return type(self)(new_index[self.centre[kept]], new_index[self.neighbour[kept]], self.distance_angstrom[kept])


def find_bonds(crystals: CrystalArrays, *, cutoff_angstrom: float) -> Bonds:
    """Return every pair of atoms, images included, that is no farther apart than the cutoff.

    An atom bonds to its own images, but not to itself. The convention is megnet 1.3.2's
    (`get_graphs_within_cutoff`), down to the numerical tolerance.

    One compiled call costs about 40 µs at ten atoms a crystal, near half of building a quotient graph; the loop
    around it hardly counts.
    """
    coords, lattices, start = crystals.cart_coords_angstrom, crystals.lattice_angstrom, crystals.atom_offset
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]] = []
    for row, (first, end) in enumerate(zip(start[:-1].tolist(), start[1:].tolist(), strict=True)):
        own = coords[first:end]
        centre, neighbour, _, distance = find_points_in_spheres(
            own, own, r=cutoff_angstrom, pbc=_PERIODIC, lattice=lattices[row], tol=NUMERICAL_TOLERANCE_ANGSTROM
        )
        found.append((centre, neighbour, distance))
    shift = np.repeat(start[:-1], [len(distance) for _, _, distance in found])
    centre = np.concatenate([np.zeros(0, np.int64), *(part[0] for part in found)]) + shift
    neighbour = np.concatenate([np.zeros(0, np.int64), *(part[1] for part in found)]) + shift
    distance = np.concatenate([np.zeros(0), *(part[2] for part in found)])
    other = (centre != neighbour) | (distance > NUMERICAL_TOLERANCE_ANGSTROM)
    return Bonds(centre[other], neighbour[other], distance[other])


def _atomic_number(species: object) -> int:
    """Return an element's number, or 0 for a dummy species (whose ``Z`` is a hash)."""
    return species.Z if isinstance(species, Element | Species) and not isinstance(species, DummySpecies) else 0
