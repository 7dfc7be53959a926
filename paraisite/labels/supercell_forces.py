"""Forces on displaced atoms, between phonopy's cells and ASE's calculators."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from ase import Atoms
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats


@runtime_checkable
class CopiesCalculator(Protocol):
    """An ASE calculator that takes displaced copies of one supercell together, faster than one by one."""

    def compute_forces_of_copies(self, cells: list[PhonopyAtoms]) -> Floats:
        """Return forces in eV/Å, [n_cell, n_atom, 3]."""


def to_phonopy_cell(structure: Structure) -> PhonopyAtoms:
    """Return a crystal as phonopy and phono3py take it."""
    symbols = [site.specie.symbol for site in structure]
    return PhonopyAtoms(symbols=symbols, cell=structure.lattice.matrix, positions=structure.cart_coords)


def compute_forces(cells: Sequence[PhonopyAtoms], calculator: Any) -> Floats:
    """Return the forces in eV/Å of each cell, [n_cell, n_atom, 3].

    Args:
        cells: Copies of one supercell with displaced atoms.
        calculator: ASE calculator with forces.
    """
    if isinstance(calculator, CopiesCalculator) and len(cells):
        return calculator.compute_forces_of_copies(list(cells))
    atoms = (Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True) for cell in cells)
    return np.array([_forces(each, calculator) for each in atoms])


def _forces(atoms: Atoms, calculator: Any) -> Floats:
    atoms.calc = calculator
    return np.asarray(atoms.get_forces(), dtype=np.float64)
