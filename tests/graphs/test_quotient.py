"""The quotient is the same function as the full graph, whatever the cell, and no coarser than colour refinement."""

import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import CrystalGraph
from paraisite.graphs.quotient import distance_shells
from tests.graphs.crystals import (
    CUTOFF,
    TOLERANCE,
    arrays_of,
    diamond,
    perovskite,
    random_crystals,
    rocksalt,
    symmetric_crystals,
    wurtzite,
)

CELLS = [
    np.diag([2, 1, 1]),
    np.diag([1, 2, 2]),
    np.array([[1, 1, 0], [0, 1, 0], [0, 0, 1]]),
    np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]),
]
CRYSTALS = st.one_of(symmetric_crystals(), random_crystals())


def build(structure: Structure, *, quotient: bool = True, tolerance: float = TOLERANCE) -> CrystalGraph | None:
    graphs, _ = build_graphs(
        [structure],
        ["crystal"],
        cutoff_angstrom=CUTOFF,
        distance_tolerance_angstrom=tolerance,
        quotient=quotient,
    )
    return graphs[0] if len(graphs) else None


def classes(graph: CrystalGraph) -> list[tuple[int, int, float, float]]:
    """Return (element of the centre, of the neighbour, distance, multiplicity) of every bond."""
    return sorted(
        (int(graph.atomic_number[i]), int(graph.atomic_number[j]), round(float(d), 3), float(m))
        for i, j, d, m in zip(
            graph.bond_centre,
            graph.bond_neighbour,
            graph.bond_distance_angstrom,
            graph.bond_multiplicity,
            strict=True,
        )
    )


def readout(graph: CrystalGraph) -> np.ndarray:
    """Three rounds of a random message-passing network with weighted means; then means and a softmax pool."""
    random = np.random.default_rng(0)
    n_atom, width = len(graph.atomic_number), 8
    atom = random.normal(size=(100, width))[graph.atomic_number]
    bond = np.cos(graph.bond_distance_angstrom[:, None] * random.uniform(0.5, 2, width))
    weight = graph.bond_multiplicity.astype(np.float64)
    in_crystal = weight * graph.atom_multiplicity[graph.bond_centre]
    per_centre = np.bincount(graph.bond_centre, weight, n_atom)
    state = np.zeros(width)
    for _ in range(3):
        a, b, c, d, e, f, g, h = random.normal(size=(8, width, width)) / 3
        bond = np.tanh(atom[graph.bond_centre] @ a + atom[graph.bond_neighbour] @ b + bond @ c + state @ d)
        pooled = np.zeros((n_atom, width))
        np.add.at(pooled, graph.bond_centre, bond * weight[:, None])
        pooled /= per_centre[:, None]
        atom = np.tanh(atom @ e + pooled @ f + state @ g)
        state = np.tanh(
            state @ h + np.average(bond, axis=0, weights=in_crystal)
            - np.average(atom, axis=0, weights=graph.atom_multiplicity)
        )  # fmt: skip
    attention = np.average(atom, axis=0, weights=graph.atom_multiplicity * np.exp(atom[:, 0]))
    bond_attention = np.average(bond, axis=0, weights=in_crystal * np.exp(bond[:, 0]))
    return np.concatenate([state, attention, bond_attention])


def naive_refinement(graph: CrystalGraph, tolerance: float) -> list[int]:
    """Colour refinement as the textbook has it, one atom at a time, on a full graph."""
    distances = np.sort(graph.bond_distance_angstrom.astype(np.float64))
    borders = distances[1:][np.diff(distances) > tolerance]
    shell = np.searchsorted(borders, graph.bond_distance_angstrom, side="right")
    colour = graph.atomic_number.tolist()
    for _ in range(len(colour)):
        around = [Counter() for _ in colour]
        for i, j, s in zip(graph.bond_centre, graph.bond_neighbour, shell, strict=True):
            around[i][colour[j], s] += 1
        signature = [(colour[i], frozenset(around[i].items())) for i in range(len(colour))]
        names = {s: name for name, s in enumerate(dict.fromkeys(signature))}
        colour = [names[s] for s in signature]
    return sorted(Counter(colour).values())


@given(CRYSTALS)
@settings(max_examples=60, deadline=None)
def test_quotient_gives_the_full_graphs_readout(structure: Structure):
    full = build(structure, quotient=False)
    assume(full is not None)
    reduced = build(structure)
    assert reduced.atom_multiplicity.sum() == len(full.atomic_number)
    in_cell = reduced.bond_multiplicity * reduced.atom_multiplicity[reduced.bond_centre]
    assert in_cell.sum() == len(full.bond_centre)
    np.testing.assert_array_equal(reduced.bond_multiplicity, np.round(reduced.bond_multiplicity))
    # Distances in one class differ by rounding, or by chance within the tolerance.
    np.testing.assert_allclose(readout(reduced), readout(full), atol=2 * TOLERANCE)


@pytest.mark.parametrize("structure", [rocksalt(), diamond(), wurtzite(), perovskite()])
def test_quotient_of_exact_crystals_is_exact(structure: Structure):
    big = structure.make_supercell([2, 1, 2], in_place=False)
    np.testing.assert_allclose(readout(build(big)), readout(build(big, quotient=False)), atol=1e-6)


@given(random_crystals())
@settings(max_examples=40, deadline=None)
def test_atom_classes_are_those_of_textbook_colour_refinement(structure: Structure):
    full = build(structure, quotient=False)
    assume(full is not None)
    # A tolerance above float32's rounding and far below the grid's distances: both cluster alike.
    found = sorted(build(structure, tolerance=1e-5).atom_multiplicity.astype(int).tolist())
    assert found == naive_refinement(full, 1e-5)


@given(CRYSTALS, st.floats(1.3, 2.2))
@settings(max_examples=40, deadline=None)
def test_the_quotient_of_longer_bonds_gives_the_full_graphs_readout(structure: Structure, factor: float):
    """Of crystals with atoms that have no neighbour within the cutoff, and others that have."""
    structure = Structure(structure.lattice.matrix * factor, structure.species, structure.frac_coords)
    full = build(structure, quotient=False)
    assume(full is not None)
    assume(full.bond_distance_angstrom.max() > CUTOFF)
    np.testing.assert_allclose(readout(build(structure)), readout(full), atol=2 * TOLERANCE)


def test_rocksalt_has_two_atoms_and_two_bonds():
    """NaCl, a = 5.69 Å: six opposite ions at a/2 = 2.845; the twelve alike at a/√2 = 4.023 are beyond 4 Å."""
    graph = build(rocksalt())
    assert classes(graph) == [(11, 17, 2.845, 6.0), (17, 11, 2.845, 6.0)]
    assert graph.atom_multiplicity.tolist() == [1.0, 1.0]
    assert graph.atomic_number.tolist() == [11, 17]


def test_silicon_has_one_atom_and_two_bonds():
    """Si, a = 5.43 Å: 4 neighbours at a√3/4 = 2.351 and 12 at a/√2 = 3.840; the two atoms are alike."""
    graph = build(diamond())
    assert classes(graph) == [(14, 14, 2.351, 4.0), (14, 14, 3.84, 12.0)]
    assert graph.atom_multiplicity.tolist() == [2.0]


def test_perovskite_merges_its_three_oxygens():
    """BaTiO3, a = 4 Å: the oxygens see 2 Ti at 2, 4 Ba and 8 O at 2√2, and 6 O at 4 Å, on the cutoff."""
    graph = build(perovskite())
    assert graph.atom_multiplicity.tolist() == [3.0, 1.0, 1.0]
    oxygen = [bond[1:] for bond in classes(graph) if bond[0] == 8]
    assert oxygen == [(8, 2.828, 8.0), (8, 4.0, 6.0), (22, 2.0, 2.0), (56, 2.828, 4.0)]


def test_refinement_goes_on_until_the_colours_are_stable():
    """A rod of 20 atoms, cut every 4.5 Å: only its mirror plane makes atoms equal, and the middle learns that last."""
    along = (np.arange(20) * 2.5 - 23.75)[:, None] / 52.0
    coords = np.hstack([np.zeros((20, 2)), along])
    graph = build(Structure(Lattice.tetragonal(10.0, 52.0), ["Si"] * 20, coords))
    assert graph.atom_multiplicity.tolist() == [2.0] * 10


@given(
    CRYSTALS,
    st.sampled_from(CELLS),
    st.tuples(*[st.floats(-2, 2)] * 3),
    st.randoms(use_true_random=False),
)
@settings(max_examples=60, deadline=None)
def test_order_origin_and_cell_leave_the_quotient_unchanged(
    structure: Structure, matrix: np.ndarray, shift: tuple[float, float, float], random: Random
):
    graph = build(structure)
    cell = structure.make_supercell(matrix, in_place=False, to_unit_cell=False)
    order = random.sample(range(len(cell)), len(cell))
    moved = Structure(cell.lattice, [cell[i].species for i in order], cell.frac_coords[order] + shift)
    found = build(moved)
    assert (graph is None) == (found is None)
    assume(graph is not None)
    n_cell = len(cell) / len(structure)
    np.testing.assert_array_equal(found.atom_multiplicity, graph.atom_multiplicity * n_cell)
    for name in ("atomic_number", "bond_centre", "bond_neighbour", "bond_multiplicity"):
        np.testing.assert_array_equal(getattr(found, name), getattr(graph, name), err_msg=name)
    np.testing.assert_allclose(found.bond_distance_angstrom, graph.bond_distance_angstrom, atol=1e-5)


def test_crystals_built_together_are_those_built_alone():
    structures = [rocksalt(), perovskite(), diamond(), wurtzite(), wurtzite().make_supercell(2, in_place=False)] * 40
    graphs, _ = build_graphs(
        structures, [""] * len(structures), cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE
    )
    for graph, structure in zip(graphs, structures[:5] * 40, strict=True):
        for name, array in arrays_of(build(structure)).items():
            np.testing.assert_array_equal(arrays_of(graph)[name], array, err_msg=name)


@pytest.mark.parametrize(("tolerance", "n_class"), [(1e-2, 1), (1e-3, 2)])
def test_distances_merge_within_the_tolerance_only(tolerance: float, n_class: int):
    """A tetragonal cell with a and c 5 mÅ apart: one class of six bonds, or two of four and two."""
    structure = Structure(Lattice.tetragonal(3.0, 3.005), ["Po"], [[0, 0, 0]])
    graph = build(structure, tolerance=tolerance)
    assert len(graph.bond_centre) == n_class
    if n_class == 1:
        assert graph.bond_distance_angstrom[0] == pytest.approx((4 * 3.0 + 2 * 3.005) / 6)
    else:
        assert graph.bond_multiplicity.tolist() == [4.0, 2.0]


@given(st.floats(1.0, 4.0), st.floats(0.0, 0.99), st.floats(1.01, 5.0))
def test_no_boundary_separates_equal_distances(distance: float, near: float, far: float):
    distances = np.array([distance, distance + near * TOLERANCE, distance + (near + far) * TOLERANCE])
    found = distance_shells(np.zeros(3, np.int64), distances, distance_tolerance_angstrom=TOLERANCE)
    assert found.tolist() == [0, 0, 1]


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 0.95))
@settings(deadline=None)
def test_a_chain_of_small_jumps_makes_no_wide_shell(seed: int, spacing: float):
    """Stops single linkage from calling 2.0 and 2.1 Å equal because there is a distance at every step between."""
    random = np.random.default_rng(seed)
    steps = random.uniform(0, spacing * TOLERANCE, 300)
    chain = 2.0 + np.cumsum(steps)
    twice = np.concatenate([chain, chain + 1e-12])
    found = distance_shells(np.zeros(600, np.int64), twice, distance_tolerance_angstrom=TOLERANCE)
    for shell in range(found.max() + 1):
        assert np.ptp(twice[found == shell]) <= 3 * TOLERANCE
    np.testing.assert_array_equal(found[:300], found[300:])
    assert np.all(np.diff(found[:300]) >= 0)


def test_one_crystals_distances_do_not_bridge_anothers():
    crystal = np.array([0, 0, 1, 1, 1])
    distances = np.array([2.0, 2.0015, 2.0, 2.0008, 2.0015])
    found = distance_shells(crystal, distances, distance_tolerance_angstrom=TOLERANCE)
    assert found.tolist() == [0, 1, 0, 0, 0]


def test_reduction_of_the_aflow_table(shared_data: Path):
    """DESIGN section 3 measured 8.2 times fewer bonds and 3.1 times fewer atoms on a superset of this table."""
    with gzip.open(shared_data / "aflow_agl.jsonl.gz", "rt") as lines:
        records = [json.loads(line) for line in lines]
    structures = [
        Structure(Lattice.from_parameters(*r["geometry"]), r["species"], r["positions_fractional"]) for r in records
    ]
    ids = [record["entry"] for record in records]
    built = {
        quotient: build_graphs(
            structures, ids, cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE, quotient=quotient
        )
        for quotient in (True, False)
    }
    full, reduced = built[False][0], built[True][0]
    assert (len(reduced), len(full)) == (2923, 2923)
    assert built[True][1] == built[False][1] == []
    assert full.n_bond.sum() == 434_796
    assert full.n_bond.sum() / reduced.n_bond.sum() == pytest.approx(8.10, abs=0.02)
    assert full.n_atom.sum() / reduced.n_atom.sum() == pytest.approx(3.08, abs=0.01)
    for row in range(0, len(full), 50):
        np.testing.assert_allclose(readout(reduced[row]), readout(full[row]), atol=2e-3)
