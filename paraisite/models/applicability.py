"""How far a crystal lies from a model's training set, and which of its elements are not in it.

The distance is taken in the model's own features: a network's embedding, or descriptors; standardised on the
training rows, and the mean over the nearest of them. Such a distance has no scale of its own, so it is
compared with those of training rows from models that were fitted without them. Only structures enter, never a value.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
from pymatgen.core.structure import Structure

from paraisite.arrays import Floats, Ints

if TYPE_CHECKING:
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import StandardScaler

    from paraisite.data.datasets.nested_splits import NestedSplit

N_NEIGHBOUR: Final = 5
"""So many that one twin among the training rows does not bring a crystal into the domain."""

FLAGGED_ABOVE: Final = 0.95
"""Score from which on a crystal counts as out of domain: about one in twenty of those that are like the known ones."""


def compute_out_of_domain(features_of_folds: Sequence[Floats], split: "NestedSplit") -> Floats:
    """Return the score of each test row: the share of training rows that lie closer to the others than it does.

    A training row's distance is that from the rows outside its fold, by the model that was fitted on those; a test row
    is compared with it by the same model. One minus the score is the p-value of a cross-conformal test. Rows that were
    selected by their label are no sample of what comes, and are not compared with.

    Args:
        features_of_folds: All rows in the features of the model that was fitted without each fold, each
            [n_row, n_feature].
        split: Training and test rows, and the folds of the former.

    Returns:
        float64 [n_test], from 0 to 1; NaN for a model without features or with one that is not finite.

    Source: Vovk, Ann. Math. Artif. Intell. 74, 9 (2015), 10.1007/s10472-013-9368-4.
    """
    if not all(features.shape[1] and np.isfinite(features).all() for features in features_of_folds):
        return np.full(len(split.test), np.nan)
    n_closer = np.zeros(len(split.test))
    for features, part in zip(features_of_folds, split.inner(), strict=True):
        of_fold, of_test = (measure_distances(features, part.train, rows) for rows in (part.validation, split.test))
        n_closer += np.sum(of_fold < of_test[:, None], axis=1)
    return n_closer / (int(split.measured.sum()) + 1)


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """A model's training rows, in its own features.

    Attributes:
        scaler: Standardises features on these rows.
        nearest: The rows, standardised.
    """

    scaler: "StandardScaler"
    nearest: "NearestNeighbors"

    @classmethod
    def fit(cls, features: Floats) -> "Neighbourhood":
        """Fit it to rows with these features, [n_known, n_feature]."""
        # Here, as scikit-learn takes long to import and the default model has no neighbourhood.
        from sklearn.neighbors import NearestNeighbors
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler().fit(features)
        nearest = NearestNeighbors(n_neighbors=min(N_NEIGHBOUR, len(features))).fit(scaler.transform(features))
        return cls(scaler, nearest)

    def standardise(self, features: Floats) -> Floats:
        """Return other rows' features in standard deviations of the known rows, same shape."""
        standardised: Floats = self.scaler.transform(features)
        return standardised

    def measure_distances(self, features: Floats) -> Floats:
        """Return other rows' mean distances to their nearest known rows, in standard deviations of those, [n_row]."""
        distance: Floats = self.nearest.kneighbors(self.standardise(features))[0].mean(axis=1)
        return distance


def measure_distances(features: Floats, known: Ints, rows: Ints) -> Floats:
    """Return each row's mean distance to its nearest known rows, in standard deviations of those.

    Args:
        features: Of all rows, [n_row, n_feature].
        known: Row numbers that the features are standardised on.
        rows: Row numbers that are asked for, none of them known.
    """
    return Neighbourhood.fit(features[known]).measure_distances(features[rows])


def count_unseen_elements(structures: Sequence[Structure], split: "NestedSplit") -> npt.NDArray[np.int64]:
    """Return how many elements of each test row are in no training row, int64 [n_test]."""
    elements = [structure.composition.chemical_system_set for structure in structures]
    seen = set().union(*(elements[row] for row in split.train))
    return np.array([len(elements[row] - seen) for row in split.test], np.int64)


def is_flagged(score: Floats, n_unseen: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return which rows are out of domain: far from the training set, or with an element that is not in it."""
    return (score > FLAGGED_ABOVE) | (n_unseen > 0)
