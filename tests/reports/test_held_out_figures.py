"""Figures of held-out errors show what the table of predictions says, without rows selected by their label."""

import pandas as pd
import pytest

from paraisite.errors import DataError
from paraisite.reports.held_out_figures import draw_element_errors, draw_interval_coverage


def make_predictions(n_row: int = 6) -> pd.DataFrame:
    ends = {f"{end}_{share}_w_per_m_k": value for share in (50, 80, 90) for end, value in (("lower", 1), ("upper", 3))}
    rows = {
        "protocol": "formula",
        "data_set": "phonix",
        "formula": "NaCl",
        "kappa_w_per_m_k": [2.0] * (n_row - 3) + [9.0] * 3,
        "predicted_median_kappa_w_per_m_k": 2.0,
        **ends,
    }
    return pd.DataFrame(rows)


def test_the_share_that_intervals_hold_is_drawn() -> None:
    known = make_predictions()
    selected = known.assign(data_set="phonix-low-kappa", kappa_w_per_m_k=9.0)
    (axes,) = draw_interval_coverage(pd.concat([known, selected])).axes
    _, line = axes.lines
    assert line.get_xdata().tolist() == [50.0, 80.0, 90.0]
    assert line.get_ydata() == pytest.approx([50.0, 50.0, 50.0])
    assert line.get_label() == "new formulas (6)"


def test_each_element_has_the_mean_error_of_its_formulas() -> None:
    figure = draw_element_errors(make_predictions())
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts.count("0.75") == 2  # half of the rows are off by ln 4.5, for Na and for Cl


def test_elements_of_few_rows_are_not_drawn() -> None:
    with pytest.raises(DataError, match="no element is in 5 held-out rows"):
        draw_element_errors(make_predictions(4))
