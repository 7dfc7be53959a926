"""Errors on held-out rows: of each run, their mean with a bootstrap interval, and the intervals' coverage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.core.csv_tables import restore_texts
from paraisite.core.damaged_files import refuse_damaged
from paraisite.data.datasets.label_selection import refuse_selected_rows
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.metrics.bootstrap import bootstrap_mean_of_runs
from paraisite.metrics.error_ranking import measure_error_ranking
from paraisite.metrics.kappa_errors import compute_kappa_errors
from paraisite.metrics.paired_tests import pivot_by_split_and_seed
from paraisite.metrics.variance_components import describe_components
from paraisite.models.applicability import count_unseen_elements, is_flagged
from paraisite.models.estimate import (
    CUT_OFF_COVERAGE,
    Estimate,
    choose_tilt,
    compute_half_width,
    compute_interval,
    compute_kappa,
    compute_median_kappa,
)
from paraisite.schema import LOG10_STD, MODEL, PREDICTED_KAPPA, PREDICTED_MEDIAN_KAPPA, SEED, SPLIT, TILT

ESTIMATES_FILE: Final = "estimates.csv.gz"


def read_estimates(path: Path) -> pd.DataFrame:
    """Return the estimates of an evaluation that was written, columns named as ``schema`` names them now.

    Raises:
        DataError: The table is damaged.
    """
    with refuse_damaged(path, remedy="evaluate again"):
        return restore_texts(pd.read_csv(path)).rename(columns=schema.FORMER_COLUMNS)


def tabulate_estimates(model: str, cross_fits: Sequence[CrossFit], dataset: Dataset, *, seed: int) -> pd.DataFrame:
    """Return one row per split and test material: its label, its prediction with intervals, its out-of-domain score.

    Tilt and widths are chosen on the out-of-fold predictions of each split's training rows, without those that were
    selected by their label.

    Args:
        model: Its name.
        cross_fits: Its predictions, split by split.
        dataset: What they are of.
        seed: Of the training, for models that have one; else the first of the evaluation.
    """
    kappa = dataset.table[schema.KAPPA].to_numpy(np.float64)
    tables = []
    for each in cross_fits:
        split = each.split
        refuse_selected_rows(split.test, dataset.selected_by_label, what=f"split {split.name}: its test part")
        out_of_fold = Estimate(each.out_of_fold.mean[split.measured], each.out_of_fold.std[split.measured])
        known = np.log10(kappa[split.train[split.measured]])
        cut_off = compute_half_width(out_of_fold, known, coverage=CUT_OFF_COVERAGE)
        tilt = choose_tilt(out_of_fold, known, half_width=cut_off)
        rows = dataset.table.iloc[split.test]
        columns: dict[str, Any] = {
            MODEL: model,
            SEED: seed,
            schema.SPLIT_SEED: split.seed,
            SPLIT: split.name,
            schema.ROW: split.test,
            schema.MATERIAL_ID: rows[schema.MATERIAL_ID].to_numpy(),
            schema.FORMULA: rows[schema.FORMULA].to_numpy(),
            schema.KAPPA: kappa[split.test],
            PREDICTED_KAPPA: compute_kappa(each.test, tilt=tilt, half_width=cut_off),
            PREDICTED_MEDIAN_KAPPA: compute_median_kappa(each.test),
            LOG10_STD: each.test.std,
            TILT: tilt,
            schema.OUT_OF_DOMAIN: each.out_of_domain,
            schema.N_UNSEEN_ELEMENT: count_unseen_elements(dataset.structures, split),
        }
        for coverage in schema.COVERAGES:
            width = compute_half_width(out_of_fold, known, coverage=coverage)
            columns |= dict(
                zip(schema.interval_columns(coverage), compute_interval(each.test, half_width=width), strict=True)
            )
        tables.append(pd.DataFrame(columns))
    return pd.concat(tables, ignore_index=True)


def tabulate_scores(estimates: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model, seed and split: the metrics of the test rows, and the share that each interval holds.

    Args:
        estimates: Of one model or several, as ``tabulate_estimates`` returns them.
    """
    rows = []
    keys = [MODEL, SEED, schema.SPLIT_SEED, SPLIT]
    for identity, group in estimates.groupby(keys, sort=False):
        kappa, estimated = (group[name].to_numpy(np.float64) for name in (schema.KAPPA, PREDICTED_KAPPA))
        # Tilted estimates lie below the median on purpose; errors of the logarithm are those of the median.
        median = compute_kappa_errors(kappa, group[PREDICTED_MEDIAN_KAPPA].to_numpy(np.float64), epoch="test")
        held = {name: median[name] for name in (schema.LOG10_MAE_TEST, schema.SPEARMAN_TEST)}
        for coverage in schema.COVERAGES:
            low, high = (group[name].to_numpy(np.float64) for name in schema.interval_columns(coverage))
            inside = np.where(np.isnan(low), np.nan, (low <= kappa) & (kappa <= high))
            held[schema.format_coverage_metric(coverage)] = float(np.mean(inside))
            held[schema.format_width_metric(coverage)] = float(np.mean(np.log10(high / low)))
        score, n_unseen = group[schema.OUT_OF_DOMAIN], group[schema.N_UNSEEN_ELEMENT]
        flagged = is_flagged(score.to_numpy(np.float64), n_unseen.to_numpy(np.int64))
        held[schema.OOD_FLAGGED_TEST] = float(np.mean(flagged))
        errors = compute_kappa_errors(kappa, estimated, epoch="test")
        rows.append(dict(zip(keys, identity, strict=True)) | errors | held)
    return pd.DataFrame(rows)


def summarise_scores(estimates: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per model (index): what one run gives on average, and what that rests on.

    Returns:
        For each metric its mean over all runs, every seed on every split, and its standard deviation ``…_std``. For
        the MAPE also a percentile bootstrap over materials, ``…_low`` and ``…_high``, and the part of splits, seeds and
        single runs in its deviation, ``…_std_split``, ``…_std_seed`` and ``…_std_rest``. Then how well the
        out-of-domain score ranks the errors of the logarithm, over the test rows of all splits.
    """
    metrics = [name for name in scores.columns if name not in (MODEL, SEED, schema.SPLIT_SEED, SPLIT)]
    by_model = scores.groupby(MODEL, sort=False)[metrics]
    summary = by_model.mean().join(by_model.std(ddof=1).add_suffix("_std"))
    further = {
        model: _bootstrap_mape(group) | _split_mape_variance(str(model), scores) | _rank_errors(group)
        for model, group in estimates.groupby(MODEL, sort=False)
    }
    return summary.join(pd.DataFrame.from_dict(further, orient="index"))


def _bootstrap_mape(estimates: pd.DataFrame) -> dict[str, float]:
    """Return the ends of the bootstrap interval of the mean over runs of the MAPE, resampling materials."""
    error = np.abs(estimates[PREDICTED_KAPPA] / estimates[schema.KAPPA] - 1.0)
    by_run = estimates.assign(error=error).pivot_table(
        index=[SEED, schema.SPLIT_SEED], columns=schema.ROW, values="error", aggfunc="mean"
    )
    low, high = bootstrap_mean_of_runs(by_run.to_numpy(np.float64))
    return {f"{schema.MAPE_TEST}_low": low, f"{schema.MAPE_TEST}_high": high}


def _split_mape_variance(model: str, scores: pd.DataFrame) -> dict[str, float]:
    values = pivot_by_split_and_seed(scores[scores[MODEL] == model], schema.MAPE_TEST)
    return {f"{schema.MAPE_TEST}_{name}": std for name, std in describe_components(values, of_what=model).items()}


def compute_log10_errors(estimates: pd.DataFrame) -> pd.Series:
    """Return |error of log10(kappa)| of each row's median, dex."""
    return (np.log10(estimates[PREDICTED_MEDIAN_KAPPA]) - np.log10(estimates[schema.KAPPA])).abs()


def _rank_errors(estimates: pd.DataFrame) -> dict[str, float]:
    return measure_error_ranking(
        estimates[schema.OUT_OF_DOMAIN].to_numpy(np.float64),
        compute_log10_errors(estimates).to_numpy(np.float64),
        materials=estimates[schema.ROW].to_numpy(np.int64),
        seeds=estimates[SEED].to_numpy(np.int64),
    )
