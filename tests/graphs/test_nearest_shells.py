"""Atoms without a neighbour within the cutoff are joined to their nearest shell; all other bonds stay."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import CrystalGraph
from paraisite.graphs.nearest_shells import MAX_NEAREST_ANGSTROM, SHELL_RATIO, add_nearest_shells
from paraisite.graphs.neighbours import Bonds, find_bonds
from tests.graphs.crystals import CUTOFF, TOLERANCE, random_crystals, simple_cubic


def halide_perovskite(a: float, species: tuple[str, str, str]) -> Structure:
    large, small, halogen = species
    faces = [[0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]]
    return Structure(Lattice.cubic(a), [large, small, *[halogen] * 3], [[0, 0, 0], [0.5, 0.5, 0.5], *faces])


def hexahalide(a: float = 11.6, x: float = 0.247) -> Structure:
    """Cs2SnI6, of K2PtCl6's type."""
    return Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), ["Cs", "Sn", "I"], [[0.25, 0.25, 0.25], [0, 0, 0], [x, 0, 0]]
    ).get_primitive_structure()


def expanded(structure: Structure, factor: float) -> Structure:
    return Structure(structure.lattice.matrix * factor, structure.species, structure.frac_coords)


def extend(structure: Structure, *, cutoff: float = CUTOFF) -> tuple[Bonds, Bonds]:
    """Return the bonds within the cutoff, and all."""
    crystals = CrystalArrays.from_structures([structure])
    bonds = find_bonds(crystals, cutoff_angstrom=cutoff)
    return bonds, add_nearest_shells(crystals, bonds, cutoff_angstrom=cutoff).bonds


def triples(bonds: Bonds) -> list[tuple[int, int, float]]:
    rounded = np.round(bonds.distance_angstrom, 7).tolist()
    return sorted(zip(bonds.centre.tolist(), bonds.neighbour.tolist(), rounded, strict=True))


def graph(structure: Structure, *, quotient: bool = True) -> CrystalGraph:
    graphs, rejected = build_graphs(
        [structure], ["x"], cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE, quotient=quotient
    )
    assert rejected == []
    return graphs[0]


def shells(found: CrystalGraph) -> list[tuple[int, int, float, float]]:
    """Return (element of the centre, of the neighbour, distance, multiplicity) of every class of bonds."""
    ends = found.atomic_number[found.bond_centre], found.atomic_number[found.bond_neighbour]
    distance = np.round(found.bond_distance_angstrom.astype(float), 2)
    return sorted(zip(*(values.tolist() for values in (*ends, distance, found.bond_multiplicity)), strict=True))


@pytest.mark.parametrize(
    ("structure", "site", "shell"),
    [
        (halide_perovskite(6.29, ("Cs", "Pb", "I")), (55, 53, 4.45), 12),  # a/√2
        (halide_perovskite(5.87, ("Cs", "Pb", "Br")), (55, 35, 4.15), 12),
        (hexahalide(), (55, 53, 4.10), 12),
    ],
    ids=["CsPbI3", "CsPbBr3", "Cs2SnI6"],
)
def test_caesium_in_a_large_cage_is_joined_to_its_halogens(
    structure: Structure, site: tuple[int, int, float], shell: int
) -> None:
    """They were refused, as no stable crystal should be."""
    found = shells(graph(structure))
    assert [*site, float(shell)] in [list(each) for each in found]
    assert {each[1] for each in found if each[0] == site[0]} == {site[1]}
    assert [each[2] for each in found if (each[0], each[1]) == (site[1], site[0])] == [site[2]]


def test_bonds_within_the_cutoff_stay_and_those_beyond_go_both_ways() -> None:
    within, found = extend(halide_perovskite(6.29, ("Cs", "Pb", "I")))
    longer = found.distance_angstrom > CUTOFF
    assert triples(within) == triples(Bonds(*(values[~longer] for values in vars(found).values())))
    back = Bonds(found.neighbour, found.centre, found.distance_angstrom)
    assert triples(found) == triples(back)
    assert np.all(np.diff(found.centre) >= 0)


@given(random_crystals())
@settings(max_examples=60, deadline=None)
def test_each_pair_of_an_atoms_nearest_shell_is_there_once_in_each_direction(structure: Structure) -> None:
    structure = expanded(structure, 2.2)  # bonds of 1.4 Å and more become 3 Å and more
    within, found = extend(structure)
    alone = np.bincount(within.centre, minlength=len(structure)) == 0
    everything = find_bonds(CrystalArrays.from_structures([structure]), cutoff_angstrom=SHELL_RATIO * 8.0)
    nearest = np.full(len(structure), np.inf)
    np.minimum.at(nearest, everything.centre, everything.distance_angstrom)
    assume(nearest.max() <= MAX_NEAREST_ANGSTROM)
    reach = np.where(alone, SHELL_RATIO * nearest + 1e-8, 0.0)
    # No pair lies so near the border that rounding decides.
    either = np.maximum(reach[everything.centre], reach[everything.neighbour])
    assume(not np.any(np.abs(everything.distance_angstrom - either) < 1e-6))
    kept = (everything.distance_angstrom <= np.maximum(either, CUTOFF + 1e-9)) & (
        (everything.distance_angstrom <= CUTOFF + 1e-9) | (either > CUTOFF)
    )
    expected = Bonds(everything.centre[kept], everything.neighbour[kept], everything.distance_angstrom[kept])
    assert triples(found) == triples(expected)


@pytest.mark.parametrize("a", [4.5, 5.0, 7.9])
def test_an_atom_may_be_joined_to_its_own_images(a: float) -> None:
    assert shells(graph(simple_cubic(a))) == [(84, 84, a, 6.0)]


def test_a_supercell_has_the_quotient_of_its_cell() -> None:
    cell = halide_perovskite(6.29, ("Cs", "Pb", "I"))
    assert shells(graph(cell.make_supercell([2, 1, 1], in_place=False))) == shells(graph(cell))


@pytest.mark.parametrize(("a", "n_rejected"), [(MAX_NEAREST_ANGSTROM, 0), (MAX_NEAREST_ANGSTROM + 1e-3, 1)])
def test_beyond_a_limit_an_atom_is_isolated(a: float, n_rejected: int) -> None:
    settings = {"cutoff_angstrom": CUTOFF, "distance_tolerance_angstrom": TOLERANCE}
    assert len(build_graphs([simple_cubic(a)], ["x"], **settings)[1]) == n_rejected


def test_a_longer_cutoff_moves_the_limit() -> None:
    settings = {"cutoff_angstrom": 10.0, "distance_tolerance_angstrom": TOLERANCE}
    graphs, rejected = build_graphs([simple_cubic(9.0), simple_cubic(11.0)], ["a", "b"], **settings)
    assert len(graphs) == 1
    assert rejected[0].reason == "site 0 (Po) is isolated: nearest atom Po at 11.00 Å, expected one within 10 Å"
