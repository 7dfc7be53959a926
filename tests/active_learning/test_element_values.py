"""A user's table of elements."""

from pathlib import Path

import numpy as np
import pytest

from paraisite.active_learning.element_values import ElementValues
from paraisite.errors import DataError, MissingInputError


def read(folder: Path, text: str) -> ElementValues:
    path = folder / "elements.csv"
    path.write_text(text)
    return ElementValues.read(path)


def test_a_crystal_gets_the_highest_value_and_the_mean_by_mass(tmp_path: Path) -> None:
    values = read(tmp_path, "element,price\nNa,3\nCl,0.5\n")
    found = values.compute_columns("NaCl")
    assert values.names == tuple(found) == ("price_highest", "price_by_mass")
    assert found["price_highest"] == 3
    assert found["price_by_mass"] == pytest.approx((3 * 22.990 + 0.5 * 35.453) / (22.990 + 35.453), rel=1e-3)


def test_an_element_without_a_value_leaves_none(tmp_path: Path) -> None:
    found = read(tmp_path, "element,price,toxicity\nNa,3,1\nCl,,2\n").compute_columns("NaCl")
    assert np.isnan([found["price_highest"], found["price_by_mass"]]).all()
    assert found["toxicity_highest"] == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("symbol,price\nNa,3\n", "expected a column 'element'"),
        ("element,price\nNa,dear\n", "columns of numbers"),
        ("element,price\nNo1,3\n", "'No1' is no element"),
        ("element,price\nNa,3\nNa,4\n", "each element once, found .'Na'"),
    ],
)
def test_another_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_an_absent_table_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"elements.csv not found: expected a CSV table"):
        ElementValues.read(tmp_path / "elements.csv")
