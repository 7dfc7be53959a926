"""Correlations of models' predictions with every descriptor, p-values corrected for their number."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control, pearsonr, spearmanr

from paraisite.analysis.model_predictions import ModelPredictions
from paraisite.arrays import Floats
from paraisite.metrics.paired_tests import P_HOLM, correct_by_holm
from paraisite.schema import MODEL

QUANTITY: Final = "quantity"
DESCRIPTOR: Final = "descriptor"
N: Final = "n"
PEARSON_R: Final = "pearson_r"
P: Final = "p"
P_FDR: Final = "p_fdr"
SPEARMAN_RHO: Final = "spearman_rho"
SPEARMAN_P: Final = "spearman_p"
NOTE: Final = "note"

COLUMNS: Final = (MODEL, QUANTITY, DESCRIPTOR, N, PEARSON_R, P, P_HOLM, P_FDR, SPEARMAN_RHO, SPEARMAN_P, NOTE)

THRESHOLD: Final = 0.10
"""Pearson's r that the paper calls a correlation, in its Tables 1 to 4."""

FEWEST: Final = 3
"""Crystals without which there is no correlation: two points lie on a line."""


def correlate_with_descriptors(observed: Sequence[ModelPredictions]) -> pd.DataFrame:
    """Correlate each quantity of each model with each descriptor, over the crystals for which both are known.

    Returns:
        The columns of ``COLUMNS``, a row per pair. r, rho and their p are NaN, and ``note`` says why, for fewer than
        three crystals and where one side is constant. ``p_holm`` and ``p_fdr`` (Benjamini and Hochberg) are the
        p-values of Pearson's r corrected for all tests of the table.
    """
    rows = [row for each in observed for row in _correlate_model(each)]
    table = pd.DataFrame(rows, columns=[name for name in COLUMNS if name not in (P_HOLM, P_FDR)])
    p_values = table[P].to_numpy(np.float64)
    return table.assign(**{P_HOLM: correct_by_holm(p_values), P_FDR: _control_false_discovery(p_values)})[list(COLUMNS)]


def select_above_threshold(correlations: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return the pairs of a quantity with |r| above ``THRESHOLD``: for each model the strongest first."""
    shown = correlations[(correlations[QUANTITY] == quantity) & (correlations[PEARSON_R].abs() > THRESHOLD)]
    strength = shown[PEARSON_R].abs()
    models = pd.Categorical(shown[MODEL], categories=shown[MODEL].unique())
    order = pd.DataFrame({MODEL: models, "strength": -strength}, index=shown.index)
    return shown.loc[order.sort_values([MODEL, "strength"]).index].reset_index(drop=True)


def pivot_by_model(correlations: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Return Pearson's r of a quantity with each descriptor (index) for each model (columns), strongest first."""
    rows = correlations[correlations[QUANTITY] == quantity]
    wide = rows.pivot_table(index=DESCRIPTOR, columns=MODEL, values=PEARSON_R, sort=False, dropna=False)
    wide = wide.reindex(columns=list(rows[MODEL].unique()))
    order = wide.abs().mean(axis=1).sort_values(ascending=False, kind="stable").index
    return wide.loc[order]


def _correlate_model(observed: ModelPredictions) -> Iterator[dict[str, Any]]:
    for quantity in observed.quantities:
        predicted = observed.quantities[quantity].to_numpy(np.float64)
        for descriptor in observed.descriptors:
            known = observed.descriptors[descriptor].to_numpy(np.float64)
            row = {MODEL: observed.model, QUANTITY: quantity, DESCRIPTOR: descriptor}
            yield row | _correlate(predicted, known)


def _correlate(predicted: Floats, known: Floats) -> dict[str, Any]:
    both = np.isfinite(predicted) & np.isfinite(known)
    predicted, known = predicted[both], known[both]
    row: dict[str, Any] = {N: len(predicted)} | dict.fromkeys((PEARSON_R, P, SPEARMAN_RHO, SPEARMAN_P), np.nan)
    if len(predicted) < FEWEST:
        return row | {NOTE: f"fewer than {FEWEST} crystals"}
    constant = [name for name, values in (("quantity", predicted), ("descriptor", known)) if np.ptp(values) == 0]
    if constant:
        return row | {NOTE: f"{constant[0]} is constant"}
    linear, ranked = pearsonr(predicted, known), spearmanr(predicted, known)
    statistics = {
        PEARSON_R: linear.statistic,
        P: linear.pvalue,
        SPEARMAN_RHO: ranked.statistic,
        SPEARMAN_P: ranked.pvalue,
    }
    return row | {name: float(value) for name, value in statistics.items()} | {NOTE: ""}


def _control_false_discovery(p_values: Floats) -> Floats:
    corrected = np.full(len(p_values), np.nan)
    known = np.isfinite(p_values)
    if known.any():
        corrected[known] = false_discovery_control(p_values[known])
    return corrected
