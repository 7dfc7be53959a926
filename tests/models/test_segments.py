"""Segment operations against NumPy loops, and their gradients against differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paraisite.models.runtime import tf
from paraisite.models.segments import add_up, share, softmax_mean, take

N_MEMBER, N_OWNER, N_FEATURE = 2, 5, 3


@st.composite
def owners(draw: st.DrawFn) -> np.ndarray:
    """Owners [n_member, n_item] in any order; some owners may have no item."""
    n_item = draw(st.integers(1, 12))
    flat = draw(st.lists(st.integers(0, N_OWNER - 1), min_size=N_MEMBER * n_item, max_size=N_MEMBER * n_item))
    return np.array(flat, np.int32).reshape(N_MEMBER, n_item)


def values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def of_owner(items: np.ndarray, owner: np.ndarray, member: int, row: int) -> np.ndarray:
    return items[member, owner[member] == row]


@given(owners())
@settings(max_examples=50, deadline=None)
def test_take_gives_every_item_its_owners_row(owner: np.ndarray):
    rows = values(N_MEMBER, N_OWNER, N_FEATURE)
    found = take(tf.constant(rows), owner).numpy()
    for member, item in np.ndindex(*owner.shape):
        np.testing.assert_array_equal(found[member, item], rows[member, owner[member, item]])


@given(owners())
@settings(max_examples=50, deadline=None)
def test_add_up_sums_each_owners_items_within_its_member(owner: np.ndarray):
    items = values(*owner.shape, N_FEATURE)
    found = add_up(tf.constant(items), owner, N_OWNER).numpy()
    for member, row in np.ndindex(N_MEMBER, N_OWNER):
        expected = of_owner(items, owner, member, row).sum(axis=0)
        np.testing.assert_allclose(found[member, row], expected, rtol=1e-5, atol=1e-6)


@given(owners())
@settings(max_examples=30, deadline=None)
def test_each_is_the_others_gradient(owner: np.ndarray):
    """<take(r), i> = <r, add_up(i)> for any r and i, and so is what TensorFlow's tape gives."""
    rows, items = (tf.constant(values(N_MEMBER, n, N_FEATURE, seed=n)) for n in (N_OWNER, owner.shape[1]))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch((rows, items))
        taken = tf.reduce_sum(take(rows, owner) * items)
        added = tf.reduce_sum(rows * add_up(items, owner, N_OWNER))
    np.testing.assert_allclose(taken, added, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(tape.gradient(taken, rows), add_up(items, owner, N_OWNER), rtol=1e-6)
    np.testing.assert_allclose(tape.gradient(added, items), take(rows, owner), rtol=1e-6)


@given(owners())
@settings(max_examples=30, deadline=None)
def test_shares_of_an_owner_sum_to_one_or_are_zero(owner: np.ndarray):
    weight = np.abs(values(*owner.shape, 1))
    weight[:, ::3] = 0.0  # padding
    found = share(tf.constant(weight), owner, N_OWNER).numpy()
    assert (found[weight == 0] == 0).all()
    for member, row in np.ndindex(N_MEMBER, N_OWNER):
        total = of_owner(weight, owner, member, row).sum()
        assert of_owner(found, owner, member, row).sum() == pytest.approx(1.0 if total else 0.0, rel=1e-5)


@given(owners(), st.sampled_from([1.0, 300.0]))
@settings(max_examples=50, deadline=None)
def test_softmax_mean_is_the_weighted_mean_also_at_large_energies(owner: np.ndarray, scale: float):
    items, energy = values(*owner.shape, N_FEATURE), scale * values(*owner.shape, 1, seed=1)
    found = softmax_mean(tf.constant(items), tf.constant(energy), owner, N_OWNER).numpy()
    for member, row in np.ndindex(N_MEMBER, N_OWNER):
        of_row = of_owner(energy, owner, member, row).astype(np.float64)
        weight = np.exp(of_row - of_row.max(initial=-np.inf))
        expected = (weight * of_owner(items, owner, member, row)).sum(axis=0) / max(weight.sum(), 1.0)
        np.testing.assert_allclose(found[member, row], expected, rtol=1e-4, atol=1e-5)


def test_an_excluded_item_has_no_weight_and_no_gradient():
    owner = np.array([[0, 0, 0]], np.int32)
    items, energy = tf.constant(values(1, 3, N_FEATURE)), tf.constant([[[0.3], [-1e9], [0.1]]])
    with tf.GradientTape() as tape:
        tape.watch((items, energy))
        mean = tf.reduce_sum(softmax_mean(items, energy, owner, 1))
    of_items, of_energy = tape.gradient(mean, (items, energy))
    without = softmax_mean(items[:, ::2], energy[:, ::2], owner[:, ::2], 1)
    np.testing.assert_allclose(mean, tf.reduce_sum(without), rtol=1e-6)
    assert (of_items.numpy()[0, 1] == 0).all()
    assert of_energy.numpy()[0, 1] == 0
    assert np.isfinite(of_energy.numpy()).all()


def test_compiled_equals_eager():
    owner = np.random.default_rng(0).integers(0, N_OWNER, (N_MEMBER, 40)).astype(np.int32)
    items, energy = values(*owner.shape, N_FEATURE), values(*owner.shape, 1, seed=1)

    def run(items: tf.Tensor, energy: tf.Tensor) -> tf.Tensor:
        return softmax_mean(items, energy, tf.constant(owner), N_OWNER)

    compiled = tf.function(run, jit_compile=True, autograph=False)
    np.testing.assert_allclose(compiled(items, energy), run(tf.constant(items), tf.constant(energy)), atol=1e-6)
