"""Primitive cells of four structure types from their lattice constants.

The three cubic types share the face-centred lattice, whose primitive vectors make the point (x, x, x) of the cube
the point (x, x, x) of the primitive cell, too.
"""

from typing import Final

from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.validation import build_structure

ROCKSALT: Final = "rocksalt"
ZINCBLENDE: Final = "zincblende"
WURTZITE: Final = "wurtzite"
HALF_HEUSLER: Final = "half_heusler"


def _face_centred(a_angstrom: float) -> Lattice:
    half = a_angstrom / 2
    return Lattice([[0, half, half], [half, 0, half], [half, half, 0]])


def rocksalt(cation: str, anion: str, *, a_angstrom: float) -> Structure:
    """Return NaCl's type (Fm-3m): cation at 4a (0, 0, 0), anion at 4b (1/2, 1/2, 1/2)."""
    return build_structure(_face_centred(a_angstrom), [cation, anion], [[0.0] * 3, [0.5] * 3])


def zincblende(cation: str, anion: str, *, a_angstrom: float) -> Structure:
    """Return ZnS's cubic type (F-43m): cation at 4a (0, 0, 0), anion at 4c (1/4, 1/4, 1/4)."""
    return build_structure(_face_centred(a_angstrom), [cation, anion], [[0.0] * 3, [0.25] * 3])


def half_heusler(site_4a: str, site_4b: str, site_4c: str, *, a_angstrom: float) -> Structure:
    """Return MgAgAs's type (F-43m): 4a (0, 0, 0), 4b (1/2, 1/2, 1/2), and 4c (1/4, 1/4, 1/4) bonded to both."""
    return build_structure(_face_centred(a_angstrom), [site_4a, site_4b, site_4c], [[0.0] * 3, [0.5] * 3, [0.25] * 3])


def wurtzite(cation: str, anion: str, *, a_angstrom: float, c_angstrom: float, u: float) -> Structure:
    """Return ZnS's hexagonal type (P6_3mc): both on 2b (1/3, 2/3, z), z = 0 for the cation and ``u`` for the anion."""
    third = 1.0 / 3.0
    return build_structure(
        Lattice.hexagonal(a_angstrom, c_angstrom),
        [cation, cation, anion, anion],
        [[third, 2 * third, 0.0], [2 * third, third, 0.5], [third, 2 * third, u], [2 * third, third, (u + 0.5) % 1.0]],
    )
