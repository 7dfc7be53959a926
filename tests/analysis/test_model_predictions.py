"""Which columns of a table are a model's, and which are descriptors."""

import numpy as np
import pandas as pd
import pytest

from paraisite.analysis.model_predictions import select_shared_crystals, split_by_model
from paraisite.errors import DataError
from tests.analysis.planted_correlations import MODELS, planted, planted_table


def test_models_beside_each_other_each_have_their_own_columns() -> None:
    found = planted()
    assert [each.model for each in found] == list(MODELS)
    assert list(found[0].quantities) == ["mTC_w_per_m_k", "var_pTC_w2_per_m2_k2"]
    assert list(found[0].descriptors) == ["density", "weight", "radius", "constant", "noise"]
    assert found[0].quantities.index.tolist()[:2] == ["m-0", "m-1"]


def test_models_below_each_other_are_told_by_a_column() -> None:
    table = pd.DataFrame({"model": ["a", "b", "a", "b"], "mTC_w_per_m_k": [1.0, 2, 3, 4], "density": [1.0, 1, 2, 2]})
    found = split_by_model(table, name="unnamed")
    assert {each.model: each.quantities["mTC_w_per_m_k"].tolist() for each in found} == {"a": [1, 3], "b": [2, 4]}


def test_a_table_without_models_is_one_models_and_may_name_its_quantities() -> None:
    table = pd.DataFrame({"kappa": [1.0, 2.0], "is_metal": [True, False], "word": ["x", "y"], "row": [0, 1]})
    (found,) = split_by_model(table, name="mine", quantities=["kappa"])
    assert (found.model, list(found.quantities), list(found.descriptors)) == ("mine", ["kappa"], ["is_metal"])


def test_rows_with_a_reason_are_left_out_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    table = pd.DataFrame({"mTC_w_per_m_k": [1.0, np.nan], "density": [1.0, 2.0], "reason": [None, "no volume"]})
    (found,) = split_by_model(table, name="mine")
    assert len(found.quantities) == 1
    assert "1 of 2 rows have no prediction" in caplog.text


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kappa": [1.0], "density": [1.0]}, "no column that a model fills, expected one of mTC.*found kappa, density"),
        ({"mTC_w_per_m_k": [1.0]}, "no column of numbers beside it"),
        ({"mTC_w_per_m_k": ["high"], "density": [1.0]}, "column mTC_w_per_m_k holds no numbers"),
    ],
)
def test_a_table_that_cannot_be_read_so_is_refused(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_by_model(pd.DataFrame(columns), name="mine")


def test_crystals_are_shared_by_their_ids_and_not_where_one_stands_twice() -> None:
    table = planted_table(20)
    table.loc[3, "LFETG15:mTC_w_per_m_k"] = np.nan
    assert len(select_shared_crystals(split_by_model(table, name=""), "mTC_w_per_m_k")) == 19
    table.loc[0, "material_id"] = "m-1"
    assert select_shared_crystals(split_by_model(table, name=""), "mTC_w_per_m_k").empty


def test_predictions_of_version_0_1_are_no_descriptors_by_any_name() -> None:
    columns = {"mTC_w_per_m_k": [1.0, 2.0], "kappa_w_per_m_k": [1.1, 2.1], "lower_90": [0.5, 1], "density": [3.0, 4]}
    table = pd.DataFrame({"row": [0, 1], **columns})
    (found,) = split_by_model(table, name="mine")
    assert list(found.descriptors) == ["density"]
    (named,) = split_by_model(table, name="mine", quantities=["kappa_w_per_m_k"])
    assert (list(named.quantities), list(named.descriptors)) == (["predicted_kappa_w_per_m_k"], ["density"])
    (own,) = split_by_model(table.drop(columns="row"), name="a table with labels")
    assert list(own.descriptors) == ["kappa_w_per_m_k", "density"]


def test_a_quantity_that_a_model_does_not_fill_is_none_of_its() -> None:
    """The default model has one member and no variance; the comparison of the others' came out empty with it."""
    table = pd.DataFrame({"a:mTC_w_per_m_k": [1.0, 2.0], "a:var_pTC_w2_per_m2_k2": [np.nan] * 2, "density": [3.0, 4.0]})
    table = table.assign(**{"b:mTC_w_per_m_k": [1.0, 2.0], "b:var_pTC_w2_per_m2_k2": [0.1, np.nan]})
    found = {each.model: list(each.quantities) for each in split_by_model(table, name="table")}
    assert found == {"a": ["mTC_w_per_m_k"], "b": ["mTC_w_per_m_k", "var_pTC_w2_per_m2_k2"]}
