"""Crystals for the page: uploaded files, or one of a few examples."""

from collections.abc import Callable, Mapping
from typing import Final

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.inference.crystals import Crystal, parse_crystals


def crystals_of_file(name: str, content: bytes) -> list[Crystal]:
    """Return the crystals in an uploaded file; what cannot be read becomes a crystal with a reason.

    Args:
        name: The file's.
        content: CIF, POSCAR, XDATCAR, extended XYZ or JSON, packed or not; of several crystals each is one.
    """
    return parse_crystals(name, content)


def _rocksalt(a_angstrom: float, cation: str, anion: str) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a_angstrom), [cation, anion], [[0, 0, 0], [0.5, 0.5, 0.5]])


def _silicon() -> Structure:
    return Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])


def _gallium_nitride() -> Structure:
    positions = [[1 / 3, 2 / 3, 0.0], [1 / 3, 2 / 3, 0.377]]
    return Structure.from_spacegroup("P6_3mc", Lattice.hexagonal(3.19, 5.19), ["Ga", "N"], positions)


def _barium_titanate() -> Structure:
    positions = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.5, 0.0]]
    return Structure.from_spacegroup("Pm-3m", Lattice.cubic(4.0), ["Ba", "Ti", "O"], positions)


EXAMPLES: Final[Mapping[str, Callable[[], Structure]]] = {
    "NaCl, rocksalt": lambda: _rocksalt(5.64, "Na", "Cl"),
    "MgO, rocksalt": lambda: _rocksalt(4.21, "Mg", "O"),
    "Si, diamond": _silicon,
    "GaN, wurtzite": _gallium_nitride,
    "BaTiO3, perovskite": _barium_titanate,
}
"""Crystals at their measured cells, by their names on the page."""
