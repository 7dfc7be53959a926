"""What the fit says of its members' errors rests on rows that they have not learnt from."""

import numpy as np
import pandas as pd
import pytest

from paraisite import fitting, schema
from paraisite.datasets.splits import random_splits
from paraisite.evaluation.metrics import summarise
from tests.prediction.planted import planted_reference

N_ROW = 200
SPLITS = random_splits(N_ROW, seeds=range(1, 6), train_fraction=0.8)
TRAINED = np.stack([np.isin(np.arange(N_ROW), split.train) for split in SPLITS])


def errors(error_dex: float) -> pd.DataFrame:
    """Return the metrics of members that are right on what taught them and off elsewhere."""
    rng = np.random.default_rng(9)
    kappa = 10 ** rng.normal(1.0, 0.5, N_ROW)
    off = np.where(TRAINED, 0.0, rng.normal(0.0, error_dex, N_ROW))
    spread = np.full((len(SPLITS), N_ROW), error_dex)
    return fitting.errors_of_held_out(planted_reference(kappa, kappa * 10**off, TRAINED, spread_dex=spread), SPLITS)


def test_only_held_out_rows_count() -> None:
    found = errors(0.2)
    assert list(found.index) == [1, 2, 3, 4, 5]
    assert found[schema.MAPE_TEST].between(0.2, 0.6).all()
    assert errors(0.02)[schema.MAPE_TEST].max() < 0.06


def test_intervals_hold_as_often_as_promised() -> None:
    shares = summarise(errors(0.2))["mean"]
    for coverage in schema.COVERAGES:
        assert shares[schema.coverage_name(coverage)] == pytest.approx(coverage, abs=0.08)
