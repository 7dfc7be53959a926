"""A model's predictions of rows that it was not trained on: of the test rows, and of every training row out of fold.

All predictions are of log10(kappa), kappa in W/m/K at 300 K. What is chosen afterwards (a correction, weights of
several models, the width of intervals) is chosen on the out-of-fold predictions; no test label is used for it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed

from paraisite.arrays import Floats, Ints
from paraisite.data.datasets.label_selection import compute_sample_weights
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.models.applicability import compute_out_of_domain
from paraisite.models.estimate import Estimate, mix_estimates
from paraisite.models.tabular import FitPredict, TabularModel


@dataclass(frozen=True, eq=False)
class CrossFit:
    """One model's predictions on one nested split.

    Attributes:
        split: Its training rows, their folds, and its test rows.
        out_of_fold: Of ``split.train``, each row by a model that was fitted without its fold.
        test: Of ``split.test``, by what was fitted on training rows.
        out_of_domain: Score of each row of ``split.test``, [n_test], see ``models.applicability``.
    """

    split: NestedSplit
    out_of_fold: Estimate
    test: Estimate
    out_of_domain: Floats


def cross_fit(
    fit_predict: FitPredict,
    *,
    descriptors: Floats,
    log10_kappa: Floats,
    splits: Sequence[NestedSplit],
    selected: npt.NDArray[np.bool_] | None = None,
) -> list[CrossFit]:
    """Fit a model on each split: once per fold without it, then on all training rows.

    Args:
        fit_predict: The model; it never sees the values of the rows that it is asked for.
        descriptors: [n_row, n_descriptor].
        log10_kappa: kappa in W/m/K, [n_row].
        splits: Nested splits of these rows.
        selected: Which rows were selected by their label, bool [n_row], or None: fits weigh their rows by that.
    """

    def estimate(train: Ints, rows: Ints) -> Estimate:
        weights = None if selected is None else compute_sample_weights(log10_kappa[train], selected[train])
        return fit_predict(descriptors[train], log10_kappa[train], descriptors[rows], weights=weights)

    return [
        CrossFit(
            split,
            out_of_fold=restore_training_order(
                split, [estimate(inner.train, fold) for inner, fold in zip(split.inner(), split.folds, strict=True)]
            ),
            test=estimate(split.train, split.test),
            out_of_domain=compute_out_of_domain([descriptors] * len(split.folds), split),
        )
        for split in splits
    ]


def restore_training_order(split: NestedSplit, of_folds: Sequence[Estimate]) -> Estimate:
    """Return the folds' estimates in the order of ``split.train``."""
    rows = np.concatenate(split.folds)
    # Both hold the same rows, so that the n-th smallest of one is the n-th smallest of the other.
    place = np.empty(len(rows), np.int64)
    place[np.argsort(split.train)] = np.argsort(rows)
    mean, std = (np.concatenate([getattr(estimate, name) for estimate in of_folds])[place] for name in ("mean", "std"))
    return Estimate(mean, std)


def cross_fit_tabular(
    model: TabularModel,
    *,
    blocks: Mapping[str, Floats],
    log10_kappa: Floats,
    splits: Sequence[NestedSplit],
    n_process: int = 1,
    selected: npt.NDArray[np.bool_] | None = None,
) -> list[CrossFit]:
    """Return a model's out-of-fold and test predictions, split by split.

    Args:
        model: A baseline or a Gaussian process.
        blocks: Descriptors by name, each [n_row, n_descriptor].
        log10_kappa: kappa in W/m/K, [n_row].
        splits: Nested splits of the rows.
        n_process: Splits side by side.
        selected: Which rows were selected by their label, bool [n_row], or None: fits weigh their rows by that.
    """
    columns = [blocks[name] for name in model.blocks]
    descriptors = np.concatenate(columns, axis=1) if columns else np.empty((len(log10_kappa), 0))
    # joblib's processes live on from one model to the next, where those of ``core.workers`` would start again for each.
    of_splits: list[list[CrossFit]] = Parallel(n_jobs=n_process)(
        delayed(cross_fit)(
            model.fit_predict, descriptors=descriptors, log10_kappa=log10_kappa, splits=[split], selected=selected
        )
        for split in splits
    )
    return [cross_fit_of_split for of_split in of_splits for cross_fit_of_split in of_split]


def mix_cross_fits(models: Sequence[Sequence[CrossFit]]) -> list[CrossFit]:
    """Return the equal mixture of several models, split by split; its out-of-domain score is their mean."""
    return [
        CrossFit(
            of_split[0].split,
            out_of_fold=mix_estimates([model.out_of_fold for model in of_split]),
            test=mix_estimates([model.test for model in of_split]),
            out_of_domain=np.mean([model.out_of_domain for model in of_split], axis=0),
        )
        for of_split in zip(*models, strict=True)
    ]
