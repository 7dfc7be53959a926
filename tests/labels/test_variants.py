"""Slack's expression with three Grüneisen parameters."""

import numpy as np
import pandas as pd
import pytest

from paraisite.labels.assemble import build_slack_table
from paraisite.labels.slack import (
    UnitCell,
    acoustic_debye_temperature,
    debye_temperature,
    gruneisen_of_poisson,
    slack_conductivity,
)
from paraisite.labels.variants import OF_BULK_SLOPE, OF_CONSTANT, OF_POISSON, VARIANTS, compute_slack_variants
from tests.labels.test_assemble import REFERENCES, magnesia


def test_the_last_is_what_the_tier_ships_whether_from_rows_or_from_the_table():
    rows = pd.DataFrame([magnesia()])
    table = build_slack_table(rows, REFERENCES)
    assert compute_slack_variants(table)[list(VARIANTS)[-1]].to_numpy() == pytest.approx(
        table["kappa_w_per_m_k"].to_numpy()
    )
    pd.testing.assert_frame_equal(compute_slack_variants(rows), compute_slack_variants(table))
    assert list(compute_slack_variants(rows)) == list(VARIANTS)


def test_the_others_take_their_own_grueneisen_parameter():
    found = compute_slack_variants(pd.DataFrame([magnesia(bulk_slope=4.1)])).iloc[0]
    crystal = UnitCell(2, 4.21**3 / 4, 40.304)
    poisson = (3 * 160 - 2 * 130) / (2 * (3 * 160 + 130))
    acoustic = acoustic_debye_temperature(debye_temperature(crystal, bulk_gpa=160, poisson=poisson), 2)
    for name, gruneisen in ((OF_POISSON, gruneisen_of_poisson(poisson)), (OF_BULK_SLOPE, 4.1 / 2 - 1 / 6)):
        expected = slack_conductivity(crystal, acoustic_debye_kelvin=acoustic, gruneisen=gruneisen)
        assert found[name] == pytest.approx(expected, rel=1e-4)  # the mass in u, to three decimals


@pytest.mark.parametrize("bulk_slope", [0.0, 12.0, np.nan])
def test_a_slope_out_of_bounds_leaves_the_others(bulk_slope: float):
    found = compute_slack_variants(pd.DataFrame([magnesia(bulk_slope=bulk_slope)])).iloc[0]
    assert found.isna().to_dict() == {OF_POISSON: False, OF_BULK_SLOPE: True, OF_CONSTANT: False}


@pytest.mark.parametrize(
    "changes", [{"structure_json": ""}, {"bulk_gpa": np.nan, "shear_gpa": np.nan}, {"shear_gpa": 1.0}]
)
def test_what_has_no_moduli_has_no_conductivity(changes: dict[str, object]):
    found = compute_slack_variants(pd.DataFrame([magnesia(), magnesia(**changes)], index=[7, 9]))
    assert found.index.tolist() == [7, 9]
    assert found.loc[7].notna().all()
    assert found.loc[9].isna().all()
