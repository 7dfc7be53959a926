"""The nearest rows are those that scikit-learn finds."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from paraisite.models.nearest_rows import NearestRows

KNOWN, PLACES = (np.random.default_rng(seed).normal(size=(size, 40)) for seed, size in ((0, 300), (1, 50)))


def test_they_are_those_of_scikit_learn_with_their_distances():
    distance, expected = NearestNeighbors(n_neighbors=4).fit(KNOWN).kneighbors(PLACES)
    found = NearestRows(KNOWN).find_sorted(PLACES, 4)
    np.testing.assert_allclose(found[0], distance)
    np.testing.assert_array_equal(found[1], expected)


def test_all_rows_and_no_places():
    assert np.sort(NearestRows(KNOWN[:3]).find(PLACES, 3), axis=1).tolist() == [[0, 1, 2]] * len(PLACES)
    assert NearestRows(KNOWN).find(PLACES[:0], 4).shape == (0, 4)
