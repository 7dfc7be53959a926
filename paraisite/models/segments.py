"""Sums over what belongs together, and their reverse: the network's only exchange between bonds, atoms and crystals.

``owner`` [n_member, n_item] names the row, among ``n_owner``, that each item belongs to; a member's rows are its own.
Each of ``take`` and ``add_up`` is the other's gradient, so XLA's gather and scatter are all that is used. Products with
one-hot matrices do the same; measured side by side, a training step took a tenth longer with them at batch 128.
"""

from collections.abc import Callable
from typing import Any

from paraisite.models.runtime import tf

Tensor = Any

Gradient = Callable[[Tensor], Tensor]

_LOWEST = -1e30


def take(rows: Tensor, owner: Tensor) -> Tensor:
    """Return each item's owner's row: [n_member, n_owner, n_feature] -> [n_member, n_item, n_feature]."""

    @tf.custom_gradient
    def taken(rows: Tensor) -> tuple[Tensor, Gradient]:
        return _gathered(rows, owner), lambda upstream: _scattered(upstream, owner, rows.shape[1])

    return taken(rows)


def add_up(items: Tensor, owner: Tensor, n_owner: int) -> Tensor:
    """Return each owner's sum over its items: [n_member, n_item, n_feature] -> [n_member, n_owner, n_feature]."""

    @tf.custom_gradient
    def added(items: Tensor) -> tuple[Tensor, Gradient]:
        return _scattered(items, owner, n_owner), lambda upstream: _gathered(upstream, owner)

    return added(items)


def share(weight: Tensor, owner: Tensor, n_owner: int) -> Tensor:
    """Return each item's part of its owner's total weight, 0 where that is 0: [n_member, n_item, 1], no gradient."""
    total = _gathered(_scattered(weight, owner, n_owner), owner)
    return tf.stop_gradient(tf.math.divide_no_nan(weight, total))


def softmax_mean(items: Tensor, energy: Tensor, owner: Tensor, n_owner: int) -> Tensor:
    """Return each owner's mean of its items [n_member, n_owner, n_feature], weighted by exp(energy).

    Args:
        items: [n_member, n_item, n_feature].
        energy: [n_member, n_item, 1]; an item far below its owner's highest does not count.
        owner: Owner of each item.
        n_owner: Owners; the mean of one without items is 0.
    """
    highest = tf.stop_gradient(_gathered(_highest(energy, owner, n_owner), owner))  # so that exp() never overflows
    weight = tf.exp(energy - highest)
    sums = add_up(tf.concat([weight * items, weight], -1), owner, n_owner)
    return tf.math.divide_no_nan(sums[..., :-1], sums[..., -1:])


def _gathered(rows: Tensor, owner: Tensor) -> Tensor:
    return tf.gather(rows, owner, batch_dims=1)


def _scattered(items: Tensor, owner: Tensor, n_owner: int) -> Tensor:
    n_member, _, n_feature = items.shape
    sums = tf.zeros([n_member * n_owner, n_feature])
    sums = tf.tensor_scatter_nd_add(sums, _row(owner, n_owner), tf.reshape(items, [-1, n_feature]))
    return tf.reshape(sums, [n_member, n_owner, n_feature])


def _highest(values: Tensor, owner: Tensor, n_owner: int) -> Tensor:
    """Return the highest of each owner's values [n_member, n_item, 1]."""
    highest = tf.fill([values.shape[0] * n_owner], _LOWEST)
    highest = tf.tensor_scatter_nd_max(highest, _row(owner, n_owner), tf.reshape(values, [-1]))
    return tf.reshape(highest, [values.shape[0], n_owner, 1])


def _row(owner: Tensor, n_owner: int) -> Tensor:
    """Return each item's row [n_member * n_item, 1] when all members' owners follow each other."""
    first = tf.range(owner.shape[0], dtype=owner.dtype)[:, None] * n_owner
    return tf.reshape(owner + first, [-1, 1])
