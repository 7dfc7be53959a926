"""Protocols: which rows test, of the project's own data."""

import dataclasses
import typing
from pathlib import Path

import numpy as np
import pytest

from paraisite.config import Config, ProtocolName, load_config
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.splits import draw_random_splits
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.evaluation.protocols import PROTOCOLS

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
