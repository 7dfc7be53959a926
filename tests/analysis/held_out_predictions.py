"""Predictions of held-out rows, all off by the same factor."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.arrays import Floats

_STD_LN = 0.5


def predict_all(
    formulas: Sequence[str], kappa: Floats, names: Sequence[str], *, factor: float, protocol: str = "formula"
) -> pd.DataFrame:
    """Return predictions by a factor too high or too low in turn, with intervals that fit a deviation of 0.5 (ln)."""
    predicted = kappa * factor ** np.resize([1.0, -1.0], len(kappa))
    ends = {}
    for coverage, n_std in zip(schema.COVERAGES, (0.674, 1.282, 1.645), strict=True):
        low, high = schema.interval_columns(coverage)
        ends |= {low: predicted * np.exp(-n_std * _STD_LN), high: predicted * np.exp(n_std * _STD_LN)}
    return pd.DataFrame(
        {
            "protocol": protocol,
            "fold": np.arange(len(kappa)) % 2,
            "data_set": "togo15",
            schema.MATERIAL_ID: list(names),
            schema.FORMULA: list(formulas),
            schema.KAPPA: kappa,
            schema.PREDICTED_MEDIAN_KAPPA: predicted,
            "constant_w_per_m_k": 1.0,
            "n_training_rows_of_formula": 0,
            "n_training_rows_of_formula_elsewhere": 0,
            "n_correcting_rows_of_formula": 0,
            schema.OUT_OF_DOMAIN: 0.5,
            schema.OUT_OF_DOMAIN_FLAG: False,
            **ends,
        }
    )
