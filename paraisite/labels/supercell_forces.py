"""Forces on displaced atoms, between phonopy's cells and ASE's calculators."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from ase import Atoms
from phonopy.structure.atoms import PhonopyAtoms
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats
from paraisite.errors import StructureError


@runtime_checkable
class CopiesCalculator(Protocol):
    """An ASE calculator that takes displaced copies of one supercell together, faster than one by one."""

    def iterate_forces_of_copies(self, cells: list[PhonopyAtoms]) -> Iterator[Floats]:
        """Yield the forces of each cell in eV/Å, [n_atom, 3]."""


def to_phonopy_cell(structure: Structure) -> PhonopyAtoms:
    """Return a crystal as phonopy and phono3py take it.

    Raises:
        StructureError: Phonopy has no mass of an element, which has none where all its isotopes are short-lived.
    """
    symbols = [site.specie.symbol for site in structure]
    try:
        return PhonopyAtoms(symbols=symbols, cell=structure.lattice.matrix, positions=structure.cart_coords)
    except RuntimeError as error:
        raise StructureError(f"no phonons of {structure.composition.reduced_formula}: {error}") from error


def compute_forces(
    cells: Sequence[PhonopyAtoms], calculator: Any, *, on_cell: Callable[[], None] = lambda: None
) -> Floats:
    """Return the forces in eV/Å of each cell, [n_cell, n_atom, 3].

    Args:
        cells: Copies of one supercell with displaced atoms.
        calculator: ASE calculator with forces.
        on_cell: Called after each cell.
    """
    if isinstance(calculator, CopiesCalculator) and len(cells):
        of_cells = calculator.iterate_forces_of_copies(list(cells))
    else:
        atoms = (Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True) for cell in cells)
        of_cells = (_forces(each, calculator) for each in atoms)
    forces = []
    for of_cell in of_cells:
        forces.append(of_cell)
        on_cell()
    return np.array(forces)


def _forces(atoms: Atoms, calculator: Any) -> Floats:
    atoms.calc = calculator
    return np.asarray(atoms.get_forces(), dtype=np.float64)
