"""An evaluation for people: order, marks and numbers of its table and figures."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.evaluation.cross_validation import cross_fit_tabular
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.models.tabular import TabularModel, fit_line, predict_constant
from paraisite.reports.model_errors import (
    error_by_score,
    evaluation_figures,
    evaluation_table,
    mape_of_models,
    narrow,
    parity_with_intervals,
)
from tests.synthetic_result import make_dataset

DATASET = make_dataset(n_row=60)


@pytest.fixture(scope="module")
def outcome() -> EvaluationTables:
    log10_kappa = np.log10(DATASET.table["kappa_w_per_m_k"].to_numpy())
    noisy = log10_kappa[:, None] + 0.1 * np.random.default_rng(0).normal(size=(60, 1))
    splits = draw_random_nested_splits(60, seeds=[1, 2], train_fraction=0.8, n_fold=3)
    models = (TabularModel("constant", (), predict_constant, ""), TabularModel("knows much", ("x",), fit_line, ""))
    found = {
        model.name: cross_fit_tabular(model, blocks={"x": noisy}, log10_kappa=log10_kappa, splits=splits)
        for model in models
    }
    tables = [tabulate_estimates(name, each, DATASET, seed=42) for name, each in found.items()]
    return EvaluationTables.from_estimates(pd.concat(tables, ignore_index=True), splits)


def test_the_table_begins_with_the_best_and_marks_it(outcome: EvaluationTables) -> None:
    summary = outcome.summary
    table = evaluation_table(summary, outcome.comparisons)
    assert table.index.tolist() == ["knows much *", "constant"]
    row = summary.loc["knows much"]
    assert table.loc["knows much *", "MAPE"] == f"{row['mape_test']:.3f} ± {row['mape_test_std']:.3f}"
    assert table.loc["constant", "Spearman"] == "–"
    assert table.loc["constant", "p"] == f"{outcome.comparisons.loc['constant', 'p_holm']:.2f}"
    assert table.loc["knows much *", "p"] == "–"
    assert table.loc["constant", "out-of-domain AUROC"] == "–"  # it has no descriptors
    auroc = [row[f"ood_auroc_test{end}"] for end in ("", "_low", "_high")]
    assert table.loc["knows much *", "out-of-domain AUROC"] == "{:.2f} ({:.2f} to {:.2f})".format(*auroc)
    assert table.loc["knows much *", "std over split / seed / rest"] == f"{row['mape_test_std_split']:.3f} / – / –"


def test_a_terminal_is_spared_the_widest_columns(outcome: EvaluationTables) -> None:
    table = evaluation_table(outcome.summary, outcome.comparisons)
    assert set(table.columns) - set(narrow(table).columns) == {"std over split / seed / rest", "out-of-domain AUROC"}


def test_the_figure_shows_every_model_and_split(outcome: EvaluationTables) -> None:
    scores = outcome.scores
    (axes,) = mape_of_models(outcome.summary, scores).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["constant", "knows much"]
    strokes = sorted(value for each in axes.lines if each.get_marker() == "|" for value in each.get_xdata())
    assert strokes == pytest.approx(sorted(100 * scores["mape_test"]))


def test_parity_shows_all_test_rows_with_their_intervals(outcome: EvaluationTables) -> None:
    (axes,) = parity_with_intervals(outcome.estimates, "knows much").axes
    assert "knows much: held-out rows of 2 splits" in axes.get_title()
    (points,) = [each for each in axes.lines if each.get_marker() == "o"]
    assert len(points.get_xdata()) == 2 * 12
    assert len(axes.collections[-1].get_segments()) == 2 * 12


def test_errors_are_shown_by_score_and_flagged_rows_apart(outcome: EvaluationTables) -> None:
    estimates = outcome.estimates.copy()
    rows = estimates["model"] == "knows much"
    estimates.loc[rows, "out_of_domain"] = np.linspace(0.0, 0.97, rows.sum())
    estimates.loc[estimates.index[rows][0], "n_unseen_element"] = 1
    (axes,) = error_by_score(estimates, ["knows much"]).axes
    plain, flagged, median = axes.lines
    expected = int(((estimates["out_of_domain"] > 0.95) | (estimates["n_unseen_element"] > 0))[rows].sum())
    assert len(flagged.get_xdata()) == expected
    assert len(plain.get_xdata()) == rows.sum() - expected
    assert np.nanmax(median.get_ydata()) < max(plain.get_ydata().max(), flagged.get_ydata().max())


def test_an_evaluation_has_these_figures_and_shows_its_best_network(outcome: EvaluationTables) -> None:
    assert set(evaluation_figures(outcome)) == {"mape_of_models", "parity_of_the_best", "out_of_domain"}
    renamed = dataclasses.replace(
        outcome,
        estimates=outcome.estimates.replace({"model": {"constant": "FELABTG15"}}),
        summary=outcome.summary.rename(index={"constant": "FELABTG15"}),
    )
    # The constant, here under a network's name, has no score: its panel stays empty.
    titles = [axes.get_title() for axes in evaluation_figures(renamed)["out_of_domain"].axes]
    assert titles == ["knows much", "FELABTG15 has no descriptors"]
