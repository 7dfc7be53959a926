"""The backbones' table and figure, read back from what they show."""

import numpy as np
import pandas as pd
import pytest

from paraisite.reports.backbones import backbones_table, mape_of_backbones

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
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "band gap\n(MEGNet)",
        "random\nweights",
        "all three\n(lab)",
    ]
    points = [line for line in axes.lines if len(line.get_xdata()) == len(SEEDS)]
    np.testing.assert_allclose([line.get_ydata() for line in points], 100 * np.add.outer([0.4, 0.5, 0.6], OFFSETS))
    assert len({(line.get_color(), line.get_marker()) for line in points}) == 3
    spreads = [np.ptp(bar.lines[2][0].get_segments()[0][:, 1]) / 2 for bar in axes.containers]
    np.testing.assert_allclose(spreads, 100 * OFFSETS.std(ddof=1))
    assert [text.get_text() for text in axes.texts] == ["40", "50", "60"]
    words = [text.get_text() for text in axes.get_legend().get_texts()]
    assert words == ["random weights", "published (MEGNet)", "the project's own (lab)"]


def test_the_figure_leaves_out_splits_that_diverged_and_says_which_numbers_it_shows(scores: pd.DataFrame) -> None:
    scores.loc[0, "mape_best_epoch"] = np.nan
    (axes,) = mape_of_backbones(scores, metric="mape_best_epoch").axes
    assert sorted(len(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) > 1) == [8, 9, 9]
    assert axes.get_ylabel() == "MAPE of kappa (%), published protocol, best epoch"


def test_the_table_says_how_far_each_backbone_is_from_random_weights() -> None:
    summary = pd.DataFrame(
        {
            "mape_test": [0.5, 0.4],
            "mape_test_std": 0.1,
            "mape_test_low": 0.3,
            "mape_test_high": 0.6,
            "log10_mae_test": 0.2,
            "spearman_test": 0.9,
            "coverage_90%": 0.9,
            "width_90%_dex": 1.0,
            "difference": [np.nan, -0.1],
            "difference_low": [np.nan, -0.18],
            "difference_high": [np.nan, -0.02],
            "p_two_sided": [np.nan, 0.021],
        },
        index=["random weights", "band gap (MEGNet)"],
    )
    table = backbones_table(summary)
    assert table.index.tolist() == ["band gap (MEGNet) *", "random weights"]
    assert table["difference"].tolist() == ["-0.100 (-0.18 to -0.02)", "–"]
    assert table["p"].tolist() == ["0.02", "–"]
    assert "published protocol, last epoch" not in table.columns
    with_published = backbones_table(summary.assign(mape_last_epoch=[0.45, 0.35], mape_last_epoch_std=0.05))
    assert with_published["published protocol, last epoch"].tolist() == ["0.350 ± 0.050", "0.450 ± 0.050"]
