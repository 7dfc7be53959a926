"""Plans: every crystal once, in random company, in shapes with little padding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, step_loads
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan, random_plan
from paraisite.training.batches import train_shapes
from tests.graphs.random_graphs import graph_collections, random_graphs


def shuffled(graphs: GraphCollection, *shapes: BatchShape, seed: int) -> np.ndarray:
    """Return the plan of all crystals, by default in steps of eight that hold anything."""
    shapes = shapes or (BatchShape(8, 10**6, 10**6),)
    return random_plan(np.arange(len(graphs)), sizes=graphs.sizes, shapes=shapes, rng=np.random.default_rng(seed))


def fits(graphs: GraphCollection, plan: np.ndarray, shape: BatchShape) -> np.ndarray:
    """Return which steps fit."""
    return (step_loads(graphs.sizes, plan) <= shape.capacity).all(axis=1)


def wide_spread(n: int) -> GraphCollection:
    """Return crystals whose sizes differ as those of a real table do."""
    n_bond = (np.exp(np.random.default_rng(7).normal(3.0, 1.0, n)) + 1).astype(int)
    return random_graphs((n_bond // 8 + 1).tolist(), n_bond.tolist())


@given(graph_collections(max_crystals=60), st.integers(1, 70), st.integers(0, 2**16))
@settings(max_examples=100, deadline=None)
def test_random_plan_uses_every_row_once(graphs: GraphCollection, batch_size: int, seed: int):
    rows = np.random.default_rng(seed).permutation(len(graphs))[: max(1, len(graphs) * 3 // 4)]
    shapes = (BatchShape(batch_size, 10**6, 10**6),)
    plan = random_plan(rows, sizes=graphs.sizes, shapes=shapes, rng=np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.sort(rows))
    assert len(plan) == -(-len(rows) // batch_size)
    per_step = (plan != EMPTY).sum(axis=1)
    assert (per_step[:-1] == batch_size).all()  # only the last step may be short


def test_the_order_depends_on_the_generator_alone():
    graphs = random_graphs([2] * 40, [9] * 40)
    first, same, other = (shuffled(graphs, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


def test_most_steps_fit_the_smallest_shape_and_all_fit_the_largest():
    graphs = wide_spread(400)
    mean, largest = graphs.n_bond.mean(), graphs.n_bond.max()
    small, large = BatchShape(8, 96, int(8 * mean * 1.08)), BatchShape(8, 160, int(largest + 8 * mean))
    balanced, unbalanced = [], []
    for seed in range(20):
        plan = shuffled(graphs, small, large, seed=seed)
        np.testing.assert_array_equal(np.sort(plan, axis=None), np.arange(400))
        assert fits(graphs, plan, large).all()
        balanced += fits(graphs, plan, small).tolist()
        unbalanced += fits(graphs, shuffled(graphs, seed=seed), small).tolist()
    assert np.mean(unbalanced) < 0.8
    assert np.mean(balanced) > 0.9


def test_balancing_leaves_most_crystals_where_the_shuffle_put_them():
    graphs = wide_spread(400)
    shape = BatchShape(8, 10**6, int(graphs.n_bond.max() + 8 * graphs.n_bond.mean()))
    assert np.mean(shuffled(graphs, shape, seed=0) == shuffled(graphs, seed=0)) > 0.9


def test_a_row_meets_every_other_row_in_some_epoch():
    graphs = wide_spread(40)
    shape = BatchShape(8, 64, int(graphs.n_bond.max() + 8 * graphs.n_bond.mean()))
    met = np.zeros((40, 40), bool)
    for seed in range(200):
        plan = shuffled(graphs, shape, seed=seed)
        for step in plan:
            met[np.ix_(step, step)] = True
    assert met.all()


def test_exchanges_keep_all_steps_full_but_the_last():
    graphs = wide_spread(45)
    shapes = (BatchShape(8, 96, 320), BatchShape(8, 200, int(graphs.n_bond.max()) + 400))
    for seed in range(50):
        plan = shuffled(graphs, *shapes, seed=seed)
        assert (plan != EMPTY).sum(axis=1).tolist() == [8] * 5 + [5]


def test_two_very_large_crystals_never_share_a_step():
    graphs = random_graphs([1] * 24, [200, 200, 200] + [4] * 21)
    shapes = (BatchShape(8, 16, 96), BatchShape(8, 16, 240))
    for seed in range(50):
        plan = shuffled(graphs, *shapes, seed=seed)
        assert (np.isin(plan, [0, 1, 2]).sum(axis=1) == 1).all()


@given(graph_collections(max_crystals=60), st.integers(1, 40), st.integers(0, 2**16))
@settings(max_examples=200, deadline=None)
def test_an_epoch_fits_whatever_the_split(graphs: GraphCollection, batch_size: int, seed: int):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(graphs))[: max(1, len(graphs) * 3 // 4)]
    shapes = train_shapes(graphs.sizes, [rows], batch_size=batch_size)
    plan = random_plan(rows, sizes=graphs.sizes, shapes=shapes, rng=rng)
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.sort(rows))
    assert fits(graphs, plan, shapes[-1]).all()


def test_large_batches_fit_one_shape_with_little_padding():
    graphs = wide_spread(1000)
    rows = np.arange(896)  # seven full steps: no empty place helps
    (shape,) = train_shapes(graphs.sizes, [rows], batch_size=128)
    for seed in range(20):
        plan = random_plan(rows, sizes=graphs.sizes, shapes=(shape,), rng=np.random.default_rng(seed))
        assert fits(graphs, plan, shape).all()
    assert shape.n_bond < 1.03 * 128 * graphs.n_bond[rows].mean() + 16


def test_an_epoch_is_drawn_anew_when_no_exchange_makes_it_fit():
    """Four full steps of 30 bonds: from about four shuffles in ten, exchanges do not lead there."""
    graphs = random_graphs([1] * 12, [17, 8, 5, 10, 6, 14, 6, 1, 23, 2, 1, 27])
    for seed in range(30):
        plan = shuffled(graphs, BatchShape(3, 16, 30), seed=seed)
        assert (graphs.n_bond[plan].sum(axis=1) == 30).all()


def test_crystals_that_fit_nowhere_are_refused():
    graphs = random_graphs([1] * 4, [60, 2, 2, 2])
    with pytest.raises(DataError, match="do not fit"):
        shuffled(graphs, BatchShape(n_crystal=2, n_atom=16, n_bond=48), seed=0)


def test_an_epoch_of_nothing_is_refused():
    with pytest.raises(DataError, match="no crystal"):
        shuffled(random_graphs([1], [2]).take([]), seed=0)


@given(graph_collections(max_crystals=80), st.integers(1, 9), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_dense_plan_holds_every_row_once_within_the_capacity(graphs: GraphCollection, n_crystal: int, spare: int):
    shape = BatchShape(n_crystal, int(graphs.n_atom.max()) + spare, int(graphs.n_bond.max()) + spare)
    plan = dense_plan(graphs.sizes, shape)
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.arange(len(graphs)))
    assert plan.shape[1] == n_crystal
    assert fits(graphs, plan, shape).all()


def test_dense_plan_wastes_little():
    rng = np.random.default_rng(0)
    n_bond = (np.exp(rng.normal(3.0, 1.0, 500)) + 1).astype(int)
    shape = BatchShape(n_crystal=64, n_atom=10_000, n_bond=int(n_bond.max()) * 2)
    plan = dense_plan(np.stack([np.ones(500, np.int64), n_bond], axis=1), shape)
    assert len(plan) <= np.ceil(1.1 * n_bond.sum() / shape.n_bond)
