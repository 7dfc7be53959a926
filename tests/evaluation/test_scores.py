"""Errors on test rows: worked out by hand, and their bootstrap interval."""

import numpy as np
import pandas as pd
import pytest

from paraisite.datasets.nested import random_nested
from paraisite.evaluation.crossfit import CrossFit, Estimate
from paraisite.evaluation.point import best_tilt, half_width
from paraisite.evaluation.scores import estimates_table, scores_table, summary_table
from tests.synthetic_result import make_dataset

DATASET = make_dataset(n_row=50)
KAPPA = DATASET.table["kappa_w_per_m_k"].to_numpy()
SPLITS = random_nested(50, seeds=[1, 2, 3], train_fraction=0.8, n_fold=4)


def found(*, spread: float, seed: int = 0) -> list[CrossFit]:
    rng = np.random.default_rng(seed)
    log10_kappa = np.log10(KAPPA)

    def estimate(rows: np.ndarray) -> Estimate:
        return Estimate(log10_kappa[rows] + spread * rng.normal(size=len(rows)), np.full(len(rows), spread))

    return [CrossFit(split, estimate(split.train), estimate(split.test)) for split in SPLITS]


def test_tilt_and_intervals_come_from_the_training_rows_alone() -> None:
    each = found(spread=0.2)
    table = estimates_table("m", each, DATASET)
    for split in each:
        rows = table[table["split_seed"] == split.split.seed]
        known = np.log10(KAPPA[split.split.train])
        tilt = best_tilt(split.out_of_fold, known)
        assert set(rows["tilt"]) == {tilt}
        np.testing.assert_array_equal(rows["row"], split.split.test)
        np.testing.assert_allclose(rows["kappa_median_w_per_m_k"], 10**split.test.mean)
        expected = split.test.mean - tilt * np.log(10) * 0.2**2
        np.testing.assert_allclose(np.log10(rows["kappa_estimated_w_per_m_k"]), expected)
        width = half_width(split.out_of_fold, known, coverage=0.9)
        np.testing.assert_allclose(np.log10(rows["kappa_high_90%_w_per_m_k"]), split.test.mean + width * 0.2)
        np.testing.assert_allclose(np.log10(rows["kappa_low_90%_w_per_m_k"]), split.test.mean - width * 0.2)


def test_scores_are_those_of_the_rows() -> None:
    table = estimates_table("m", found(spread=0.2), DATASET)
    scores = scores_table(table)
    assert scores["split"].tolist() == ["1", "2", "3"]
    for seed, score in zip((1, 2, 3), scores.to_dict("records"), strict=True):
        rows = table[table["split_seed"] == seed]
        true = rows["kappa_w_per_m_k"]
        assert score["mape_test"] == pytest.approx((rows["kappa_estimated_w_per_m_k"] / true - 1).abs().mean())
        error = np.log10(rows["kappa_median_w_per_m_k"] / true)
        assert score["log10_mae_test"] == pytest.approx(error.abs().mean())
        held = (rows["kappa_low_80%_w_per_m_k"] <= true) & (true <= rows["kappa_high_80%_w_per_m_k"])
        assert score["coverage_80%"] == pytest.approx(held.mean())


def test_the_summary_has_each_models_mean_deviation_and_interval() -> None:
    tables = [estimates_table(name, found(spread=spread), DATASET) for name, spread in (("wide", 0.4), ("narrow", 0.1))]
    joined = pd.concat(tables)
    scores = scores_table(joined)
    summary = summary_table(joined, scores)
    assert summary.index.tolist() == ["wide", "narrow"]
    wide = scores.loc[scores["model"] == "wide", "mape_test"]
    assert summary.loc["wide", "mape_test"] == pytest.approx(wide.mean())
    assert summary.loc["wide", "mape_test_std"] == pytest.approx(wide.std(ddof=1))
    for name in summary.index:
        row = summary.loc[name]
        assert row["mape_test_low"] < row["mape_test"] < row["mape_test_high"]
    widths = (summary["mape_test_high"] - summary["mape_test_low"]) / summary["mape_test"]
    assert 0.2 < widths["narrow"] < 1.0


def test_one_outlier_widens_the_interval_to_both_sides() -> None:
    each = found(spread=0.05)
    row = int(each[0].split.test[0])
    for split in each:
        split.test.mean[split.split.test == row] += 1.0
    table = estimates_table("m", each, DATASET)
    summary = summary_table(table, scores_table(table)).loc["m"]
    assert summary["mape_test_high"] > 1.5 * summary["mape_test"]
    assert summary["mape_test_low"] < 0.6 * summary["mape_test"]
