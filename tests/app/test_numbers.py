"""Numbers for readers."""

import pytest

from paraisite.app.numbers import show_number


@pytest.mark.parametrize(
    ("value", "shown"), [(1638.2, "1640"), (120.05, "120"), (5.8917, "5.89"), (0.03699, "0.037"), (2.0, "2")]
)
def test_three_digits_and_no_exponent(value: float, shown: str):
    assert show_number(value) == shown
