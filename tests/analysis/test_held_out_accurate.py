"""No fold of the default model's cross-validation tests what it has trained on, under any protocol."""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from paraisite import schema
from paraisite.analysis.held_out_accurate import (
    DATA_SET,
    FOLD,
    LOW_KAPPA,
    N_SAME_FORMULA,
    PROTOCOL,
    Fold,
    draw_folds,
    name_data_sets,
    predict_fold,
)
from paraisite.analysis.held_out_errors import LOWERED_MAPE, SHARED_FORMULA, summarise_predictions
from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.datasets.table import Dataset
from paraisite.data.validation import N_ELEMENT
from paraisite.inference.relevance_fitting import TOGO15_WEIGHT, weigh_rows
from paraisite.inference.relevance_model import DescribedMaterials
from paraisite.models import relevance_likelihood
from paraisite.reports.cross_validation import draw_parity, tabulate_protocols

Accurate = tuple[Dataset, npt.NDArray[np.str_], list[Fold]]


@pytest.fixture(scope="module")
def accurate() -> Accurate:
    config = load_config()
    dataset = load_data("accurate", config)
    return dataset, np.array(name_data_sets(dataset)), list(draw_folds(dataset, seeds=config.splits.seeds))


def test_data_sets_are_told_by_their_sources(accurate: Accurate) -> None:
    dataset, sources, _ = accurate
    assert sources.tolist() == [*["togo15"] * 95, *["hh143"] * 143, *["phonix"] * (len(dataset) - 238)]


def test_rows_of_togo15_count_more_beside_others_and_selected_rows_less(accurate: Accurate) -> None:
    dataset, sources, _ = accurate
    weights = weigh_rows(dataset)
    of_togo15 = sources == "togo15"
    np.testing.assert_array_equal(weights[of_togo15], dataset.sample_weights[of_togo15] * TOGO15_WEIGHT)
    np.testing.assert_array_equal(weights[~of_togo15], dataset.sample_weights[~of_togo15])
    assert weights[dataset.selected_by_label].max() < 1.0
    assert set(weigh_rows(dataset.take(np.flatnonzero(sources == "togo15")))) == {1.0}


def test_no_formula_of_a_test_row_trains_but_in_the_published_splits(accurate: Accurate) -> None:
    dataset, sources, folds = accurate
    formulas = dataset.table[schema.FORMULA].to_numpy()
    for fold in folds:
        shared = np.isin(formulas[fold.train], formulas[fold.held_out])
        assert not set(fold.train) & set(fold.held_out)
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
        tested = set(groups[fold.held_out])
        assert not tested & set(groups[fold.train])
        others = {of_togo15[kind] for kind in types[fold.train][sources[fold.train] == "togo15"]}
        assert not tested & others
    for fold in (fold for fold in folds if fold.protocol == "structure-type"):
        assert not set(types[fold.held_out]) & set(types[fold.train])
        assert set(sources[fold.train]) == {"phonix"}


def test_every_row_is_tested_once_by_formula_and_none_that_its_label_selected(accurate: Accurate) -> None:
    dataset, _, folds = accurate
    tested = np.concatenate([fold.test for fold in folds if fold.protocol == "formula"])
    np.testing.assert_array_equal(np.sort(tested), np.flatnonzero(~dataset.selected_by_label))
    assert not any(dataset.selected_by_label[fold.test].any() for fold in folds)
    assert sum(len(fold.test) for fold in folds if fold.protocol == "togo15-honest") == 9 * 19
    for protocol in ("formula", "space-group", "structure-type"):
        selected = np.concatenate([fold.selected for fold in folds if fold.protocol == protocol])
        np.testing.assert_array_equal(np.sort(selected), np.flatnonzero(dataset.selected_by_label))


def test_a_fold_is_predicted_summarised_and_drawn(accurate: Accurate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevance_likelihood, "N_STEP", 20)  # of 60: enough for a hundred rows
    dataset, _, _ = accurate
    is_small = np.array([len(structure) <= 8 for structure in dataset.structures])  # their descriptors take no time
    rows = np.flatnonzero(~dataset.selected_by_label & is_small)[30::6]
    train, test = rows[: 3 * len(rows) // 4], rows[3 * len(rows) // 4 :]
    selected = np.flatnonzero(dataset.selected_by_label & is_small)[:5]
    some = dataset.take(np.concatenate([train, test, selected]))
    crystals = CrystalArrays.from_structures(some.structures)
    elements = np.zeros((len(some), N_ELEMENT), np.bool_)
    materials = DescribedMaterials.describe(crystals)
    numbers, held_out = np.arange(len(some)), np.array_split(len(train) + np.arange(len(test)), 2)
    folds = [
        Fold("formula", 1, numbers[: len(train)], held_out[0], np.zeros(0, np.int64)),
        Fold("formula", 2, numbers[: len(train)], held_out[1], numbers[-5:]),
    ]
    predictions = pd.concat([predict_fold(some, materials, elements, fold) for fold in folds])
    measured = predictions[predictions[DATA_SET] == "phonix"]
    summary = summarise_predictions(predictions)
    line = summary.loc[("formula", "phonix")]
    expected = np.abs(np.log(measured[schema.PREDICTED_MEDIAN_KAPPA] / measured[schema.KAPPA]))
    assert line["mean_abs_ln_ratio"] == pytest.approx(expected.mean())
    assert line["fold_std"] == pytest.approx(expected.groupby(measured[FOLD]).mean().std())
    # With a hundred rows it is already far better than a constant, and knows about how far off it is.
    assert line["mean_abs_ln_ratio"] < 0.7 * line["constant"]
    assert 0.6 < line[schema.format_coverage_metric(0.9)] <= 1.0
    assert line[LOWERED_MAPE] < line["mape"]
    assert (predictions[schema.PREDICTED_KAPPA] <= predictions[schema.PREDICTED_MEDIAN_KAPPA]).all()
    # How many rows share a formula is counted in what has trained.
    formulas = some.table[schema.FORMULA]
    assert line[SHARED_FORMULA] == formulas[len(train) : -5].isin(formulas[: len(train)]).sum()
    assert (measured[N_SAME_FORMULA] > 0).sum() == line[SHARED_FORMULA]
    assert tabulate_protocols(summary).index.tolist() == ["Phonix, formula", "Phonix, selected by kappa < 1, formula"]
    assert summary.loc[("formula", LOW_KAPPA), "n"] == 5
    (axes,) = draw_parity(predictions).axes
    assert axes.get_xscale() == "log"
    assert set(predictions[PROTOCOL]) == {"formula"}
