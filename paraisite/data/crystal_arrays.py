"""Many crystals as plain arrays: what is checked, searched for neighbours and described."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from pymatgen.core.composition import Composition
from pymatgen.core.periodic_table import DummySpecies, Element, Species
from pymatgen.core.structure import Structure

from paraisite.arrays import offsets, ragged_arange

PARTLY_OCCUPIED: Final = 0
"""In place of an atomic number: several elements share the site, or it is partly empty."""

ISOTOPE: Final = -1
"""In place of an atomic number: an isotope of hydrogen."""

NO_ELEMENT: Final = -2
"""In place of an atomic number: a dummy species."""

WITH_HYDROGEN: Final = -3
"""In place of an atomic number: an atom with hydrogen that has no position, as pymatgen reads hydroxyl of a CIF."""

IMPLICIT_HYDROGENS: Final = "implicit_hydrogens"
"""pymatgen's property of such a site."""

ISOTOPES: Final = ("D", "T")
"""Isotopes of hydrogen that pymatgen names among the elements."""

ATOMIC_NUMBERS: Final = MappingProxyType(
    {symbol: ISOTOPE if symbol in ISOTOPES else element.Z for symbol, element in Element.__members__.items()}
)
"""Of all symbols that can stand in a structure, as ``CrystalArrays`` holds them."""


@dataclass(frozen=True, eq=False)
class CrystalArrays:
    """Many crystals as plain arrays, their atoms concatenated.

    Attributes:
        lattice_angstrom: float64 [n_crystal, 3, 3], one lattice vector per row, Å.
        n_atom: int64 [n_crystal].
        frac_coords: float64 [sum of n_atom, 3].
        atomic_number: int64 [sum of n_atom], from 1 to 118, or what keeps a site from having one: ``PARTLY_OCCUPIED``,
            ``ISOTOPE``, ``NO_ELEMENT`` or ``WITH_HYDROGEN``.
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
        return cls(
            lattice_angstrom=np.array([s.lattice.matrix for s in structures], np.float64).reshape(-1, 3, 3),
            n_atom=np.fromiter(map(len, sites_of), np.int64, len(sites_of)),
            frac_coords=np.concatenate([np.zeros(0), *(site.frac_coords for site in sites)]).reshape(-1, 3),
            atomic_number=np.fromiter(
                (
                    WITH_HYDROGEN if site.properties.get(IMPLICIT_HYDROGENS) else _number_of_site(site.species)
                    for site in sites
                ),
                np.int64,
                len(sites),
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


def _number_of_site(species: Composition) -> int:
    """Return the atomic number of what sits on a site, or why there is none."""
    if len(species) != 1 or species.num_atoms != 1:
        return PARTLY_OCCUPIED
    specie = next(iter(species))
    if isinstance(specie, DummySpecies) or not isinstance(specie, Element | Species):
        return NO_ELEMENT
    # pymatgen calls deuterium's symbol H, but its name D.
    return ATOMIC_NUMBERS[specie.name if isinstance(specie, Element) else specie.element.name]
