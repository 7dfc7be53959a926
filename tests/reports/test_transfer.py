"""The figure of what earlier stages are worth, at the width of a page and of a column."""

import pandas as pd
import pytest

from paraisite.reports.figure_width import LEGIBLE_POINTS, scale_to_width
from paraisite.reports.transfer import draw_transfer

COLUMN_INCHES = 8.5 / 2.54


@pytest.fixture
def scores() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "protocol": protocol,
            "start": start,
            "n_label": n_label,
            "split_seed": seed,
            "mean_abs_ln_ratio": 10 / n_label,
        }
        for protocol in ("grouped", "structure-type")
        for start in ("RW", "FE", "FEAF")
        for n_label in (50, 100, 200)
        for seed in (1, 2, 3)
    )


def test_panels_below_each_other_are_legible_in_a_column(scores: pd.DataFrame) -> None:
    assert scale_to_width(draw_transfer(scores), COLUMN_INCHES) < LEGIBLE_POINTS
    figure = draw_transfer(scores, stacked=True)
    assert scale_to_width(figure, COLUMN_INCHES) >= LEGIBLE_POINTS
    upper, lower = (axes.get_window_extent() for axes in figure.axes)
    assert upper.y0 > lower.y1


def test_the_legend_shows_each_start_with_its_marker(scores: pd.DataFrame) -> None:
    (legend,) = draw_transfer(scores).legends
    assert [line.get_marker() for line in legend.get_lines()] == ["D", "s", "o"]
