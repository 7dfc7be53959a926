"""Packing: nothing is lost, and nothing is moved to another crystal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, pack, round_up, step_loads
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan
from tests.graphs.random_graphs import graph_collections, random_graphs

ATOM_FIELDS = ("atomic_number", "atom_multiplicity")
BOND_FIELDS = ("bond_centre", "bond_neighbour", "bond_distance_angstrom", "bond_multiplicity")


def bond_numbers(graphs: GraphCollection) -> np.ndarray:
    """Return a feature that names each bond: its number, and its distance."""
    return np.stack([np.arange(1, graphs.n_bond.sum() + 1), graphs.bond_distance_angstrom], axis=1).astype(np.float32)


def unpack(batch: GraphBatch, step: int, place: int) -> dict[str, np.ndarray]:
    """Return the crystal that lies in a place, with local indices as in a collection."""
    of_step = GraphBatch(*(values[step] for values in batch))
    atoms = np.flatnonzero((of_step.crystal_of_atom == place) & (of_step.atom_multiplicity > 0))
    bonds = np.flatnonzero(np.isin(of_step.bond_centre, atoms) & (of_step.bond_multiplicity > 0))
    return {
        "atomic_number": of_step.atomic_number[atoms],
        "atom_multiplicity": of_step.atom_multiplicity[atoms],
        "bond_centre": np.searchsorted(atoms, of_step.bond_centre[bonds]),
        "bond_neighbour": np.searchsorted(atoms, of_step.bond_neighbour[bonds]),
        "bond_distance_angstrom": of_step.bond_feature[bonds, 1],
        "bond_multiplicity": of_step.bond_multiplicity[bonds],
        "bond_number": of_step.bond_feature[bonds, 0],
    }


def shape_of(graphs: GraphCollection, plan: np.ndarray, *, spare: int = 0) -> BatchShape:
    """Return the shape that holds every step, with ``spare`` more atoms and bonds than needed."""
    n_atom, n_bond = step_loads(graphs.sizes, plan).max(axis=0) + spare
    return BatchShape(plan.shape[1], int(n_atom), int(n_bond))


@st.composite
def planned(draw: st.DrawFn) -> tuple[GraphCollection, np.ndarray]:
    """A collection and a plan of any layout that holds each of its crystals once, with holes anywhere."""
    graphs = draw(graph_collections())
    n_crystal = draw(st.integers(1, 7))
    n_step = -(-len(graphs) // n_crystal) + draw(st.integers(0, 1))
    places = np.full(n_step * n_crystal, EMPTY, np.int64)
    chosen = draw(st.permutations(range(len(places))))[: len(graphs)]
    places[chosen] = np.arange(len(graphs))
    return graphs, places.reshape(n_step, n_crystal)


@given(planned(), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_unpacking_returns_every_crystal_as_it_was(case: tuple[GraphCollection, np.ndarray], spare: int):
    graphs, plan = case
    features = bond_numbers(graphs)
    batch = pack(graphs, features, plan, shape_of(graphs, plan, spare=spare))
    for step, place in np.argwhere(plan != EMPTY):
        row = plan[step, place]
        found = unpack(batch, step, place)
        for name in (*ATOM_FIELDS, *BOND_FIELDS):
            np.testing.assert_array_equal(found[name], getattr(graphs[row], name), err_msg=name)
        np.testing.assert_array_equal(found["bond_number"], features[slice(*graphs.bond_offset[row : row + 2]), 0])


@given(planned(), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_padding_holds_what_the_documentation_says(case: tuple[GraphCollection, np.ndarray], spare: int):
    graphs, plan = case
    shape = shape_of(graphs, plan, spare=spare)
    batch = pack(graphs, bond_numbers(graphs), plan, shape)
    no_atom, no_bond = batch.atom_multiplicity == 0, batch.bond_multiplicity == 0
    assert no_atom.sum() == len(plan) * shape.n_atom - graphs.n_atom.sum()
    assert no_bond.sum() == len(plan) * shape.n_bond - graphs.n_bond.sum()
    for values in (batch.atomic_number, batch.crystal_of_atom):
        assert (values[no_atom] == 0).all()
    for values in (batch.bond_centre, batch.bond_neighbour, batch.bond_feature):
        assert (values[no_bond] == 0).all()


def test_packed_arrays_have_the_documented_shapes_and_types():
    graphs = random_graphs([2, 3, 1], [4, 5, 6])
    shape = BatchShape(n_crystal=3, n_atom=7, n_bond=20)
    batch = pack(graphs, bond_numbers(graphs), np.array([[0, 1, EMPTY], [EMPTY, EMPTY, 2]]), shape)
    assert [values.shape for values in batch] == [(2, 7)] * 3 + [(2, 20)] * 3 + [(2, 20, 2)]
    integers, floats = np.dtype(np.int32), np.dtype(np.float32)
    assert [values.dtype for values in batch] == [integers, floats, integers, integers, integers, floats, floats]


@given(planned())
@settings(max_examples=50, deadline=None)
def test_a_steps_load_is_the_sum_of_its_crystals(case: tuple[GraphCollection, np.ndarray]):
    graphs, plan = case
    for load, step in zip(step_loads(graphs.sizes, plan), plan, strict=True):
        rows = step[step != EMPTY]
        assert load.tolist() == [graphs.n_atom[rows].sum(), graphs.n_bond[rows].sum()]


@pytest.mark.parametrize(("n", "capacity"), [(0, 16), (1, 16), (15.2, 16), (16, 16), (16.5, 32), (17, 32), (160, 160)])
def test_capacities_are_multiples_of_the_vector_width(n: float, capacity: int):
    assert round_up(n) == capacity


def test_a_full_collection_survives_dense_plan_and_pack():
    """Padding never drops a row, also where a step's last place and last bond are taken."""
    graphs = random_graphs([4] * 9, [16] * 9)
    shape = BatchShape(n_crystal=3, n_atom=12, n_bond=48)
    plan = dense_plan(graphs.sizes, shape)
    batch = pack(graphs, bond_numbers(graphs), plan, shape)
    assert (plan != EMPTY).all()
    np.testing.assert_array_equal(np.sort(batch.bond_feature[..., 0], axis=None), np.arange(1, 9 * 16 + 1))


@pytest.mark.parametrize("too_large", ["n_atom", "n_bond"])
def test_a_crystal_above_the_capacity_is_refused(too_large: str):
    sizes = {"n_atom": [2, 2], "n_bond": [4, 4]} | {too_large: [40, 2]}
    graphs = random_graphs(sizes["n_atom"], sizes["n_bond"])
    shape = BatchShape(n_crystal=2, n_atom=16, n_bond=16)
    with pytest.raises(DataError, match="larger than"):
        dense_plan(graphs.sizes, shape)
    with pytest.raises(DataError, match="do not fit"):
        pack(graphs, bond_numbers(graphs), np.array([[0, 1]]), shape)


def test_a_plan_with_other_places_than_the_shape_is_refused():
    graphs = random_graphs([2, 2], [4, 4])
    with pytest.raises(DataError, match="do not fit"):
        pack(graphs, bond_numbers(graphs), np.array([[0, 1, EMPTY]]), BatchShape(n_crystal=2, n_atom=16, n_bond=16))
