"""Estimates of the published protocol: the trainings' own, on their own validation rows."""

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.errors import DataError
from paraisite.evaluation.evaluation_tables import EvaluationTables
from paraisite.evaluation.published_protocol import tabulate_training_estimates
from tests.synthetic_result import make_result

RESULT = make_result("RWTG15", seeds=(1, 2))
SPLITS = draw_random_nested_splits(len(RESULT.dataset), seeds=[1, 2], train_fraction=0.8, n_fold=5)


@pytest.mark.parametrize("epoch", ["best_epoch", "last_epoch"])
def test_scores_are_the_trainings_own(epoch: str) -> None:
    estimates = tabulate_training_estimates(RESULT, SPLITS, epoch=epoch, seed=42)
    assert estimates["model"].unique().tolist() == ["RWTG15"]
    assert len(estimates) == 2 * 19
    outcome = EvaluationTables.from_estimates(estimates, SPLITS)
    by_split = outcome.scores.set_index("split_seed")["mape_test"]
    pd.testing.assert_series_equal(by_split, RESULT.metrics[f"mape_{epoch}"], check_names=False)
    assert outcome.summary.loc["RWTG15", "mape_test"] == pytest.approx(RESULT.metrics[f"mape_{epoch}"].mean())


def test_what_cannot_be_made_without_rows_held_back_is_unknown_not_zero() -> None:
    outcome = EvaluationTables.from_estimates(
        tabulate_training_estimates(RESULT, SPLITS, epoch="best_epoch", seed=42), SPLITS
    )
    row = outcome.summary.loc["RWTG15"]
    assert np.isnan(row[["coverage_90%", "width_90%_dex", "ood_auroc_test"]].to_numpy(float)).all()
    assert row["log10_mae_test"] == pytest.approx(RESULT.metrics["log10_mae_best_epoch"].mean())


def test_another_division_than_the_trainings_is_an_error() -> None:
    others = draw_random_nested_splits(len(RESULT.dataset), seeds=[3], train_fraction=0.8, n_fold=5)
    with pytest.raises(DataError, match="RWTG15 was not trained on split 3: train it again"):
        tabulate_training_estimates(RESULT, others, epoch="best_epoch", seed=42)
