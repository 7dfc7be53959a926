"""What a model says of rows that it has not learnt from: of the test rows, and of every training row in its fold.

All estimates are of log10(kappa), kappa in W/m/K at 300 K. What is chosen afterwards (a correction, weights of several
models, the width of intervals) is chosen on the out-of-fold estimates; a test row's value reaches none of this.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from paraisite.datasets.nested import NestedSplit, Rows
from paraisite.evaluation.out_of_domain import out_of_domain

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimate:
    """Estimates of log10(kappa) of some rows.

    Attributes:
        mean: Centre of each estimate, dex, [n_row].
        spread: Standard deviation that the model gives each, dex, [n_row].
    """

    mean: Floats
    spread: Floats


@dataclass(frozen=True, eq=False)
class CrossFit:
    """One model's estimates on one nested split.

    Attributes:
        split: The division.
        out_of_fold: Of ``split.train``, each row by a model that was fitted without its fold.
        test: Of ``split.test``, by what was fitted on training rows.
        out_of_domain: Score of each row of ``split.test``, [n_test], see ``evaluation.out_of_domain``.
    """

    split: NestedSplit
    out_of_fold: Estimate
    test: Estimate
    out_of_domain: Floats


FitPredict = Callable[[Floats, Floats, Floats], Estimate]
"""Of descriptors [n_train, n_descriptor], log10(kappa) [n_train], and the descriptors of other rows."""


def cross_fit(
    fit_predict: FitPredict, *, descriptors: Floats, log10_kappa: Floats, splits: Sequence[NestedSplit]
) -> list[CrossFit]:
    """Fit a model on each split: once per fold without it, then on all training rows.

    Args:
        fit_predict: The model; it never sees the values of the rows that it is asked for.
        descriptors: [n_row, n_descriptor].
        log10_kappa: kappa in W/m/K, [n_row].
        splits: Divisions of these rows.
    """

    def estimate(train: Rows, rows: Rows) -> Estimate:
        return fit_predict(descriptors[train], log10_kappa[train], descriptors[rows])

    return [
        CrossFit(
            split,
            out_of_fold=in_order(split, [estimate(inner.train, inner.validation) for inner in split.inner()]),
            test=estimate(split.train, split.test),
            out_of_domain=out_of_domain([descriptors] * len(split.folds), split),
        )
        for split in splits
    ]


def in_order(split: NestedSplit, of_folds: Sequence[Estimate]) -> Estimate:
    """Return the folds' estimates in the order of ``split.train``."""
    rows = np.concatenate(split.folds)
    # Both hold the same rows, so that the n-th smallest of one is the n-th smallest of the other.
    place = np.empty(len(rows), np.int64)
    place[np.argsort(split.train)] = np.argsort(rows)
    mean, spread = (
        np.concatenate([getattr(estimate, name) for estimate in of_folds])[place] for name in ("mean", "spread")
    )
    return Estimate(mean, spread)
