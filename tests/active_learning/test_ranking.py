"""The best rows of a screening."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from paraisite.active_learning.filters import Bound, Filters
from paraisite.active_learning.ranking import (
    DEVIATION,
    PredictiveStd,
    build_estimate,
    convert_width_to_std,
    make_confidence_score,
    measure_predictive_std,
    select_best_rows,
)
from paraisite.errors import DataError
from paraisite.schema import KAPPA_LOG10_STD, MATERIAL_ID, interval_columns
from tests.active_learning.screenings import HALF_WIDTHS, NAMES, ScreenedRows, screened_table

UPPER = make_confidence_score(0.8)


@pytest.fixture
def screened(tmp_path: Path) -> ScreenedRows:
    return screened_table(tmp_path, {"gap": [1.0, 5.0, 7.0, 1.4, 5.0, 9.0, 6.0]})


def test_the_lowest_upper_end_comes_first(screened: ScreenedRows) -> None:
    filters = Filters()
    ranked = select_best_rows(screened, filters, UPPER, deviations=measure_predictive_std(screened, filters), n_row=3)
    assert list(ranked.rows[MATERIAL_ID]) == ["KF", "NaCl", "NaCl-2"]
    assert ranked.refused == {"no prediction": 0, "out of domain": 1}
    assert ranked.n_passed == len(NAMES) - 1


def test_bounds_on_the_source_count(screened: ScreenedRows) -> None:
    filters = Filters(bounds=(Bound("gap", 2.0, "at most"),))
    ranked = select_best_rows(screened, filters, UPPER, deviations=PredictiveStd(None), n_row=9)
    assert list(ranked.rows[MATERIAL_ID]) == ["GaAs", "Si"]
    assert list(ranked.rows["gap"]) == [1.4, 1.0]


def test_an_empty_selection_is_refused_with_the_counts(screened: ScreenedRows) -> None:
    filters = Filters(bounds=(Bound("gap", 99.0, "at least"),))
    with pytest.raises(DataError, match="no prediction: 0, out of domain: 1, gap at least 99: 6"):
        select_best_rows(screened, filters, UPPER, deviations=PredictiveStd(None), n_row=9)


def test_the_members_std_scales_one_width(screened: ScreenedRows) -> None:
    filters = Filters()
    rows = select_best_rows(
        screened, filters, UPPER, deviations=measure_predictive_std(screened, filters), n_row=9
    ).rows
    ratio = rows[DEVIATION] / rows[KAPPA_LOG10_STD]
    np.testing.assert_allclose(ratio, ratio.iloc[0])
    normal_quantile = 1.2815515655  # of 90 %
    assert np.sqrt((rows[DEVIATION] ** 2).mean()) == pytest.approx(HALF_WIDTHS[1] / normal_quantile)


def test_widths_that_differ_are_taken_as_they_are() -> None:
    lower, upper = interval_columns(0.8)
    rows = pd.DataFrame({lower: [1.0, 1.0], upper: [2.0, 8.0], KAPPA_LOG10_STD: [0.1, 0.1], "n": [0, 0]})
    found = PredictiveStd.fit(iter([rows]))
    np.testing.assert_array_equal(found.compute(rows), convert_width_to_std(rows))
    assert found.compute(rows)[1] == pytest.approx(3 * found.compute(rows)[0])


def test_an_estimate_is_of_the_logarithm(screened: ScreenedRows) -> None:
    rows = select_best_rows(screened, Filters(), UPPER, deviations=PredictiveStd(None), n_row=2).rows
    np.testing.assert_allclose(build_estimate(rows).mean, [4.0 - 3.0, 4.0 - 5.69 / 2])
