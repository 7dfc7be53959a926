"""Refined values of rows that neither model nor refinement was fitted on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.analysis.held_out_refined import refine_held_out, summarise_refined
from paraisite.reports.cross_validation import tabulate_refined_protocols
from tests.analysis.held_out_predictions import predict_all
from tests.models.test_combined_estimate import ALL, KNOWN, ROWS, N

NAMES = [f"mp-{row}" for row in range(N)]
KAPPA = 10**KNOWN
HELD_OUT = pd.concat(
    [
        predict_all(ROWS.formulas, KAPPA, NAMES, factor=1.3),
        predict_all(ROWS.formulas, KAPPA, NAMES, factor=2.0, protocol="structure-type"),
        predict_all(["LiF"], np.ones(1), ["mp-without-phonons"], factor=1.3),
    ]
)


def test_each_protocol_is_refined_with_its_own_predictions() -> None:
    table = summarise_refined(refine_held_out(HELD_OUT, NAMES, ROWS, ALL)).set_index(["protocol", "value"])
    assert table["n"].tolist() == [N] * 4, "what has no phonons is not refined"
    assert table.loc[("formula", "predicted"), schema.LN_RATIO] == pytest.approx(np.log(1.3))
    assert table.loc[("structure-type", "predicted"), schema.LN_RATIO] == pytest.approx(np.log(2.0))
    by_type = table.xs("structure-type")[schema.LN_RATIO]
    assert by_type["refined"] < 0.7 * by_type["predicted"]
    assert table.loc[("formula", "refined"), schema.LN_RATIO] < by_type["refined"]
    assert table["coverage_50%"].between(0.0, 1.0).all()
    shown = tabulate_refined_protocols(table.reset_index())
    assert shown.index[0] == "Togo15, formula: predicted"
    assert shown.loc["Togo15, structure-type: predicted", "error"] == "0.693"


def test_a_refined_value_knows_nothing_of_its_own_formula() -> None:
    before = refine_held_out(HELD_OUT, NAMES, ROWS, ALL)[schema.REFINED_KAPPA]
    known, slow = KNOWN.copy(), ROWS.slow.copy()
    known[6] += 3.0
    after = refine_held_out(HELD_OUT, NAMES, replace(ROWS, known=known), ALL)[schema.REFINED_KAPPA]
    for protocol in range(2):
        same_formula = [6 + protocol * N, 7 + protocol * N]
        np.testing.assert_array_equal(after[same_formula], before[same_formula])
    assert (after != before).any()
    slow[6] += 3.0
    after = refine_held_out(HELD_OUT, NAMES, replace(ROWS, slow=slow), ALL)[schema.REFINED_KAPPA]
    assert after[6] > 2.0 * before[6], "but the potential's value is its own"
