"""Errors on test rows: worked out by hand, and their bootstrap interval."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.errors import DataError
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.evaluation.scores import compute_log10_errors, summarise_scores, tabulate_estimates, tabulate_scores
from paraisite.metrics.paired_tests import pivot_by_split_and_seed
from paraisite.metrics.variance_components import estimate_variance_components
from paraisite.models.estimate import Estimate, choose_tilt, compute_half_width, compute_kappa
from tests.synthetic_result import make_dataset

DATASET = make_dataset(n_row=50)
KAPPA = DATASET.table["kappa_w_per_m_k"].to_numpy()
SPLITS = draw_random_nested_splits(50, seeds=[1, 2, 3], train_fraction=0.8, n_fold=4)


def found(*, std: float, seed: int = 0) -> list[CrossFit]:
    rng = np.random.default_rng(seed)
    log10_kappa = np.log10(KAPPA)

    def estimate(rows: np.ndarray) -> Estimate:
        return Estimate(log10_kappa[rows] + std * rng.normal(size=len(rows)), np.full(len(rows), std))

    return [
        CrossFit(split, estimate(split.train), estimate(split.test), rng.uniform(size=len(split.test)))
        for split in SPLITS
    ]


def table_of(name: str, *, std: float, seeds: tuple[int, ...] = (42,)) -> pd.DataFrame:
    tables = [tabulate_estimates(name, found(std=std, seed=seed), DATASET, seed=seed) for seed in seeds]
    return pd.concat(tables, ignore_index=True)


def test_tilt_and_intervals_come_from_the_training_rows_alone() -> None:
    each = found(std=0.2)
    table = tabulate_estimates("m", each, DATASET, seed=42)
    assert set(table["seed"]) == {42}
    for split in each:
        rows = table[table["split_seed"] == split.split.seed]
        known = np.log10(KAPPA[split.split.train])
        width = compute_half_width(split.out_of_fold, known, coverage=0.9)
        tilt = choose_tilt(split.out_of_fold, known, half_width=width)
        assert set(rows["tilt"]) == {tilt}
        np.testing.assert_array_equal(rows["row"], split.split.test)
        np.testing.assert_allclose(rows["predicted_median_kappa_w_per_m_k"], 10**split.test.mean)
        expected = compute_kappa(split.test, tilt=tilt, half_width=width)
        np.testing.assert_allclose(rows["predicted_kappa_w_per_m_k"], expected)
        np.testing.assert_allclose(np.log10(rows["upper_90_w_per_m_k"]), split.test.mean + width * 0.2)
        np.testing.assert_allclose(np.log10(rows["lower_90_w_per_m_k"]), split.test.mean - width * 0.2)


def test_scores_are_those_of_the_rows() -> None:
    table = table_of("m", std=0.2)
    scores = tabulate_scores(table)
    assert scores["split"].tolist() == ["1", "2", "3"]
    for seed, score in zip((1, 2, 3), scores.to_dict("records"), strict=True):
        rows = table[table["split_seed"] == seed]
        true = rows["kappa_w_per_m_k"]
        assert score["mape_test"] == pytest.approx((rows["predicted_kappa_w_per_m_k"] / true - 1).abs().mean())
        error = np.log10(rows["predicted_median_kappa_w_per_m_k"] / true)
        assert score["log10_mae_test"] == pytest.approx(error.abs().mean())
        held = (rows["lower_80_w_per_m_k"] <= true) & (true <= rows["upper_80_w_per_m_k"])
        assert score["coverage_80%"] == pytest.approx(held.mean())
        flagged = (rows["out_of_domain"] > 0.95) | (rows["n_unseen_element"] > 0)
        assert score["ood_flagged_test"] == pytest.approx(flagged.mean())


def test_the_summary_has_each_models_mean_deviation_and_interval() -> None:
    joined = pd.concat([table_of(name, std=std) for name, std in (("wide", 0.4), ("narrow", 0.1))])
    scores = tabulate_scores(joined)
    summary = summarise_scores(joined, scores)
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
    each = found(std=0.05)
    row = int(each[0].split.test[0])
    for split in each:
        split.test.mean[split.split.test == row] += 1.0
    table = tabulate_estimates("m", each, DATASET, seed=42)
    summary = summarise_scores(table, tabulate_scores(table)).loc["m"]
    assert summary["mape_test_high"] > 1.5 * summary["mape_test"]
    assert summary["mape_test_low"] < 0.6 * summary["mape_test"]


def test_seeds_are_runs_of_their_own_whose_metrics_are_averaged() -> None:
    table = table_of("m", std=0.2, seeds=(42, 43))
    scores = tabulate_scores(table)
    assert scores[["seed", "split_seed"]].to_numpy().tolist() == [[s, k] for s in (42, 43) for k in (1, 2, 3)]
    summary = summarise_scores(table, scores).loc["m"]
    alone = [
        summarise_scores(rows, tabulate_scores(rows)).loc["m"]
        for rows in (table[table["seed"] == seed] for seed in (42, 43))
    ]
    for name in ("mape_test", "ood_spearman_test", "ood_auroc_test", "coverage_80%"):
        assert summary[name] == pytest.approx(np.mean([each[name] for each in alone]))
    assert summary["mape_test_std"] == pytest.approx(scores["mape_test"].std(ddof=1))
    values = pivot_by_split_and_seed(scores, "mape_test")
    assert values.loc[2, 43] == scores.query("seed == 43 and split_seed == 2")["mape_test"].item()
    expected = estimate_variance_components(values)
    found_parts = [summary[f"mape_test_std_{part}"] for part in ("split", "seed", "rest")]
    assert found_parts == [expected.split, expected.seed, expected.rest]


def test_with_one_seed_its_noise_is_unknown() -> None:
    table = table_of("m", std=0.2)
    summary = summarise_scores(table, tabulate_scores(table)).loc["m"]
    assert summary["mape_test_std_split"] == pytest.approx(summary["mape_test_std"])
    assert summary[["mape_test_std_seed", "mape_test_std_rest"]].isna().all()


def test_a_score_that_knows_the_errors_ranks_them_and_a_constant_one_does_not() -> None:
    table = table_of("m", std=0.2)
    table["out_of_domain"] = compute_log10_errors(table)
    knowing = summarise_scores(table, tabulate_scores(table)).loc["m"]
    assert knowing["ood_spearman_test"] == pytest.approx(1.0)
    assert (knowing["ood_auroc_test"], knowing["ood_auroc_test_low"]) == pytest.approx((1.0, 1.0))
    table["out_of_domain"] = 0.0
    constant = summarise_scores(table, tabulate_scores(table)).loc["m"]
    assert constant[["ood_spearman_test", "ood_auroc_test", "ood_auroc_test_low"]].isna().all()


def test_every_reported_metric_is_described_once() -> None:
    names = [metric.name for metric in schema.TEST_METRICS]
    table = table_of("m", std=0.2)
    scores = tabulate_scores(table)
    assert len(names) == len(set(names))
    assert set(scores.columns) - {"model", "seed", "split_seed", "split"} < set(names)
    assert set(names) <= set(summarise_scores(table, scores).columns)


def test_selected_rows_decide_neither_tilt_nor_intervals_and_are_never_tested() -> None:
    each = found(std=0.2)[0]
    unmeasured = each.split.train[:10]
    off = Estimate(each.out_of_fold.mean + 3.0 * np.isin(each.split.train, unmeasured), each.out_of_fold.std)
    split = dataclasses.replace(each.split, unmeasured=unmeasured)
    table = tabulate_estimates("m", [dataclasses.replace(each, split=split, out_of_fold=off)], DATASET, seed=42)
    kept = Estimate(each.out_of_fold.mean[10:], each.out_of_fold.std[10:])
    width = compute_half_width(kept, np.log10(KAPPA[each.split.train[10:]]), coverage=0.9)
    np.testing.assert_allclose(np.log10(table["upper_90_w_per_m_k"]), each.test.mean + width * 0.2)
    selected = np.isin(np.arange(50), each.split.test[:2])
    dataset = dataclasses.replace(DATASET, table=DATASET.table.assign(selected_by_label=selected))
    with pytest.raises(DataError, match="split 1: its test part holds 2 rows that were selected by their label"):
        tabulate_estimates("m", [each], dataset, seed=42)
