"""The interval figure: what the row says, on an axis that holds all of it."""

import numpy as np
import pytest

from paraisite.app.familiar import list_marks, show_formula
from paraisite.app.interval_view import interval_figure
from paraisite.inference.rows import Row

ROW: Row = {
    "value": 2.0, "lower_50": 1.5, "upper_50": 2.6, "lower_80": 1.0, "upper_80": 4.0, "lower_90": 0.01, "upper_90": 9.0,
    "members": [1.9, 2.1],
    "nearest": [{"material_id": "m-1", "formula": "CaF2", "prototype": None, "kappa_w_per_m_k": 11.0, "distance": 0.1}],
}  # fmt: skip
KNOWN = np.array([0.2, 0.3, 5.0, 200.0])


def test_bars_are_the_intervals_the_widest_behind():
    bars = [trace for trace in interval_figure(ROW, KNOWN).data if trace.orientation == "h"]
    ends = [(bar.base[0], bar.base[0] + bar.x[0]) for bar in bars]
    assert ends == [pytest.approx(end) for end in ((0.01, 9.0), (1.0, 4.0), (1.5, 2.6))]


def test_the_axis_holds_what_is_beyond_the_usual_range():
    low, high = interval_figure(ROW, KNOWN).layout.xaxis.range
    assert low < np.log10(0.01)
    assert high > np.log10(max(list_marks().values()))


def test_familiar_and_nearest_materials_are_named():
    figure = interval_figure(ROW, KNOWN)
    assert {note.text for note in figure.layout.annotations} == set(list_marks())
    (nearest,) = [trace for trace in figure.data if trace.type == "scatter" and trace.text]
    assert (nearest.text[0].strip(), nearest.x[0]) == (show_formula("CaF2"), 11.0) == ("CaF₂", 11.0)


def test_every_training_material_is_counted():
    (histogram,) = [
        trace for trace in interval_figure(ROW, KNOWN).data if trace.type == "bar" and trace.orientation is None
    ]
    assert sum(counts for _, _, counts in histogram.customdata) == len(KNOWN)


def test_without_intervals_members_and_materials_the_value_is_drawn():
    bare = dict.fromkeys(ROW) | {"value": 2.0, "members": [2.0]}
    (only,) = interval_figure(bare, np.zeros(0)).data
    assert only.x[0] == 2.0


def test_the_literatures_value_is_marked():
    *_, cross = interval_figure(ROW, KNOWN, 7.1).data
    assert (cross.marker.symbol, cross.x[0]) == ("x", 7.1)


def test_marks_ascend_far_enough_from_each_other_to_be_read():
    values = np.log10(list(list_marks().values()))
    assert np.diff(values).min() > 0.3


def test_the_second_models_prediction_is_marked_and_on_the_axis():
    figure = interval_figure(ROW, KNOWN, None, 20000.0)
    (diamond,) = [trace for trace in figure.data if trace.type == "scatter" and trace.marker.symbol == "diamond-open"]
    assert diamond.x[0] == 20000.0
    assert figure.layout.xaxis.range[1] > np.log10(20000.0)
