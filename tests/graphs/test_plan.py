"""Plans: every crystal once, in random company, in shapes with little padding."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.errors import DataError
from paraisite.graphs.batch import EMPTY, BatchShape, needed_shapes
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.graphs.plan import dense_plan, group_capacity, groups_per_step, random_plan
from paraisite.training.batches import train_shapes
from tests.graphs.random_graphs import graph_collections, random_graphs


def roomy(batch_size: int) -> tuple[BatchShape, ...]:
    """Return a shape that holds anything."""
    n_group = groups_per_step(batch_size)
    return (BatchShape(n_group, group_capacity(batch_size, n_group), 10**6, 10**6),)


def shuffled(graphs: GraphCollection, *shapes: BatchShape, seed: int, batch_size: int = 8) -> np.ndarray:
    """Return the plan of all crystals."""
    return random_plan(
        np.arange(len(graphs)),
        batch_size=batch_size,
        graphs=graphs,
        shapes=shapes or roomy(batch_size),
        rng=np.random.default_rng(seed),
    )


def wide_spread(n: int) -> GraphCollection:
    """Return crystals whose sizes differ as those of a real table do."""
    n_bond = (np.exp(np.random.default_rng(7).normal(3.0, 1.0, n)) + 1).astype(int)
    return random_graphs((n_bond // 8 + 1).tolist(), n_bond.tolist())


@given(graph_collections(max_crystals=60), st.integers(1, 70), st.integers(0, 2**16))
@settings(max_examples=100, deadline=None)
def test_random_plan_uses_every_row_once(graphs: GraphCollection, batch_size: int, seed: int):
    rows = np.random.default_rng(seed).permutation(len(graphs))[: max(1, len(graphs) * 3 // 4)]
    plan = random_plan(
        rows, batch_size=batch_size, graphs=graphs, shapes=roomy(batch_size), rng=np.random.default_rng(seed)
    )
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.sort(rows))
    assert len(plan) == -(-len(rows) // batch_size)
    per_step = (plan != EMPTY).sum(axis=(1, 2))
    assert (per_step[:-1] == batch_size).all()  # only the last step may be short


def test_the_order_depends_on_the_generator_alone():
    graphs = random_graphs([2] * 40, [9] * 40)
    first, same, other = (shuffled(graphs, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("batch_size", "n_group"), [(1, 1), (8, 1), (16, 1), (32, 2), (128, 8), (200, 12)])
def test_large_batches_lie_in_groups_of_about_sixteen(batch_size: int, n_group: int):
    assert groups_per_step(batch_size) == n_group
    assert group_capacity(batch_size, n_group) * n_group >= batch_size


def test_groups_of_a_large_batch_carry_equal_loads():
    rng = np.random.default_rng(3)
    n_bond = np.exp(rng.normal(3.0, 1.0, 256)).astype(int) + 1
    graphs = random_graphs([3] * 256, n_bond.tolist())
    plan = shuffled(graphs, BatchShape(8, 24, 10**6, 1000), seed=0, batch_size=128)
    assert plan.shape == (2, 8, 24)
    load = np.where(plan == EMPTY, 0, graphs.n_bond[plan]).sum(-1)
    # Largest first to the emptiest group: the loads of a step differ by less than one large crystal.
    assert (load.max(axis=1) - load.min(axis=1) <= n_bond.max() / 2).all()


def test_most_steps_fit_the_smallest_shape_and_all_fit_the_largest():
    graphs = wide_spread(400)
    mean, largest = graphs.n_bond.mean(), graphs.n_bond.max()
    small, large = BatchShape(1, 8, 96, int(8 * mean * 1.08)), BatchShape(1, 8, 160, int(largest + 8 * mean))
    fits, fits_unbalanced = [], []
    for seed in range(20):
        plan, unbalanced = shuffled(graphs, small, large, seed=seed), shuffled(graphs, seed=seed)
        np.testing.assert_array_equal(np.sort(plan, axis=None), np.arange(400))
        needed = needed_shapes(graphs, plan, rounded=False)
        assert all(large.holds(shape) for shape in needed)
        fits += [small.holds(shape) for shape in needed]
        fits_unbalanced += [small.holds(shape) for shape in needed_shapes(graphs, unbalanced, rounded=False)]
    assert np.mean(fits_unbalanced) < 0.8
    assert np.mean(fits) > 0.9


def test_balancing_leaves_most_crystals_where_the_shuffle_put_them():
    graphs = wide_spread(400)
    shape = BatchShape(1, 8, 10**6, int(graphs.n_bond.max() + 8 * graphs.n_bond.mean()))
    assert np.mean(shuffled(graphs, shape, seed=0) == shuffled(graphs, seed=0)) > 0.9


def test_a_row_meets_every_other_row_in_some_epoch():
    graphs = wide_spread(40)
    shape = BatchShape(1, 8, 64, int(graphs.n_bond.max() + 8 * graphs.n_bond.mean()))
    met = np.zeros((40, 40), bool)
    for seed in range(200):
        plan = shuffled(graphs, shape, seed=seed)
        for step in plan[:, 0]:
            met[np.ix_(step, step)] = True
    assert met.all()


def test_exchanges_keep_all_steps_full_but_the_last():
    graphs = wide_spread(45)
    shapes = (BatchShape(1, 8, 96, 320), BatchShape(1, 8, 200, int(graphs.n_bond.max()) + 400))
    for seed in range(50):
        plan = shuffled(graphs, *shapes, seed=seed)
        assert (plan != EMPTY).sum(axis=(1, 2)).tolist() == [8] * 5 + [5]


def test_two_very_large_crystals_never_share_a_step():
    graphs = random_graphs([1] * 24, [200, 200, 200] + [4] * 21)
    shapes = (BatchShape(1, 8, 16, 96), BatchShape(1, 8, 16, 240))
    for seed in range(50):
        plan = shuffled(graphs, *shapes, seed=seed)
        assert (np.isin(plan, [0, 1, 2]).sum(axis=(1, 2)) == 1).all()


@given(graph_collections(max_crystals=60), st.integers(1, 40), st.integers(0, 2**16))
@settings(max_examples=200, deadline=None)
def test_an_epoch_fits_whatever_the_split(graphs: GraphCollection, batch_size: int, seed: int):
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(graphs))[: max(1, len(graphs) * 3 // 4)]
    shapes = train_shapes(graphs, batch_size=batch_size)
    plan = random_plan(rows, batch_size=batch_size, graphs=graphs, shapes=shapes, rng=rng)
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.sort(rows))
    assert all(shapes[-1].holds(shape) for shape in needed_shapes(graphs, plan))


def test_crystals_that_fit_nowhere_are_refused():
    graphs = random_graphs([1] * 4, [60, 2, 2, 2])
    shape = BatchShape(n_group=1, n_crystal=2, n_atom=16, n_bond=48)
    with pytest.raises(DataError, match="do not fit"):
        shuffled(graphs, shape, seed=0, batch_size=2)


def test_an_epoch_of_nothing_is_refused():
    with pytest.raises(DataError, match="no crystal"):
        random_plan(
            np.array([], np.int64),
            batch_size=2,
            graphs=random_graphs([1], [2]),
            shapes=roomy(2),
            rng=np.random.default_rng(0),
        )


@given(graph_collections(max_crystals=80), st.integers(1, 3), st.integers(1, 9), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_dense_plan_holds_every_row_once_within_the_capacity(
    graphs: GraphCollection, n_group: int, n_crystal: int, spare: int
):
    shape = BatchShape(n_group, n_crystal, int(graphs.n_atom.max()) + spare, int(graphs.n_bond.max()) + spare)
    plan = dense_plan(graphs.n_atom, graphs.n_bond, shape)
    np.testing.assert_array_equal(np.sort(plan[plan != EMPTY]), np.arange(len(graphs)))
    assert plan.shape[1:] == (n_group, n_crystal)
    for sizes, capacity in ((graphs.n_atom, shape.n_atom), (graphs.n_bond, shape.n_bond)):
        assert (np.where(plan == EMPTY, 0, sizes[plan]).sum(-1) <= capacity).all()


def test_dense_plan_wastes_little():
    rng = np.random.default_rng(0)
    n_bond = (np.exp(rng.normal(3.0, 1.0, 500)) + 1).astype(int)
    shape = BatchShape(n_group=1, n_crystal=64, n_atom=10_000, n_bond=int(n_bond.max()) * 2)
    plan = dense_plan(np.ones(500, np.int64), n_bond, shape)
    assert len(plan) <= np.ceil(1.1 * n_bond.sum() / shape.n_bond)
