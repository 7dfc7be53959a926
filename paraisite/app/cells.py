"""The cells that a crystal can be drawn in, and what is said of it: space group, density, lattice."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pymatgen.core.structure import Structure
from pymatgen.symmetry.analyzer import SymmetryUndeterminedError

from paraisite.features.descriptors import find_symmetry

AS_GIVEN: Final = "As given"
PRIMITIVE: Final = "Primitive"
CONVENTIONAL: Final = "Conventional"
SUPERCELL: Final = "2 × 2 × 2"
CELLS: Final[Sequence[str]] = (CONVENTIONAL, PRIMITIVE, AS_GIVEN, SUPERCELL)
"""Cells by their names on the page; the last one is of the conventional cell."""


@dataclass(frozen=True)
class CrystalFacts:
    """What is said of a crystal.

    Attributes:
        space_group: Symbol and number, "not found" where there is none.
        space_group_number: Number; 0 where there is none.
        crystal_system: E.g. "cubic"; "" where there is none.
        density_g_per_cm3: Density.
        volume_per_atom_angstrom3: Volume of an atom.
        n_primitive: Atoms of the primitive cell.
    """

    space_group: str
    space_group_number: int
    crystal_system: str
    density_g_per_cm3: float
    volume_per_atom_angstrom3: float
    n_primitive: int


def describe_crystal(structure: Structure) -> CrystalFacts:
    """Return what is said of an ordered crystal."""
    density, volume = float(structure.density), float(structure.volume) / len(structure)
    try:
        symmetry = find_symmetry(structure)
        number = int(symmetry.get_space_group_number())
        group = f"{symmetry.get_space_group_symbol()} ({number})"
        n_primitive = len(symmetry.find_primitive() or structure)
        return CrystalFacts(group, number, str(symmetry.get_crystal_system()), density, volume, n_primitive)
    except (SymmetryUndeterminedError, TypeError):  # spglib finds none, or pymatgen makes nothing of its answer
        return CrystalFacts("not found", 0, "", density, volume, len(structure))


def build_cell(structure: Structure, cell: str) -> Structure:
    """Return a crystal in one of ``CELLS``; as given where its symmetry is not found."""
    if cell == AS_GIVEN:
        return structure
    try:
        symmetry = find_symmetry(structure)
        if cell == PRIMITIVE:
            return symmetry.get_primitive_standard_structure()
        conventional = symmetry.get_conventional_standard_structure()
    except (SymmetryUndeterminedError, TypeError):
        conventional = structure
    return conventional.make_supercell((2, 2, 2), in_place=False) if cell == SUPERCELL else conventional


def describe_lattice(structure: Structure) -> str:
    """Return a cell's number of atoms, lengths and angles."""
    lattice = structure.lattice
    return (
        f"{len(structure)} atoms; a, b, c = {lattice.a:.3f}, {lattice.b:.3f}, {lattice.c:.3f} Å; "
        f"α, β, γ = {lattice.alpha:.1f}, {lattice.beta:.1f}, {lattice.gamma:.1f}°"
    )
