"""The union of record lists."""

import dataclasses

import pytest

from paraisite.data.datasets.mix import mix_records
from paraisite.data.record import Record
from paraisite.data.structure_types import rocksalt
from paraisite.errors import DataError

SALT = Record("mp-1", rocksalt("Na", "Cl", a_angstrom=5.6), 8.0, "rocksalt", "first table")


def test_union_keeps_all_records_in_order() -> None:
    other = dataclasses.replace(SALT, material_id="mp-0")
    assert mix_records([SALT], [], [other]) == [SALT, other]


@pytest.mark.parametrize("kappa", [8.0, 9.0])
def test_equal_ids_are_an_error_even_with_equal_values(kappa: float) -> None:
    other = dataclasses.replace(SALT, kappa_w_per_m_k=kappa, source="second table")
    message = rf"mp-1 occurs twice: 8\.0 W/m/K from first table and {kappa} W/m/K from second table"
    with pytest.raises(DataError, match=message):
        mix_records([SALT], [other])


def test_the_very_same_record_twice_is_an_error() -> None:
    """A record compared by identity only would have passed unnoticed."""
    with pytest.raises(DataError, match="mp-1 occurs twice"):
        mix_records([SALT], [SALT])
