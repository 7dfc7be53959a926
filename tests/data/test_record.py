"""What can be a conductivity."""

import pytest

from paraisite.data.record import MAX_KAPPA_W_PER_M_K, check_kappa
from paraisite.errors import DataError


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_kappa_must_be_positive_and_finite(value: float) -> None:
    with pytest.raises(DataError, match=rf"{value} W/m/K, expected a positive number"):
        check_kappa(value)


def test_kappa_above_any_crystals_is_refused() -> None:
    assert check_kappa(MAX_KAPPA_W_PER_M_K) == MAX_KAPPA_W_PER_M_K
    with pytest.raises(DataError, match=r"is 10001 W/m/K, expected at most 10000: is the unit another\?"):
        check_kappa(10_001.0)
