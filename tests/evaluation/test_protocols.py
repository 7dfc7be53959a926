"""Protocols: which rows test, of the project's own data."""

import dataclasses
import typing
from pathlib import Path

import numpy as np
import pytest

from paraisite.config import Config, ProtocolName, load_config
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.splits import draw_random_splits, draw_splits
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.evaluation.cross_validation import cross_fit_tabular
from paraisite.evaluation.protocols import PROTOCOLS
from paraisite.evaluation.scores import tabulate_estimates
from paraisite.models.tabular import TabularModel, predict_constant

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(ROOT / "params.yaml")


@pytest.fixture(scope="module")
def togo15(config: Config, bundled_data: Path) -> Dataset:
    return load_dataset("togo15", config.data, bundled_data)


def test_the_pipelines_protocols_are_known(config: Config) -> None:
    assert set(config.evaluation.protocols) <= set(PROTOCOLS)
    assert typing.get_args(ProtocolName) == tuple(PROTOCOLS)


def test_honest_tests_the_papers_fifths(togo15: Dataset, config: Config) -> None:
    splits = PROTOCOLS["honest"].divide(togo15, config.splits, config.evaluation)
    paper = draw_random_splits(95, seeds=range(1, 10), train_fraction=0.8)
    for found, expected in zip(splits, paper, strict=True):
        np.testing.assert_array_equal(found.test, expected.validation)
        assert len(found.folds) == config.evaluation.n_fold


def test_grouped_has_no_formula_on_two_sides(togo15: Dataset, config: Config) -> None:
    formula = togo15.table["formula"].to_numpy()
    splits = PROTOCOLS["grouped"].divide(togo15, config.splits, config.evaluation)
    assert len(splits) == len(config.splits.seeds)
    for split in splits:
        parts = [set(formula[rows]) for rows in (split.test, *split.folds)]
        assert sum(map(len, parts)) == len(set(formula))
        assert 10 <= len(split.test) <= 30


def test_each_prototype_is_left_out(togo15: Dataset, config: Config) -> None:
    splits = PROTOCOLS["leave-one-prototype-out"].divide(togo15, config.splits, config.evaluation)
    assert {split.name for split in splits} == {"rocksalt", "zincblende", "wurtzite"}
    for split in splits:
        assert set(togo15.table["prototype"].iloc[split.test]) == {split.name}


def test_without_prototypes_none_can_be_left_out(togo15: Dataset, config: Config) -> None:
    unnamed = dataclasses.replace(togo15, table=togo15.table.assign(prototype=None))
    with pytest.raises(DataError, match="togo15 does not name every material's prototype"):
        PROTOCOLS["leave-one-prototype-out"].divide(unnamed, config.splits, config.evaluation)


@pytest.fixture(scope="module")
def phonix(config: Config, bundled_data: Path) -> Dataset:
    return load_dataset("phonix", config.data, bundled_data)


@pytest.mark.parametrize("name", ["honest", "grouped", "space-group", "structure-type", "benchmark"])
def test_phonix_is_split_without_its_selected_rows_in_any_test_part(name: str, phonix: Dataset, config: Config) -> None:
    formula, selected = phonix.table["formula"].to_numpy(), phonix.selected_by_label
    splits = PROTOCOLS[name].divide(phonix, config.splits, config.evaluation)
    assert len(splits) == (2 if name == "benchmark" else 9)
    for split in splits:
        assert not set(formula[split.train]) & set(formula[split.test])
        assert not selected[split.test].any()
        assert selected[split.unmeasured].all()
        assert split.measured.sum() == (~selected[split.train]).sum()
        assert selected[split.train].sum() > 400


@pytest.mark.parametrize(("name", "column"), [("space-group", "space_group"), ("structure-type", "prototype")])
def test_no_kind_is_on_two_sides(name: str, column: str, phonix: Dataset, config: Config) -> None:
    kinds = phonix.table[column].to_numpy()
    for split in PROTOCOLS[name].divide(phonix, config.splits, config.evaluation):
        parts = [set(kinds[rows]) for rows in (split.test, *split.folds)]
        assert sum(map(len, parts)) == len(set().union(*parts))


def test_the_benchmarks_test_sets_test(phonix: Dataset, config: Config) -> None:
    random, unseen = PROTOCOLS["benchmark"].divide(phonix, config.splits, config.evaluation)
    assert (random.name, len(random.test)) == ("random_test", 1095)
    assert (unseen.name, len(unseen.test)) == ("spacegroup_test", 898)
    groups = phonix.table["space_group"].to_numpy()
    assert not set(groups[unseen.train]) & set(groups[unseen.test])


def test_honest_tests_what_a_training_on_phonix_holds_out(phonix: Dataset, config: Config) -> None:
    splits = PROTOCOLS["honest"].divide(phonix, config.splits, config.evaluation)
    drawn = draw_splits(phonix, seeds=config.splits.seeds, train_fraction=config.splits.train_fraction)
    for found, expected in zip(splits, drawn, strict=True):
        np.testing.assert_array_equal(found.test, expected.validation)


def test_a_thousand_structure_types_are_not_left_out_one_by_one(phonix: Dataset, config: Config) -> None:
    with pytest.raises(DataError, match="1,306 structure types, expected at most 30: protocol structure-type"):
        PROTOCOLS["leave-one-prototype-out"].divide(phonix, config.splits, config.evaluation)


def test_what_a_data_set_does_not_name_it_cannot_be_split_by(togo15: Dataset, config: Config) -> None:
    for name, message in (
        ("space-group", "togo15 does not name every material's space_group"),
        ("benchmark", "togo15 names no benchmark_split"),
    ):
        with pytest.raises(DataError, match=message):
            PROTOCOLS[name].divide(togo15, config.splits, config.evaluation)


def test_rows_in_no_test_set_of_the_benchmark_train(phonix: Dataset, config: Config) -> None:
    table = phonix.table.assign(benchmark_split=phonix.table["benchmark_split"].where(phonix.table.index > 500))
    full = dataclasses.replace(phonix, name="phonix-full", table=table.drop(columns="selected_by_label"))
    random, _ = PROTOCOLS["benchmark"].divide(full, config.splits, config.evaluation)
    assert random.test.min() > 500
    assert (random.train <= 500).sum() > 400
    assert not len(random.unmeasured)


def test_an_evaluation_on_phonix_measures_rows_that_were_not_selected(phonix: Dataset, config: Config) -> None:
    """The weighted median is that of the rows without the selection, far above the plain one of all rows."""
    splits = PROTOCOLS["benchmark"].divide(phonix, config.splits, config.evaluation)
    kappa, selected = phonix.table["kappa_w_per_m_k"].to_numpy(), phonix.selected_by_label
    model = TabularModel("constant", (), predict_constant, "")
    fits = cross_fit_tabular(model, blocks={}, log10_kappa=np.log10(kappa), splits=splits, selected=selected)
    table = tabulate_estimates("constant", fits, phonix, seed=42)
    assert len(table) == 1095 + 898
    assert set(table["material_id"]) <= set(phonix.table["material_id"][~selected])
    median, plain = np.median(kappa[~selected]), np.median(kappa)
    np.testing.assert_allclose(table["predicted_median_kappa_w_per_m_k"], median, rtol=0.25)
    assert plain < 0.5 * median
