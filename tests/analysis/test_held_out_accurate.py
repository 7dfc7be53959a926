"""No fold of the default model's cross-validation tests what it has trained on, under any protocol."""

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from paraisite import schema
from paraisite.analysis.held_out_accurate import (
    CONSTANT,
    DATA_SET,
    FOLD,
    LOW_KAPPA,
    N_SAME_FORMULA,
    N_SAME_FORMULA_CORRECTING,
    PROTOCOL,
    Fold,
    draw_folds,
    name_data_sets,
    predict_fold,
)
from paraisite.analysis.held_out_errors import (
    LOWERED_MAPE,
    SHARED_FORMULA,
    SHARED_FORMULA_CORRECTING,
    summarise_predictions,
)
from paraisite.artifacts.inputs import load_data
from paraisite.config import load_config
from paraisite.data.crystal_kinds import name_structure_type
from paraisite.data.datasets.accurate import join_labels
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.sources.lab_tables import SOURCES
from paraisite.data.validation import N_ELEMENT
from paraisite.inference.relevance_fitting import LABEL_WEIGHT, TOGO15_WEIGHT, describe_materials, weigh_rows
from paraisite.labels.functional_correction import CorrectedLabels
from paraisite.models import relevance_likelihood
from paraisite.reports.cross_validation import draw_parity, tabulate_protocols
from tests.graphs.crystals import diamond, perovskite

Accurate = tuple[Dataset, npt.NDArray[np.str_], list[Fold]]


LABELS = build_dataset(
    "kappa",
    [
        Record("perovskite:Ba-Ti-O", perovskite(), 8.0, "perovskite", SOURCES["kappa"]),
        Record("silicon:Si", diamond(), 120.0, "silicon", SOURCES["kappa"]),
        Record("silicon:Ge", diamond(5.7, ("Ge", "Ge")), 50.0, "silicon", SOURCES["kappa"]),
    ],
)
SPACE_GROUPS = np.array([221, 227, 227])
IS_LABEL = slice(-3, None)


@pytest.fixture(scope="module")
def accurate() -> Accurate:
    """All accurate rows, and three labels of our own at the end."""
    config = load_config()
    dataset = join_labels(load_data("accurate", config), LABELS)
    return dataset, np.array(name_data_sets(dataset)), list(draw_folds(dataset, seeds=config.splits.seeds))


def test_data_sets_are_told_by_their_sources(accurate: Accurate) -> None:
    dataset, sources, _ = accurate
    assert sources.tolist() == [*["togo15"] * 95, *["hh143"] * 143, *["phonix"] * (len(dataset) - 241), *["kappa"] * 3]


def test_rows_of_togo15_count_more_beside_others_and_selected_rows_less(accurate: Accurate) -> None:
    dataset, sources, _ = accurate
    weights = weigh_rows(dataset)
    of_togo15 = sources == "togo15"
    without_labels = dataset.take(np.arange(len(dataset) - 3)).sample_weights
    np.testing.assert_array_equal(weights[:-3], without_labels * np.where(of_togo15[:-3], TOGO15_WEIGHT, 1.0))
    assert set(weights[IS_LABEL]) == {LABEL_WEIGHT}
    assert weights[dataset.selected_by_label].max() < 1.0
    assert set(weigh_rows(LABELS)) == {1.0}
    assert set(weigh_rows(dataset.take(np.flatnonzero(sources == "togo15")))) == {1.0}


def test_no_formula_of_a_test_row_trains_but_in_the_published_splits(accurate: Accurate) -> None:
    dataset, sources, folds = accurate
    formulas = dataset.table[schema.FORMULA].to_numpy()
    for fold in folds:
        assert "kappa" not in sources[fold.held_out]
        shared = np.isin(formulas[fold.train], formulas[fold.held_out])
        assert not set(fold.train) & set(fold.held_out)
        if fold.protocol == "togo15-honest":
            assert set(sources[fold.train][shared]) <= {"togo15"}
        else:
            assert not shared.any()


def test_no_space_group_and_no_structure_type_of_a_test_row_trains(accurate: Accurate) -> None:
    dataset, sources, folds = accurate
    names = (schema.SPACE_GROUP, schema.PROTOTYPE, schema.FORMULA)
    groups, types, formulas = (dataset.table[name].to_numpy() for name in names)
    of_togo15 = {"rocksalt": 225, "zincblende": 216, "wurtzite": 186}
    by_group = [fold for fold in folds if fold.protocol == "space-group"]
    assert len(by_group) == 5
    for fold in by_group:
        tested = set(groups[fold.held_out])
        assert not tested & set(groups[fold.train])
        others = {of_togo15[kind] for kind in types[fold.train][sources[fold.train] == "togo15"]}
        assert not tested & others
        labels = np.flatnonzero(sources == "kappa")
        expected = ~np.isin(SPACE_GROUPS, list(tested)) & ~np.isin(formulas[labels], formulas[fold.held_out])
        np.testing.assert_array_equal(np.isin(labels, fold.train), expected)
    assert {label for fold in by_group for label in np.flatnonzero(sources == "kappa") if label in fold.train}
    for fold in (fold for fold in folds if fold.protocol == "structure-type"):
        named = np.array([name_structure_type(name) for name in types])
        assert not set(named[fold.held_out]) & set(named[fold.train])
        assert {"phonix", "kappa"} <= set(sources[fold.train])
    without_rock_salt = [fold for fold in folds if "AB_cF8_225_a_b" in set(types[fold.held_out])]
    (by_type,) = (fold for fold in without_rock_salt if fold.protocol == "structure-type")
    assert "rocksalt" not in set(types[by_type.train]), "Togo15's own name of it"
    assert "wurtzite" in set(types[by_type.train])


def test_every_row_is_tested_once_by_formula_and_none_that_its_label_selected(accurate: Accurate) -> None:
    dataset, _, folds = accurate
    tested = np.concatenate([fold.test for fold in folds if fold.protocol == "formula"])
    np.testing.assert_array_equal(np.sort(tested), np.flatnonzero(~dataset.selected_by_label)[:-3])
    assert not any(dataset.selected_by_label[fold.test].any() for fold in folds)
    assert sum(len(fold.test) for fold in folds if fold.protocol == "togo15-honest") == 9 * 19
    for protocol in ("formula", "space-group", "structure-type"):
        selected = np.concatenate([fold.selected for fold in folds if fold.protocol == protocol])
        np.testing.assert_array_equal(np.sort(selected), np.flatnonzero(dataset.selected_by_label))


def test_a_fold_is_predicted_summarised_and_drawn(accurate: Accurate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relevance_likelihood, "N_STEP", 20)  # of 60: enough for a hundred rows
    dataset, _, _ = accurate
    is_small = np.array([len(structure) <= 8 for structure in dataset.structures])  # their descriptors take no time
    rows = np.flatnonzero(~dataset.selected_by_label & is_small)[30:-3:6]
    train, test = rows[: 3 * len(rows) // 4], rows[3 * len(rows) // 4 :]
    selected = np.flatnonzero(dataset.selected_by_label & is_small)[:5]
    labels = np.arange(len(dataset) - 3, len(dataset))
    some = dataset.take(np.concatenate([train, labels, test, selected]))
    train = np.concatenate([train, labels])
    elements = np.zeros((len(some), N_ELEMENT), np.bool_)
    materials = describe_materials(some)
    assert not materials.is_strained[len(train) - 3 : len(train)].any()
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
    assert set(predictions[CONSTANT]) == {some.table[schema.KAPPA].iloc[: len(train) - 3].median()}, "without labels"
    # What the labels come to is another correction's affair in each fold.
    asked: list[set[str]] = []

    def correct(tested: Collection[str]) -> CorrectedLabels:
        asked.append(set(tested))
        return CorrectedLabels(np.array([8.0, 1e4, 1e4]), (planted, planted, "Xe"))

    (fold, _) = folds
    planted = formulas.iloc[fold.held_out[0]]
    predicted = predict_fold(some, materials, elements, fold, correct_labels=correct)
    assert asked == [set(some.table[schema.FORMULA].iloc[fold.held_out])]
    # A tested formula among those that have corrected the labels is counted.
    count = predicted[N_SAME_FORMULA_CORRECTING]
    assert count.tolist() == [2 * (formula == planted) for formula in predicted[schema.FORMULA]]
    assert summarise_predictions(predicted)[SHARED_FORMULA_CORRECTING].sum() == (count > 0).sum()
    before = predictions[predictions[FOLD] == 1]
    assert (predicted[schema.PREDICTED_MEDIAN_KAPPA] != before[schema.PREDICTED_MEDIAN_KAPPA]).any()
    (axes,) = draw_parity(predictions).axes
    assert axes.get_xscale() == "log"
    assert set(predictions[PROTOCOL]) == {"formula"}
