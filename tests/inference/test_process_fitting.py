"""Errors of fitted processes are those on rows that a member was not fitted on."""

import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.data.datasets.splits import draw_random_splits
from paraisite.inference.process_fitting import measure_held_out_errors
from paraisite.metrics.kappa_errors import summarise_metrics
from tests.inference.known_predictors import planted_calibration_set

N_ROW = 200
SPLITS = draw_random_splits(N_ROW, seeds=range(1, 6), train_fraction=0.8)
TRAINED = np.stack([np.isin(np.arange(N_ROW), split.train) for split in SPLITS])


def errors(error_dex: float) -> pd.DataFrame:
    """Return the metrics of members that are right on their training rows and off elsewhere."""
    rng = np.random.default_rng(9)
    kappa = 10 ** rng.normal(1.0, 0.5, N_ROW)
    off = np.where(TRAINED, 0.0, rng.normal(0.0, error_dex, N_ROW))
    std_dex = np.full((len(SPLITS), N_ROW), error_dex)
    return measure_held_out_errors(planted_calibration_set(kappa, kappa * 10**off, TRAINED, std_dex=std_dex), SPLITS)


def test_only_held_out_rows_count() -> None:
    metrics = errors(0.2)
    assert list(metrics.index) == [1, 2, 3, 4, 5]
    assert metrics[schema.MAPE_TEST].between(0.2, 0.6).all()
    assert errors(0.02)[schema.MAPE_TEST].max() < 0.06


def test_intervals_hold_as_often_as_promised() -> None:
    shares = summarise_metrics(errors(0.2))["mean"]
    for coverage in schema.COVERAGES:
        assert shares[schema.format_coverage_metric(coverage)] == pytest.approx(coverage, abs=0.08)
