"""An evaluation for people: order, marks and numbers of its table and figures."""

import numpy as np
import pandas as pd
import pytest

from paraisite.datasets.nested import random_nested
from paraisite.evaluation.scores import estimates_table, scores_table, summary_table
from paraisite.evaluation.tabular import TabularModel, constant, cross_fit_tabular, line
from paraisite.reports.evaluation import evaluation_table, mape_of_models, parity_with_intervals
from tests.synthetic_result import make_dataset

DATASET = make_dataset(n_row=60)


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    log10_kappa = np.log10(DATASET.table["kappa_w_per_m_k"].to_numpy())
    noisy = log10_kappa[:, None] + 0.1 * np.random.default_rng(0).normal(size=(60, 1))
    splits = random_nested(60, seeds=[1, 2], train_fraction=0.8, n_fold=3)
    models = (TabularModel("constant", (), constant, ""), TabularModel("knows much", ("x",), line, ""))
    found = {
        model.name: cross_fit_tabular(model, blocks={"x": noisy}, log10_kappa=log10_kappa, splits=splits)
        for model in models
    }
    estimates = pd.concat([estimates_table(name, each, DATASET) for name, each in found.items()])
    scores = scores_table(estimates)
    return estimates, scores, summary_table(estimates, scores)


def test_the_table_begins_with_the_best_and_marks_it(tables: tuple[pd.DataFrame, ...]) -> None:
    _, _, summary = tables
    table = evaluation_table(summary)
    assert table.index.tolist() == ["knows much *", "constant"]
    row = summary.loc["knows much"]
    assert table.loc["knows much *", "MAPE"] == f"{row['mape_test']:.3f} ± {row['mape_test_std']:.3f}"
    assert table.loc["constant", "Spearman"] == "–"


def test_the_figure_shows_every_model_and_split(tables: tuple[pd.DataFrame, ...]) -> None:
    _, scores, summary = tables
    (axes,) = mape_of_models(summary, scores).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["constant", "knows much"]
    strokes = sorted(value for each in axes.lines if each.get_marker() == "|" for value in each.get_xdata())
    assert strokes == pytest.approx(sorted(100 * scores["mape_test"]))


def test_parity_shows_all_test_rows_with_their_intervals(tables: tuple[pd.DataFrame, ...]) -> None:
    estimates, _, _ = tables
    (axes,) = parity_with_intervals(estimates, "knows much").axes
    assert "knows much: test rows of 2 splits" in axes.get_title()
    (points,) = [each for each in axes.lines if each.get_marker() == "o"]
    assert len(points.get_xdata()) == 2 * 12
    assert len(axes.collections[-1].get_segments()) == 2 * 12
