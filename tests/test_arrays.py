"""Indices of groups that follow each other."""

import numpy as np

from paraisite.arrays import ragged_arange


def test_ragged_arange_skips_empty_groups():
    found = ragged_arange(np.array([5, 9, 0]), np.array([2, 0, 3]))
    assert found.tolist() == [5, 6, 0, 1, 2]
