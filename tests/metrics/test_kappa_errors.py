"""Metrics against hand-made and library values, and what happens to values that a formula cannot take."""

import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.errors import DataError
from paraisite.metrics.kappa_errors import (
    compute_coverage,
    compute_kappa_errors,
    compute_published_mape,
    summarise_metrics,
    tabulate_metrics,
)
from paraisite.models.target_scaler import TargetScaler
from paraisite.schema import LOG_FLOOR
from tests.synthetic_result import make_result

TRUE = np.array([1.0, 10.0, 100.0, 4.0])
PREDICTED = np.array([2.0, 5.0, 120.0, 4.0])


def test_evaluate_gives_the_values_worked_out_by_hand() -> None:
    found = compute_kappa_errors(TRUE, PREDICTED, epoch="last_epoch")
    errors = np.array([1.0, -5.0, 20.0, 0.0])
    assert found["mape_last_epoch"] == pytest.approx((1.0 + 0.5 + 0.2 + 0.0) / 4)
    assert found["mae_last_epoch"] == pytest.approx(26.0 / 4)
    assert found["rmse_last_epoch"] == pytest.approx(np.sqrt(426.0 / 4))
    assert found["r2_last_epoch"] == pytest.approx(1 - (errors**2).sum() / ((TRUE - TRUE.mean()) ** 2).sum())
    assert found["log10_mae_last_epoch"] == pytest.approx((np.log10(2) + np.log10(2) + np.log10(1.2)) / 4)
    assert found["spearman_last_epoch"] == pytest.approx(1.0)


def test_an_interval_holds_its_ends_and_a_missing_one_nothing() -> None:
    lower, upper = np.array([1.0, 11.0, 50.0, np.nan]), np.array([2.0, 20.0, 100.0, np.nan])
    assert compute_coverage(TRUE, lower, upper) == 0.5


def test_evaluate_uses_only_names_of_the_schema() -> None:
    names = {
        *compute_kappa_errors(TRUE, PREDICTED, epoch="best_epoch"),
        *compute_kappa_errors(TRUE, PREDICTED, epoch="last_epoch"),
    }
    published = {schema.MAPE_PUBLISHED_CONVENTION, schema.MAPE_PUBLISHED_CONVENTION_LAST_EPOCH}
    assert names | published == set(schema.METRIC_NAMES)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_prediction_that_is_not_finite_makes_every_metric_nan(bad: float) -> None:
    predicted = np.array([2.0, bad, 120.0, 4.0])
    assert all(np.isnan(value) for value in compute_kappa_errors(TRUE, predicted, epoch="best_epoch").values())
    assert np.isnan(compute_published_mape(TRUE, predicted, own_scaler=(1.0, 0.5), start_scaler=(0.7, 0.4)))


def test_predictions_below_zero_are_floored_in_the_logarithm_only() -> None:
    found = compute_kappa_errors(np.array([1.0, 10.0]), np.array([-0.5, 10.0]), epoch="best_epoch")
    assert found["log10_mae_best_epoch"] == pytest.approx(-np.log10(LOG_FLOOR) / 2)
    assert found["mae_best_epoch"] == pytest.approx(0.75)


def test_constant_predictions_have_no_rank_correlation_and_raise_no_warning() -> None:
    found = compute_kappa_errors(TRUE, np.full(4, 3.0), epoch="best_epoch")
    assert np.isnan(found["spearman_best_epoch"])
    assert np.isfinite(found["mape_best_epoch"])


@pytest.mark.parametrize(
    ("true", "predicted", "message"),
    [
        ([1.0, 2.0], [1.0], "equally long"),
        ([], [], "equally long"),
        ([1.0, 0.0], [1.0, 1.0], "above 0 W/m/K, found 0"),
        ([1.0, np.nan], [1.0, 1.0], "above 0"),
    ],
)
def test_impossible_inputs_are_refused(true: list[float], predicted: list[float], message: str) -> None:
    with pytest.raises(DataError, match=message):
        compute_kappa_errors(np.array(true), np.array(predicted), epoch="best_epoch")


def test_published_convention_follows_its_formula() -> None:
    own, start = (1.44, 0.754), (0.732, 0.376)

    def distorted(kappa: float) -> float:
        return float(10 ** ((np.log10(1 + kappa) - own[0]) / own[1] * start[1] + start[0]) - 1)

    expected = abs(distorted(30.0) - distorted(20.0)) / distorted(20.0)
    found = compute_published_mape(np.array([20.0]), np.array([30.0]), own_scaler=own, start_scaler=start)
    assert found == pytest.approx(expected, rel=1e-12)
    assert found < 0.5  # the errors shrink


@pytest.mark.parametrize("start", [None, (1.44, 0.754)])
def test_published_convention_is_ordinary_mape_without_another_scaler(start: tuple[float, float] | None) -> None:
    found = compute_published_mape(TRUE, PREDICTED, own_scaler=(1.44, 0.754), start_scaler=start)
    assert found == pytest.approx(
        compute_kappa_errors(TRUE, PREDICTED, epoch="best_epoch")["mape_best_epoch"], rel=1e-12
    )


def test_published_convention_survives_predictions_below_minus_one() -> None:
    found = compute_published_mape(TRUE, PREDICTED - 5.0, own_scaler=(1.44, 0.754), start_scaler=(0.7, 0.4))
    assert np.isfinite(found)


def test_table_pairs_each_split_with_its_own_scalers_and_reads_validation_rows_only() -> None:
    result = make_result(seeds=(5, 2), n_row=30)
    own = TargetScaler(mean=np.array([1.4, 1.5]), std=np.array([0.7, 0.8]))
    start = TargetScaler(mean=np.array([0.7, 0.8]), std=np.array([0.3, 0.5]))
    table = tabulate_metrics(result.predictions, scaler=own, start_scaler=start)
    assert list(table.index) == [5, 2]
    assert list(table.columns) == list(schema.METRIC_NAMES)
    rows = result.predictions.query("split_seed == 2 and part == 'validation'")
    expected = compute_published_mape(
        rows[schema.KAPPA].to_numpy(),
        rows[schema.KAPPA_BEST_EPOCH].to_numpy(),
        own_scaler=(1.5, 0.8),
        start_scaler=(0.8, 0.5),
    )
    assert table.loc[2, schema.MAPE_PUBLISHED_CONVENTION] == pytest.approx(expected)
    assert not table.isna().any().any()


def test_table_refuses_another_number_of_members() -> None:
    result = make_result(seeds=(1, 2, 3), n_row=20)
    scaler = TargetScaler(mean=np.ones(2), std=np.ones(2))
    with pytest.raises(DataError, match="2 members, the predictions table 3 splits"):
        tabulate_metrics(result.predictions, scaler=scaler, start_scaler=None)


def test_summary_says_how_many_runs_a_mean_was_taken_over() -> None:
    metrics = pd.DataFrame({"mape_best_epoch": [0.2, 0.4, 0.6], "mape_last_epoch": [0.3, np.nan, 0.5]})
    summary = summarise_metrics(metrics)
    assert summary.loc["mape_best_epoch"].tolist() == pytest.approx([0.4, 0.2, 3])
    assert summary.loc["mape_last_epoch", ["mean", "n_run"]].tolist() == pytest.approx([0.4, 2])
