"""No fold of the default model's cross-validation tests what it has trained on, under any protocol."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from paraisite import schema
from paraisite.analysis.held_out_accurate import (
    DATA_SET,
    FOLD,
    PROTOCOL,
    Fold,
    draw_folds,
    predict_fold,
    summarise_predictions,
)
from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.table import Dataset
from paraisite.data.validation import N_ELEMENT
from paraisite.inference.relevance_model import DescribedMaterials
from paraisite.reports.cross_validation import draw_parity, tabulate_protocols

Accurate = tuple[Dataset, npt.NDArray[np.str_], list[Fold]]


@pytest.fixture(scope="module")
def accurate() -> Accurate:
    config = load_config()
    dataset = load_data("accurate", config)
    sources = np.repeat(["togo15", "hh143", "phonix"], [95, 143, len(dataset) - 238])
    return dataset, sources, list(draw_folds(dataset, sources.tolist(), seeds=config.splits.seeds))


def test_no_formula_of_a_test_row_trains_but_in_the_published_splits(accurate: Accurate) -> None:
    dataset, sources, folds = accurate
    formulas = dataset.table[schema.FORMULA].to_numpy()
    for fold in folds:
        shared = np.isin(formulas[fold.train], formulas[fold.test])
        assert not set(fold.train) & set(fold.test)
        if fold.protocol == "togo15-honest":
            assert set(sources[fold.train][shared]) <= {"togo15"}
        else:
            assert not shared.any()


def test_no_space_group_and_no_structure_type_of_a_test_row_trains(accurate: Accurate) -> None:
    dataset, sources, folds = accurate
    groups, types = (dataset.table[name].to_numpy() for name in (schema.SPACE_GROUP, schema.PROTOTYPE))
    of_togo15 = {"rocksalt": 225, "zincblende": 216, "wurtzite": 186}
    by_group = [fold for fold in folds if fold.protocol == "space-group"]
    assert len(by_group) == 5
    for fold in by_group:
        tested = set(groups[fold.test])
        assert not tested & set(groups[fold.train])
        others = {of_togo15[kind] for kind in types[fold.train][sources[fold.train] == "togo15"]}
        assert not tested & others
    for fold in (fold for fold in folds if fold.protocol == "structure-type"):
        assert not set(types[fold.test]) & set(types[fold.train])
        assert set(sources[fold.train]) == {"phonix"}


def test_every_row_is_tested_once_by_formula_and_none_that_its_label_selected(accurate: Accurate) -> None:
    dataset, _, folds = accurate
    tested = np.concatenate([fold.test for fold in folds if fold.protocol == "formula"])
    np.testing.assert_array_equal(np.sort(tested), np.flatnonzero(~dataset.selected_by_label))
    assert not any(dataset.selected_by_label[fold.test].any() for fold in folds)
    assert sum(len(fold.test) for fold in folds if fold.protocol == "togo15-honest") == 9 * 19


def test_a_fold_is_predicted_summarised_and_drawn(accurate: Accurate) -> None:
    dataset, _, _ = accurate
    rows = np.flatnonzero(~dataset.selected_by_label)[::8]
    train, test = rows[: 3 * len(rows) // 4], rows[3 * len(rows) // 4 :]
    some = dataset.take(np.concatenate([train, test]))
    crystals = CrystalArrays.from_structures(some.structures)
    elements = np.zeros((len(some), N_ELEMENT), np.bool_)
    materials = DescribedMaterials.describe(crystals)
    parts = [
        predict_fold(some, materials, elements, Fold("formula", number, np.arange(len(train)), held_out))
        for number, held_out in enumerate(np.array_split(np.arange(len(train), len(some)), 2), start=1)
    ]
    predictions = pd.concat(parts).assign(**{DATA_SET: "phonix"})
    summary = summarise_predictions(predictions)
    line = summary.loc[("formula", "phonix")]
    expected = np.abs(np.log(predictions[schema.PREDICTED_MEDIAN_KAPPA] / predictions[schema.KAPPA]))
    assert line["mean_abs_ln_ratio"] == pytest.approx(expected.mean())
    assert line["fold_std"] == pytest.approx(expected.groupby(predictions[FOLD]).mean().std())
    # With 200 rows it is already far better than a constant, and knows about how far off it is.
    assert line["mean_abs_ln_ratio"] < 0.7 * line["constant"]
    assert 0.7 < line[schema.format_coverage_metric(0.9)] <= 1.0
    assert tabulate_protocols(summary).index.tolist() == ["Phonix, formula"]
    (axes,) = draw_parity(predictions).axes
    assert axes.get_xscale() == "log"
    assert set(predictions[PROTOCOL]) == {"formula"}
