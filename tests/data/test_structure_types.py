"""Primitive cells against pymatgen's space-group tables."""

import pytest
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.data import structure_types

CUBE = Lattice.cubic(5.5)
MATCHER = StructureMatcher(scale=False, primitive_cell=True, ltol=1e-3, stol=1e-3, angle_tol=1e-2)


@pytest.mark.parametrize(
    ("built", "space_group", "expected"),
    [
        (
            structure_types.rocksalt("Na", "Cl", a_angstrom=5.5),
            225,
            Structure.from_spacegroup(225, CUBE, ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]]),
        ),
        (
            structure_types.zincblende("Ga", "As", a_angstrom=5.5),
            216,
            Structure.from_spacegroup(216, CUBE, ["Ga", "As"], [[0, 0, 0], [0.25, 0.25, 0.25]]),
        ),
        (
            structure_types.half_heusler("Sn", "Ti", "Pt", a_angstrom=5.5),
            216,
            Structure.from_spacegroup(216, CUBE, ["Sn", "Ti", "Pt"], [[0, 0, 0], [0.5, 0.5, 0.5], [0.25, 0.25, 0.25]]),
        ),
        (
            structure_types.wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377),
            186,
            Structure.from_spacegroup(
                186, Lattice.hexagonal(3.2, 5.2), ["Ga", "N"], [[1 / 3, 2 / 3, 0], [1 / 3, 2 / 3, 0.377]]
            ),
        ),
    ],
    ids=["rocksalt", "zincblende", "half_heusler", "wurtzite"],
)
def test_primitive_cell_is_the_space_groups_crystal(built: Structure, space_group: int, expected: Structure) -> None:
    assert SpacegroupAnalyzer(built, symprec=1e-5).get_space_group_number() == space_group
    assert len(built) == len(expected.get_primitive_structure())
    assert MATCHER.fit(built, expected)


def test_half_heusler_site_4c_is_not_interchangeable() -> None:
    right = structure_types.half_heusler("Sn", "Ti", "Pt", a_angstrom=6.2)
    assert MATCHER.fit(right, structure_types.half_heusler("Ti", "Sn", "Pt", a_angstrom=6.2))
    assert not MATCHER.fit(right, structure_types.half_heusler("Sn", "Pt", "Ti", a_angstrom=6.2))


def test_wurtzite_with_the_polar_axis_turned_round_is_the_same_crystal() -> None:
    up = structure_types.wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377)
    assert MATCHER.fit(up, structure_types.wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=1 - 0.377))
