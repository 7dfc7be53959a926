"""The map of the elements, read back from its artists."""

import pandas as pd
import pytest
from matplotlib.axes import Axes

from paraisite.errors import DataError
from paraisite.reports.element_map import count_elements, element_map
from tests.reports.lab_tables import make_slack

SLACK = make_slack()


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def formulas(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"material_id": names, "formula": names, "reason": ""})


def test_an_element_counts_once_per_accepted_material():
    assert count_elements([SLACK]) == {"Mg": 12, "O": 12}
    assert count_elements([formulas("MgO", "CaO"), formulas("MgO", "UO2")]) == {"Mg": 1, "Ca": 1, "O": 3, "U": 1}


def test_the_map_shows_each_element_once_with_its_count():
    axes = element_map([formulas("MgO", "CaO")]).axes[0]
    shown = [text for text in texts(axes) if text]
    assert shown[shown.index("O") + 1] == "2"
    assert shown[shown.index("Mg") + 1] == "1"
    assert len(axes.patches) == 86
    assert "57–71" in shown
    assert "89–103" not in shown
    colour_bar = next(child for child in axes.child_axes if child.get_title())
    assert colour_bar.get_title() == "accepted materials with the element, of 2"


def test_no_two_elements_share_a_place():
    axes = element_map([formulas("UO2")]).axes[0]
    corners = {patch.get_xy() for patch in axes.patches}
    assert len(corners) == len(axes.patches) == 118
    positions = {text.get_text(): text.get_position() for text in axes.texts if text.get_text()}
    assert positions["La"][0] == positions["Ac"][0] == positions["Sc"][0]
    assert positions["La"][1] > positions["Fr"][1]


def test_a_map_of_nothing_is_refused():
    with pytest.raises(DataError, match="no accepted material"):
        element_map([formulas("MgO").assign(reason="too soft")])


def test_without_values_symbols_are_larger_and_alone():
    (symbol,) = (text for text in element_map([formulas("MgO")]).axes[0].texts if text.get_text() == "Mg")
    axes = element_map([formulas("MgO")], with_values=False).axes[0]
    (larger,) = (text for text in axes.texts if text.get_text() == "Mg")
    assert larger.get_fontsize() > symbol.get_fontsize()
    assert "1" not in texts(axes)


def test_the_scale_of_colours_has_numbers_whatever_the_size_of_text():
    many = formulas("BeO", *["CaO"] * 3, *["MgO"] * 30)
    figure = element_map([many.assign(material_id=range(34))], with_values=False)
    figure.draw_without_rendering()
    (scale,) = (child for child in figure.axes[0].child_axes if child.get_title())
    assert [label.get_text() for label in scale.get_xticklabels()] == ["1", "3", "10", "30"]


def test_asterisks_stand_for_f_elements_where_their_numbers_do_not_fit():
    shown = texts(element_map([formulas("UO2")], with_values=False).axes[0])
    assert (shown.count("*"), shown.count("**"), "89–103" in shown) == (2, 2, False)
