"""Correlations beside SciPy's own, and what cannot be correlated."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from paraisite.analysis.correlations import correlate_with_descriptors, pivot_by_model, select_above_threshold
from paraisite.analysis.model_predictions import split_by_model
from tests.analysis.planted_correlations import planted

MEAN = "mTC_w_per_m_k"


def table_of(**columns: object) -> pd.DataFrame:
    return correlate_with_descriptors(split_by_model(pd.DataFrame(columns), name="mine")).set_index("descriptor")


def test_values_are_scipys_over_the_rows_where_both_are_known() -> None:
    random = np.random.default_rng(1)
    said, known = random.lognormal(size=40), random.normal(size=40)
    known[::7] = np.nan
    known[1] = np.inf
    row = table_of(mTC_w_per_m_k=said, density=known).loc["density"]
    both = np.isfinite(known)
    linear, ranked = stats.pearsonr(said[both], known[both]), stats.spearmanr(said[both], known[both])
    assert row["n"] == both.sum()
    expected = [linear.statistic, linear.pvalue, ranked.statistic, ranked.pvalue]
    assert row[["pearson_r", "p", "spearman_rho", "spearman_p"]].tolist() == pytest.approx(expected, rel=1e-12)


def test_corrected_p_values_count_the_tests_that_were_made() -> None:
    random = np.random.default_rng(2)
    descriptors = {f"d{i}": random.normal(size=30) for i in range(4)}
    table = table_of(mTC_w_per_m_k=random.normal(size=30), constant=np.ones(30), **descriptors).drop("constant")
    p = table["p"].to_numpy()
    assert table["p_fdr"].to_numpy() == pytest.approx(stats.false_discovery_control(p))
    assert table["p_holm"].min() == pytest.approx(min(1.0, 4 * p.min()))


def test_what_cannot_be_correlated_says_why() -> None:
    table = table_of(mTC_w_per_m_k=[1.0, 2, 3], constant=[1.0, 1, 1], rare=[1.0, 2, np.nan])
    assert table["note"].to_dict() == {"constant": "descriptor is constant", "rare": "fewer than 3 crystals"}
    assert table[["pearson_r", "p", "p_holm", "p_fdr", "spearman_rho"]].isna().all(axis=None)


def test_only_pairs_above_the_threshold_are_in_its_table_the_strongest_first() -> None:
    correlations = pd.DataFrame(
        {
            "model": ["a", "a", "a", "b"],
            "quantity": MEAN,
            "descriptor": ["x", "y", "z", "x"],
            "pearson_r": [0.2, 0.1, -0.5, np.nan],
        }
    )
    assert select_above_threshold(correlations, MEAN)["descriptor"].tolist() == ["z", "x"]


def test_descriptors_stand_in_order_of_their_mean_strength() -> None:
    wide = pivot_by_model(correlate_with_descriptors(planted()), MEAN)
    assert wide.columns.tolist() == ["RWTG15", "LFETG15"]
    assert set(wide.index[:3]) == {"density", "weight", "radius"}
    assert wide.index[3:].tolist() == ["noise", "constant"]
    assert (wide.loc["density"] < -0.9).all()
