"""The default model on rows of formulas that it was not fitted on, under several protocols side by side.

No row of a tested formula trains, from whatever data set it is.
``togo15-honest`` alone, as published, lets polymorphs of a tested formula *within Togo15* train. Everything, the
kernel's lengths and the intervals' widths included, is found anew on each fold's training rows.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from paraisite import schema
from paraisite.arrays import Bools, Floats, Ints
from paraisite.data.datasets.splits import draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.features.descriptors import find_symmetry
from paraisite.inference.applicability_domain import ApplicabilityDomain
from paraisite.inference.build_predictor import list_materials
from paraisite.inference.calibration import Calibration, floored_log10
from paraisite.inference.relevance_fitting import list_structure_types, make_left_out_calibration_set
from paraisite.inference.relevance_model import DescribedMaterials, RelevanceModel
from paraisite.metrics.kappa_errors import compute_spearman

logger = logging.getLogger(__name__)

PROTOCOL: Final = "protocol"
FOLD: Final = "fold"
DATA_SET: Final = "data_set"
N_FOLD: Final = 5
LARGE_ERROR: Final = (2.0, 3.0)
"""Factors: how well the applicability score finds predictions that are farther off."""


@dataclass(frozen=True, eq=False)
class Fold:
    """One fit and what it is tested on.

    Attributes:
        protocol: Name of the protocol.
        number: Of the fold, from 1.
        train: Rows that train, [n_train].
        test: Rows that test, [n_test].
    """

    protocol: str
    number: int
    train: Ints
    test: Ints


def draw_folds(dataset: Dataset, sources: Sequence[str], *, seeds: Sequence[int]) -> Iterator[Fold]:
    """Yield all folds of all protocols.

    Args:
        dataset: All accurate rows.
        sources: Data set that each row is of, [n_row].
        seeds: Of the splits of Togo15.
    """
    table, source = dataset.table, np.asarray(sources)
    formulas, selected = table[schema.FORMULA].to_numpy(), dataset.selected_by_label
    of_phonix, of_togo15 = np.flatnonzero(source == "phonix"), np.flatnonzero(source == "togo15")
    everywhere = np.arange(len(table))
    # Structure types have names of their own in each data set, so that those of Phonix are compared with each other.
    kinds = (
        ("formula", formulas, everywhere, everywhere),
        ("space-group", _find_space_groups(dataset), of_phonix, everywhere),
        ("structure-type", table[schema.PROTOTYPE].fillna("").to_numpy(), of_phonix, of_phonix),
    )
    for name, groups, testing, training in kinds:
        folds = GroupKFold(N_FOLD, shuffle=True, random_state=0)
        for number, (_, held_out) in enumerate(folds.split(testing, groups=groups[testing]), start=1):
            tested = testing[held_out]
            unlike = ~np.isin(groups, groups[tested]) & ~np.isin(formulas, formulas[tested])
            yield Fold(name, number, training[unlike[training]], tested[~selected[tested]])
    togo15 = dataset.take(of_togo15)
    for split in draw_splits(togo15, seeds=seeds, train_fraction=0.8):
        tested = of_togo15[split.validation]
        others = ~np.isin(formulas, formulas[tested])
        others[of_togo15] = False
        train = np.concatenate([np.flatnonzero(others), of_togo15[split.train]])
        yield Fold("togo15-honest", split.seed, np.sort(train), tested)


def _find_space_groups(dataset: Dataset) -> Ints:
    """Return each row's space group: that which its source names, else what spglib finds."""
    named = dataset.table[schema.SPACE_GROUP].to_numpy(np.int64)
    return np.array(
        [
            number or find_symmetry(structure).get_space_group_number()
            for number, structure in zip(named.tolist(), dataset.structures, strict=True)
        ],
        np.int64,
    )


def predict_fold(dataset: Dataset, materials: DescribedMaterials, elements: Bools, fold: Fold) -> pd.DataFrame:
    """Fit the default model on a fold's training rows, and return its predictions of the test rows.

    Args:
        dataset: All accurate rows.
        materials: Their descriptors.
        elements: Which elements each holds, [n_row, n_element].
        fold: Which rows train and test.
    """
    train, rows = dataset.take(fold.train), dataset.table.iloc[fold.test]
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    model = RelevanceModel.fit(
        materials.take(fold.train),
        np.log10(kappa[fold.train]),
        train.table[schema.FORMULA].tolist(),
        list_structure_types(train),
        weights=None if train.selected_or_none is None else train.sample_weights,
    )
    known = make_left_out_calibration_set(model, list_materials(train), elements[fold.train])
    predicted = model.predict_described(materials.descriptors[fold.test])
    calibration, domain = Calibration.fit(known), ApplicabilityDomain.fit(known)
    estimate = calibration.estimate(floored_log10(predicted.output), predicted.std_dex)
    assessed = domain.assess(predicted.embedding, elements[fold.test], predicted.std_dex)
    columns = {
        PROTOCOL: fold.protocol,
        FOLD: fold.number,
        schema.MATERIAL_ID: rows[schema.MATERIAL_ID].to_numpy(),
        schema.FORMULA: rows[schema.FORMULA].to_numpy(),
        schema.KAPPA: kappa[fold.test],
        schema.PREDICTED_MEDIAN_KAPPA: calibration.compute_value(estimate),
        "constant_w_per_m_k": float(np.median(kappa[fold.train])),
        schema.OUT_OF_DOMAIN: assessed.out_of_domain,
        schema.OUT_OF_DOMAIN_FLAG: assessed.flagged,
    }
    for coverage, low, high in zip(schema.COVERAGES, *calibration.compute_intervals(estimate), strict=True):
        columns |= dict(zip(schema.interval_columns(coverage), (low, high), strict=True))
    logger.info("%s, fold %d: fitted on %d rows, tested on %d", fold.protocol, fold.number, len(train), len(rows))
    return pd.DataFrame(columns)


def summarise_predictions(predictions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per protocol and data set: errors, shares in the intervals, what the applicability score finds.

    Args:
        predictions: As ``predict_fold`` returns them, with a column ``data_set``.

    Returns:
        Index protocol, data_set. ``fold_std`` is the deviation of the folds' mean |ln ratio|.
    """
    lines = {names: _measure(rows) for names, rows in predictions.groupby([PROTOCOL, DATA_SET], sort=False)}
    table = pd.DataFrame.from_dict(lines, orient="index")
    return table.rename_axis([PROTOCOL, DATA_SET])


def _measure(rows: pd.DataFrame) -> dict[str, float]:
    known, predicted = (rows[name].to_numpy(np.float64) for name in (schema.KAPPA, schema.PREDICTED_MEDIAN_KAPPA))
    ln_ratio = np.log(predicted / known)
    of_folds = pd.Series(np.abs(ln_ratio)).groupby(rows[FOLD].to_numpy()).mean()
    line: dict[str, float] = {
        "n": len(rows),
        "mean_abs_ln_ratio": float(np.abs(ln_ratio).mean()),
        "fold_std": float(of_folds.std(ddof=1)),
        "constant": float(np.abs(np.log(rows["constant_w_per_m_k"].to_numpy(np.float64) / known)).mean()),
        "log10_mae": float(np.abs(ln_ratio).mean() / np.log(10.0)),
        "bias_ln": float(ln_ratio.mean()),
        "spearman": compute_spearman(known, predicted),
        "within_factor_2": float((np.abs(ln_ratio) < np.log(2.0)).mean()),
        "mape": float(np.abs(np.exp(ln_ratio) - 1.0).mean()),
        "symmetric_relative_error": float((2.0 * np.abs(predicted - known) / (predicted + known)).mean()),
    }
    for coverage in schema.COVERAGES:
        low, high = (rows[name].to_numpy(np.float64) for name in schema.interval_columns(coverage))
        line[schema.format_coverage_metric(coverage)] = float(((low <= known) & (known <= high)).mean())
    score, flagged = rows[schema.OUT_OF_DOMAIN].to_numpy(np.float64), rows[schema.OUT_OF_DOMAIN_FLAG].to_numpy(np.bool_)
    for factor in LARGE_ERROR:
        line[f"auroc_factor_{factor:g}"] = _rank(np.abs(ln_ratio) > np.log(factor), score)
    line["flagged"] = float(flagged.mean())
    for name, some in (("flagged", flagged), ("unflagged", ~flagged)):
        line[f"mean_abs_ln_ratio_{name}"] = float(np.abs(ln_ratio[some]).mean()) if some.any() else float("nan")
    return line


def _rank(is_large: Bools, score: Floats) -> float:
    """Return the chance that a row with a large error has the higher score; NaN where there is none or nothing else."""
    return float(roc_auc_score(is_large, score)) if is_large.any() and not is_large.all() else float("nan")
