"""The number of atoms of the primitive cell: as pymatgen counts them, without its cubic time."""

from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.structure_types import rocksalt, wurtzite, zincblende
from paraisite.features import primitive_cell
from paraisite.features.primitive_cell import count_primitive_atoms

PEROVSKITE = Structure.from_spacegroup(
    "Pm-3m", Lattice.cubic(4.0), ["Ba", "Ti", "O"], [[0, 0, 0], [0.5] * 3, [0.5, 0.5, 0]]
)
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
TRICLINIC = Structure(Lattice.from_parameters(3.5, 4.2, 6, 80, 95, 110), ["Se", "Se"], [[0, 0, 0], [0.3, 0.4, 0.6]])
CRYSTALS = (
    rocksalt("Na", "Cl", a_angstrom=5.69),
    wurtzite("Ga", "N", a_angstrom=3.2, c_angstrom=5.2, u=0.377),
    PEROVSKITE,
    SILICON,
    TRICLINIC,
)
SKEW = [[2, 1, 0], [-1, 1, 1], [0, 0, 2]]


def count(structure: Structure) -> int:
    return count_primitive_atoms(
        np.array(structure.lattice.matrix), np.array(structure.atomic_numbers), np.array(structure.frac_coords)
    )


def damage(structure: Structure, kind: str, seed: int) -> Structure:
    """Return a supercell as it may come from a simulation: rounded, shaken, with an atom moved or two exchanged."""
    rng = np.random.default_rng(seed)
    coords, species = np.array(structure.cart_coords), list(structure.species)
    if kind == "rounded":
        coords = coords.round(3)
    elif kind.startswith("shaken"):
        coords = coords + rng.normal(size=coords.shape) * float(kind.split()[1])
    elif kind == "moved":
        coords[rng.integers(len(coords))] += rng.normal(size=3) * 0.3
    elif kind == "exchanged":
        species = [species[place] for place in rng.permutation(len(species))]
    elif kind == "modulated":
        coords = coords + 0.2 * np.sin(2 * np.pi * structure.frac_coords[:, :1]) * np.array([0, 1, 0])
    return Structure(structure.lattice, species, coords, coords_are_cartesian=True)


@pytest.mark.parametrize("kind", ["perfect", "rounded", "shaken 0.02", "shaken 0.1", "moved", "exchanged", "modulated"])
@pytest.mark.parametrize("scaling", [[2, 1, 1], [2, 2, 1], [3, 1, 2], SKEW])
def test_atoms_are_counted_as_pymatgen_counts_them(kind: str, scaling: object):
    for seed, crystal in enumerate(CRYSTALS):
        written = damage(crystal.make_supercell(scaling, in_place=False), kind, seed)
        assert count(written) == len(written.get_primitive_structure()), written.formula


@pytest.mark.parametrize("n", [5, 10])
def test_a_large_supercell_is_looked_at_a_few_times_only(monkeypatch: pytest.MonkeyPatch, n: int):
    """A cubic search takes 143 s for perfect silicon of 1,000 atoms, and hours for the 10,000 that are accepted."""
    looks: list[int] = []
    match = primitive_cell._match
    monkeypatch.setattr(primitive_cell, "_match", lambda cell, shift: looks.append(1) or match(cell, shift))
    assert count(SILICON.make_supercell([n, n, n], in_place=False)) == 2
    assert len(looks) <= 2 * np.log2(4 * n**3)


@pytest.mark.parametrize(
    ("kind", "expected"), [("perfect", 8), ("rounded", 8), ("shaken 0.005", 8), ("moved", 1728), ("exchanged", 1728)]
)
def test_imperfect_supercells_beyond_pymatgens_reach(kind: str, expected: int):
    """One atom that is moved makes the whole cell primitive, which the cubic search finds out last."""
    crystal = zincblende("Ga", "As", a_angstrom=5.65).make_supercell([[-1, 1, 1], [1, -1, 1], [1, 1, -1]])
    crystal.replace(0, "Al")  # a superstructure, whose cell is the cubic one
    written = damage(crystal.make_supercell([6, 6, 6], in_place=False), kind, 1)
    assert len(written) == 1728
    assert count(written) == expected


def test_a_shift_is_exact_however_far_the_atoms_are_shaken():
    """Each shaken atom says something else of the shift; all together say what it is."""
    written = damage(SILICON.make_supercell([4, 3, 3], in_place=False), "shaken 0.04", 0)
    cell = primitive_cell._Cell.build(
        np.array(written.lattice.matrix), np.array(written.atomic_numbers), np.array(written.frac_coords)
    )
    match, witness = primitive_cell._match(cell, np.array([0.2501, -0.0003, 1 / 3]))
    assert witness is None
    assert match is not None
    np.testing.assert_array_equal(match.shift / len(written), [0.25, 0, 1 / 3])


@pytest.mark.parametrize(("apart_angstrom", "is_asked"), [(0.01, False), (0.24, True), (0.4, True), (0.6, False)])
def test_pymatgen_is_asked_only_where_its_tolerance_decides(
    monkeypatch: pytest.MonkeyPatch, *, apart_angstrom: float, is_asked: bool
):
    """Perovskites with tilted octahedra have an almost-half cell: each cost pymatgen's 5 to 12 ms."""
    doubled = PEROVSKITE.make_supercell([2, 1, 1], in_place=False)
    doubled.translate_sites([0], [0, 0, apart_angstrom], frac_coords=False)
    expected = len(doubled.get_primitive_structure())
    asked: list[int] = []
    ask = Structure.get_primitive_structure

    def watch(self: Structure, *args: Any, **options: Any) -> Structure:
        asked.append(len(self))
        return ask(self, *args, **options)

    monkeypatch.setattr(Structure, "get_primitive_structure", watch)
    assert count(doubled) == expected
    assert bool(asked) == is_asked


def test_pymatgen_is_asked_where_only_oblique_vectors_make_atoms_far_apart():
    """Along those of the smaller cell they are near: it has half of the atoms or fewer."""
    caesium = Structure(Lattice.cubic(3.0), ["Cs", "Cl"], [[0, 0, 0], [0.5] * 3])
    cell = caesium.make_supercell([[-1, -2, -2], [-1, 0, -1], [2, -2, -1]], in_place=False)
    shaken = cell.cart_coords + np.random.default_rng(0).uniform(-0.05, 0.05, (len(cell), 3))
    written = Structure(cell.lattice, cell.species, shaken, coords_are_cartesian=True)
    assert count(written) == len(written.get_primitive_structure()) == 2
