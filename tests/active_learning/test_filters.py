"""Rules that rows of a screening have to pass."""

import numpy as np
import pandas as pd
import pytest

from paraisite.active_learning.element_values import ElementValues
from paraisite.active_learning.filters import Bound, Filters, make_stability_bound
from paraisite.errors import ConfigError
from paraisite.schema import FORMULA, OUT_OF_DOMAIN_FLAG, REASON

ROWS = pd.DataFrame(
    {
        FORMULA: ["NaCl", "MgO", None, "AgCl", "KF"],
        OUT_OF_DOMAIN_FLAG: [False, False, None, True, False],
        REASON: [None, None, "no crystal", None, None],
        "band_gap": [5.0, np.nan, np.nan, 3.0, 6.0],
    }
)


def formulas(filters: Filters) -> list[str]:
    return list(filters.keep(ROWS)[0][FORMULA])


def test_rows_without_a_prediction_or_out_of_domain_are_refused_and_counted() -> None:
    rows, refused = Filters().keep(ROWS)
    assert list(rows[FORMULA]) == ["NaCl", "MgO", "KF"]
    assert refused == {"no prediction": 1, "out of domain": 1}


def test_rows_outside_the_domain_stay_on_demand() -> None:
    assert formulas(Filters(in_domain=False)) == ["NaCl", "MgO", "AgCl", "KF"]


def test_elements_are_asked_for_and_ruled_out() -> None:
    assert formulas(Filters(with_elements=frozenset({"Cl"}), in_domain=False)) == ["NaCl", "AgCl"]
    assert formulas(Filters(with_elements=frozenset({"Na", "Cl"}), in_domain=False)) == ["NaCl"]
    assert formulas(Filters(without_elements=frozenset({"Cl", "K"}))) == ["MgO"]


def test_a_bound_refuses_what_has_no_number() -> None:
    assert formulas(Filters(bounds=(Bound("band_gap", 5.5, "at least"),))) == ["KF"]
    assert formulas(Filters(bounds=(Bound("band_gap", 5.5, "at most"),))) == ["NaCl"]


def test_values_of_elements_can_be_bounded() -> None:
    values = ElementValues({"price": {"Na": 3.0, "Cl": 1.0, "Mg": 2.0, "O": 0.1, "K": 10.0}})
    filters = Filters(bounds=(Bound("price_highest", 2.5, "at most"),), elements=values)
    rows, refused = filters.keep(ROWS)
    assert list(rows[FORMULA]) == ["MgO"]
    assert refused["price_highest at most 2.5"] == 2, "one is dear, of one the price is not known"


def test_an_unknown_column_says_which_there_are() -> None:
    with pytest.raises(ConfigError, match="no column 'gap' to bound; there are band_gap, formula"):
        Filters(bounds=(Bound("gap", 1.0, "at least"),)).keep(ROWS)


def test_a_screening_without_a_domain_asks_for_any() -> None:
    with pytest.raises(ConfigError, match="pass --any"):
        Filters().keep(ROWS.drop(columns=OUT_OF_DOMAIN_FLAG))


def test_only_columns_of_the_source_are_asked_of_it() -> None:
    bounds = (Bound("band_gap", 1.0, "at least"), Bound("price_by_mass", 1.0, "at most"), Bound("x", 1.0, "at most"))
    filters = Filters(bounds=bounds, elements=ElementValues({"price": {}}))
    assert filters.list_source_bounds(["band_gap"]) == bounds[2:]


def test_stability_is_asked_of_the_hull_or_of_the_flag() -> None:
    assert make_stability_bound(["energy_above_hull", "is_stable"], at_most_ev_per_atom=0.05).value == 0.05
    assert make_stability_bound(["is_stable"], at_most_ev_per_atom=0.0).allows(np.array([True, False])).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("columns", "value", "message"), [([], 0.0, "which has none"), (["is_stable"], 0.1, "goes with 0 only")]
)
def test_a_source_that_knows_no_stability_is_refused(columns: list[str], value: float, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_stability_bound(columns, at_most_ev_per_atom=value)


def test_a_bound_on_a_column_of_texts_says_so() -> None:
    with pytest.raises(ConfigError, match="the column 'formula' holds no numbers"):
        Bound("formula", 1.0, "at least").allows(np.array(["NaCl", "KCl"], object))
