"""Errors of single rows: by hand, by id, and what a row shares with the training rows of its split."""

import numpy as np
import pandas as pd
import pytest

from paraisite.data.datasets.shared_materials import NOTHING, POLYMORPH, STRUCTURE
from paraisite.errors import DataError
from paraisite.evaluation.row_errors import add_relation_to_training, measure_evaluation_errors, measure_recipe_errors
from tests.synthetic_result import make_dataset, make_result

DATASET = make_dataset(n_row=10)


def estimates(rows: list[int], factor: float) -> pd.DataFrame:
    kappa = DATASET.table["kappa_w_per_m_k"].to_numpy()[rows]
    columns = {"model": "m", "split_seed": 1, "row": 0, "material_id": DATASET.table["material_id"].to_numpy()[rows]}
    return pd.DataFrame({**columns, "kappa_w_per_m_k": kappa, "predicted_kappa_w_per_m_k": factor * kappa})


def test_rows_are_found_by_their_ids() -> None:
    errors = measure_evaluation_errors(estimates([7, 2], 0.75), DATASET)
    assert errors["row"].tolist() == [7, 2]
    assert errors["absolute_percentage_error"].tolist() == pytest.approx([0.25, 0.25])


def test_estimates_of_other_materials_are_refused() -> None:
    table = estimates([1], 2.0).assign(material_id="elsewhere-1")
    with pytest.raises(DataError, match="elsewhere-1 was tested, but is not in togo15: evaluate or train again"):
        measure_evaluation_errors(table, DATASET)


def test_a_recipes_errors_are_its_validation_rows_at_the_last_epoch_without_diverged_splits() -> None:
    result = make_result("FELABTG15", n_row=10, seeds=(1, 2, 3), diverged=(2,))
    errors = measure_recipe_errors(result, result.dataset)
    assert errors["split_seed"].unique().tolist() == [1, 3]
    mape = errors.groupby("split_seed")["absolute_percentage_error"].mean()
    np.testing.assert_allclose(mape, result.metrics.loc[[1, 3], "mape_last_epoch"])
    for split in result.splits[::2]:
        assert sorted(errors.loc[errors["split_seed"] == split.seed, "row"]) == sorted(split.validation)


def test_only_rows_outside_the_test_set_are_training_rows() -> None:
    pairs = pd.DataFrame(
        {
            "row": [0, 1, 0, 2, 1, 2],
            "other_row": [1, 0, 2, 0, 2, 1],
            "relation": [STRUCTURE, STRUCTURE, POLYMORPH, POLYMORPH, POLYMORPH, POLYMORPH],
        }
    )
    errors = pd.DataFrame({"model": "m", "split_seed": [1, 1, 1, 2], "row": [0, 1, 3, 0], "e": 0.0})
    found = add_relation_to_training(errors, pairs, 10)
    # In split 1 the duplicate of row 0 is tested with it; the polymorph, row 2, trains.
    assert found["relation"].tolist() == [POLYMORPH, POLYMORPH, NOTHING, STRUCTURE]
