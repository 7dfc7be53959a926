"""The backbones' table and figure, read back from what they show."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import cross_fit_tabular
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.models.tabular import TabularModel, fit_line
from paraisite.reports.backbones import backbones_table, mape_of_backbones
from tests.synthetic_result import make_dataset

SEEDS = range(1, 10)
MEANS = {"random weights": 0.5, "band gap (MEGNet)": 0.4, "all three (lab)": 0.6}
OFFSETS = np.linspace(-0.08, 0.08, len(SEEDS))


@pytest.fixture
def scores() -> pd.DataFrame:
    rows = [
        {"model": model, "split_seed": seed, "mape_test": mean + offset, "mape_best_epoch": mean / 2}
        for model, mean in MEANS.items()
        for seed, offset in zip(SEEDS, OFFSETS, strict=True)
    ]
    return pd.DataFrame(rows)


def test_the_figure_has_every_split_mean_and_spread_of_every_backbone_in_order(scores: pd.DataFrame) -> None:
    (axes,) = mape_of_backbones(scores, metric="mape_test").axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "band gap (MEGNet)",
        "random weights",
        "all three (lab)",
    ]
    points = [line for line in axes.lines if len(line.get_xdata()) == len(SEEDS)]
    np.testing.assert_allclose([line.get_xdata() for line in points], 100 * np.add.outer([0.4, 0.5, 0.6], OFFSETS))
    assert len({(line.get_color(), line.get_marker()) for line in points}) == 3
    deviations = [np.ptp(bar.lines[2][0].get_segments()[0][:, 0]) / 2 for bar in axes.containers]
    np.testing.assert_allclose(deviations, 100 * OFFSETS.std(ddof=1))
    assert [text.get_text() for text in axes.texts] == ["40", "50", "60"]
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == ["random weights", "published (MEGNet)", "the project's own (lab)"]


def test_the_figure_leaves_out_splits_that_diverged_and_says_which_numbers_it_shows(scores: pd.DataFrame) -> None:
    scores.loc[0, "mape_best_epoch"] = np.nan
    (axes,) = mape_of_backbones(scores, metric="mape_best_epoch").axes
    assert sorted(len(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) > 1) == [8, 9, 9]
    assert axes.get_xlabel() == "MAPE of kappa (%), published protocol, best epoch"


def test_the_table_says_how_far_each_backbone_is_from_random_weights() -> None:
    dataset = make_dataset(n_row=60)
    log10_kappa = np.log10(dataset.table["kappa_w_per_m_k"].to_numpy())
    splits = draw_random_nested_splits(60, seeds=[1, 2, 3], train_fraction=0.8, n_fold=3)
    random = np.random.default_rng(0)
    tables = []
    for name, noise in (("random weights", 0.3), ("band gap (MEGNet)", 0.1)):
        model = TabularModel(name, ("x",), fit_line, "")
        blocks = {"x": log10_kappa[:, None] + noise * random.normal(size=(60, 1))}
        found = cross_fit_tabular(model, blocks=blocks, log10_kappa=log10_kappa, splits=splits)
        tables.append(tabulate_estimates(name, found, dataset, seed=42))
    outcome = EvaluationTables.from_estimates(pd.concat(tables), splits, reference="random weights")
    table = backbones_table(outcome)
    assert table.index.tolist() == ["band gap (MEGNet) *", "random weights"]
    found = outcome.comparisons.loc["band gap (MEGNet)"]
    interval = f"{found['interval_low']:+.2f} to {found['interval_high']:+.2f}"
    expected = f"{found['mean_difference']:+.3f} ({interval}), p = {found['p_holm']:.2f}"
    assert found["mean_difference"] < 0
    assert table["difference from random"].tolist() == [expected, "–"]
    assert "published protocol, last epoch" not in table.columns
    summary = outcome.summary.assign(mape_last_epoch=[0.45, 0.35], mape_last_epoch_std=0.05)
    with_published = backbones_table(dataclasses.replace(outcome, summary=summary))
    assert with_published["published protocol, last epoch"].tolist() == ["0.350 ± 0.050", "0.450 ± 0.050"]
