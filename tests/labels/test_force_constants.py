"""Supercells: the smallest ones with room."""

import pytest
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.labels.force_constants import count_supercell_atoms


@pytest.mark.parametrize(
    ("space_group", "constant", "sites", "expected"),
    [
        ("Fm-3m", 5.6, {"Na": [0, 0, 0], "Cl": [0.5] * 3}, 54),
        ("Pm-3m", 4.1, {"Cs": [0, 0, 0], "Cl": [0.5] * 3}, 54),
        ("Pm-3m", 4.0, {"Sr": [0, 0, 0], "Ti": [0.5] * 3, "O": [0.5, 0.5, 0]}, 40),
        ("Pm-3m", 3.7, {"Sr": [0, 0, 0], "Ti": [0.5] * 3, "O": [0.5, 0.5, 0]}, 135),  # twice 3.7 Å is too little
        ("Fm-3m", 5.5, {"Ca": [0, 0, 0], "F": [0.25] * 3}, 81),
    ],
)
def test_the_supercell_is_the_smallest_with_room(
    space_group: str, constant: float, sites: dict[str, list[float]], expected: int
):
    crystal = Structure.from_spacegroup(space_group, Lattice.cubic(constant), list(sites), list(sites.values()))
    assert count_supercell_atoms(crystal.get_primitive_structure()) == expected
