"""Indices of groups that follow each other, and of what is lowest."""

import numpy as np
import pytest

from paraisite.arrays import find_lowest, ragged_arange


def test_ragged_arange_skips_empty_groups():
    found = ragged_arange(np.array([5, 9, 0]), np.array([2, 0, 3]))
    assert found.tolist() == [5, 6, 0, 1, 2]


@pytest.mark.parametrize("n_column", [1, 2, 3, 64, 65, 3000])
def test_the_lowest_are_those_of_a_whole_sort(n_column: int):
    values = np.random.default_rng(n_column).uniform(0.0, 9.0, (50, n_column))
    values[:, n_column // 2] = np.inf
    n_lowest = min(n_column, 30)
    before = values.copy()
    found = find_lowest(values[:, :n_column], n_lowest)
    assert found.tolist() == np.argsort(values, axis=1)[:, :n_lowest].tolist()
    np.testing.assert_array_equal(values, before)


def test_of_equal_values_the_first_is_the_lowest():
    assert find_lowest(np.array([[2.0, 1.0, 0.0, 1.0, np.inf, 1.0]]), 4).tolist() == [[2, 1, 3, 5]]
    assert find_lowest(np.zeros((0, 7)), 3).shape == (0, 3)
