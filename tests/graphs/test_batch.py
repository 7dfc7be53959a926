"""Packing: nothing is lost, and nothing is moved to another crystal."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, GraphBatch, needed_shapes, pack
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan
from tests.graphs.random_graphs import graph_collections, random_graphs

ATOM_FIELDS = ("atomic_number", "atom_multiplicity")
BOND_FIELDS = ("bond_centre", "bond_neighbour", "bond_distance_angstrom", "bond_multiplicity")


def bond_numbers(graphs: GraphCollection) -> np.ndarray:
    """Return a feature that names each bond: its number, and its distance."""
    return np.stack([np.arange(1, graphs.n_bond.sum() + 1), graphs.bond_distance_angstrom], axis=1).astype(np.float32)


def unpack(batch: GraphBatch, step: int, group: int, place: int) -> dict[str, np.ndarray]:
    """Return the crystal that lies in a place, with local indices as in a collection."""
    of_group = GraphBatch(*(values[step, group] for values in batch))
    atoms = np.flatnonzero(of_group.crystal_of_atom == place)
    bonds = np.flatnonzero(np.isin(of_group.bond_centre, atoms))
    return {
        "atomic_number": of_group.atomic_number[atoms],
        "atom_multiplicity": of_group.atom_multiplicity[atoms],
        "bond_centre": np.searchsorted(atoms, of_group.bond_centre[bonds]),
        "bond_neighbour": np.searchsorted(atoms, of_group.bond_neighbour[bonds]),
        "bond_distance_angstrom": of_group.bond_feature[bonds, 1],
        "bond_multiplicity": of_group.bond_multiplicity[bonds],
        "bond_number": of_group.bond_feature[bonds, 0],
    }


def common_shape(needed: list[BatchShape], *, spare: int = 0) -> BatchShape:
    return BatchShape(
        needed[0].n_group,
        needed[0].n_crystal,
        max(shape.n_atom for shape in needed) + spare,
        max(shape.n_bond for shape in needed) + spare,
    )


@st.composite
def planned(draw: st.DrawFn) -> tuple[GraphCollection, np.ndarray]:
    """A collection and a plan of any layout that holds each of its crystals once, with holes anywhere."""
    graphs = draw(graph_collections())
    n_group, n_crystal = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    n_step = -(-len(graphs) // (n_group * n_crystal)) + draw(st.integers(0, 1))
    places = np.full(n_step * n_group * n_crystal, EMPTY, np.int64)
    chosen = draw(st.permutations(range(len(places))))[: len(graphs)]
    places[chosen] = np.arange(len(graphs))
    return graphs, places.reshape(n_step, n_group, n_crystal)


@given(planned(), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_unpacking_returns_every_crystal_as_it_was(case: tuple[GraphCollection, np.ndarray], spare: int):
    graphs, plan = case
    features = bond_numbers(graphs)
    batch = pack(graphs, features, plan, common_shape(needed_shapes(graphs, plan), spare=spare))
    for step, group, place in np.argwhere(plan != EMPTY):
        row = plan[step, group, place]
        found = unpack(batch, step, group, place)
        for name in (*ATOM_FIELDS, *BOND_FIELDS):
            np.testing.assert_array_equal(found[name], getattr(graphs[row], name), err_msg=name)
        np.testing.assert_array_equal(found["bond_number"], features[slice(*graphs.bond_offset[row : row + 2]), 0])


@given(planned(), st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_padding_holds_what_the_documentation_says(case: tuple[GraphCollection, np.ndarray], spare: int):
    graphs, plan = case
    shape = common_shape(needed_shapes(graphs, plan), spare=spare)
    batch = pack(graphs, bond_numbers(graphs), plan, shape)
    n_slot = plan.shape[0] * plan.shape[1]
    no_atom, no_bond = batch.atom_multiplicity == 0, batch.bond_multiplicity == 0
    assert no_atom.sum() == n_slot * shape.n_atom - graphs.n_atom.sum()
    assert no_bond.sum() == n_slot * shape.n_bond - graphs.n_bond.sum()
    assert (batch.atomic_number[no_atom] == 0).all()
    assert (batch.crystal_of_atom[no_atom] == shape.n_crystal).all()
    assert (batch.bond_centre[no_bond] == shape.n_atom).all()
    assert (batch.bond_neighbour[no_bond] == shape.n_atom).all()
    assert (batch.bond_feature[no_bond] == 0).all()


def test_packed_arrays_have_the_documented_shapes_and_types():
    graphs = random_graphs([2, 3, 1], [4, 5, 6])
    shape = BatchShape(n_group=2, n_crystal=3, n_atom=7, n_bond=20)
    batch = pack(graphs, bond_numbers(graphs), np.array([[[0, 1, EMPTY], [EMPTY, EMPTY, 2]]]), shape)
    assert [values.shape for values in batch] == [(1, 2, 7)] * 3 + [(1, 2, 20)] * 3 + [(1, 2, 20, 2)]
    integers, floats = np.dtype(np.int32), np.dtype(np.float32)
    assert [values.dtype for values in batch] == [integers, floats, integers, integers, integers, floats, floats]


@given(planned())
@settings(max_examples=50, deadline=None)
def test_needed_shape_is_the_fullest_group_rounded_up_to_the_vector_width(case: tuple[GraphCollection, np.ndarray]):
    graphs, plan = case
    for shape, step in zip(needed_shapes(graphs, plan), plan, strict=True):
        for capacity, sizes in ((shape.n_atom, graphs.n_atom), (shape.n_bond, graphs.n_bond)):
            fullest = max(int(sizes[group[group != EMPTY]].sum()) for group in step)
            assert capacity % 16 == 0
            assert max(1, fullest) <= capacity < max(1, fullest) + 16
        assert (shape.n_group, shape.n_crystal) == step.shape


def test_a_full_collection_survives_dense_plan_and_pack():
    """Padding never drops a row, also where a group's last place and last bond are taken."""
    graphs = random_graphs([4] * 9, [16] * 9)
    shape = BatchShape(n_group=1, n_crystal=3, n_atom=12, n_bond=48)
    plan = dense_plan(graphs.n_atom, graphs.n_bond, shape)
    batch = pack(graphs, bond_numbers(graphs), plan, shape)
    assert (plan != EMPTY).all()
    np.testing.assert_array_equal(np.sort(batch.bond_feature[..., 0], axis=None), np.arange(1, 9 * 16 + 1))


@pytest.mark.parametrize("too_large", ["n_atom", "n_bond"])
def test_a_crystal_above_the_capacity_is_refused(too_large: str):
    sizes = {"n_atom": [2, 2], "n_bond": [4, 4]} | {too_large: [40, 2]}
    graphs = random_graphs(sizes["n_atom"], sizes["n_bond"])
    shape = BatchShape(n_group=1, n_crystal=2, n_atom=16, n_bond=16)
    with pytest.raises(DataError, match="larger than"):
        dense_plan(graphs.n_atom, graphs.n_bond, shape)
    with pytest.raises(DataError, match="do not fit"):
        pack(graphs, bond_numbers(graphs), np.array([[[0, 1]]]), shape)


def test_a_shape_holds_only_steps_with_the_same_groups():
    shape = BatchShape(n_group=2, n_crystal=8, n_atom=32, n_bond=64)
    assert shape.holds(BatchShape(2, 8, 32, 64))
    assert shape.holds(BatchShape(2, 7, 16, 48))
    for sizes in ((1, 8, 32, 64), (3, 8, 32, 64), (2, 9, 32, 64), (2, 8, 33, 64), (2, 8, 32, 65)):
        assert not shape.holds(BatchShape(*sizes))
