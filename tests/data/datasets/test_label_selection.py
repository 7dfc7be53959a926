"""Rows that were selected by their label: they train, with the weight that they have, and measure nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.data.datasets.label_selection import add_selected_rows, compute_sample_weights, refuse_selected_rows
from paraisite.errors import DataError


def test_weights_restore_the_share_of_low_labels() -> None:
    label = np.array([0.2, 0.9, 0.1, 0.5, 0.7, 0.4, 3.0, 5.0, 50.0])
    selected = np.array([False, False, True, True, True, True, False, False, False])
    weights = compute_sample_weights(label, selected)
    np.testing.assert_allclose(weights[label >= 1], 1.0)
    inside = (label >= 0.1) & (label <= 0.7)
    np.testing.assert_allclose(weights[inside], 0.2)  # one of five was not selected
    np.testing.assert_allclose(weights[inside].sum(), 1.0)
    np.testing.assert_allclose(weights.sum(), (~selected).sum())


@given(seed=st.integers(0, 1000), threshold=st.floats(0.2, 0.6))
def test_weighted_means_are_those_without_the_selection(seed: int, threshold: float) -> None:
    """A mean over all rows, weighted, estimates that of the population; the plain one is far too low."""
    rng = np.random.default_rng(seed)
    sample, pool = rng.uniform(size=2000), rng.uniform(size=20_000)
    low = pool[pool < threshold][:1500]
    label, selected = np.concatenate([sample, low]), np.arange(2000 + len(low)) >= 2000
    weights = compute_sample_weights(label, selected)
    assert abs(np.average(label, weights=weights) - 0.5) < 0.03
    assert label.mean() < 0.45


def test_without_a_selection_all_weigh_one() -> None:
    np.testing.assert_array_equal(compute_sample_weights(np.array([1.0, 2.0]), np.zeros(2, np.bool_)), [1.0, 1.0])


def test_labels_that_only_selected_rows_have_cannot_be_weighed() -> None:
    with pytest.raises(DataError, match=r"all rows with labels from 0\.1 to 0\.3 were selected by them"):
        compute_sample_weights(np.array([0.1, 0.3, 5.0]), np.array([True, True, False]))


def test_selected_rows_train_unless_their_group_is_held_out() -> None:
    selected, groups = np.array([False, False, True, True]), np.array(["a", "b", "b", "c"])
    train = add_selected_rows(np.array([0]), np.array([1]), selected=selected, groups=groups)
    assert train.tolist() == [0, 3]


def test_no_error_is_measured_on_a_selected_row() -> None:
    selected = np.array([False, True, True])
    refuse_selected_rows(np.array([0]), selected, what="the test part")
    with pytest.raises(DataError, match="the test part holds 1 rows that were selected by their label"):
        refuse_selected_rows(np.array([0, 2]), selected, what="the test part")
