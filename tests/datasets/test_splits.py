"""The paper's splits and the table that records them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.config import DataConfig
from paraisite.datasets.splits import Split, random_splits, split_table
from paraisite.datasets.table import Dataset, load_dataset
from paraisite.errors import DataError

DATA = Path(__file__).parents[2] / "data"
CONFIG = DataConfig(aflow_table=Path("absent.jsonl.gz"), formation_energy_weights=Path("absent.hdf5"))


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("togo15", CONFIG, DATA)


def test_split_is_the_papers_permutation() -> None:
    """NumPy's frozen legacy generator: RandomState(1).permutation(95), first int(0.8 * 95) = 76 rows train."""
    (split,) = random_splits(95, seeds=[1], train_fraction=0.8)
    order = np.random.RandomState(1).permutation(95)
    assert (len(split.train), len(split.validation)) == (76, 19)
    np.testing.assert_array_equal(np.concatenate([split.train, split.validation]), order)


@given(n_row=st.integers(1, 300), seed=st.integers(0, 2**32 - 1))
def test_every_row_is_in_exactly_one_part(n_row: int, seed: int) -> None:
    (split,) = random_splits(n_row, seeds=[seed], train_fraction=0.8)
    assert sorted([*split.train, *split.validation]) == list(range(n_row))


def test_table_says_who_is_where(dataset: Dataset) -> None:
    (split,) = random_splits(len(dataset), seeds=[3], train_fraction=0.8)
    table = split_table(dataset, split)
    assert list(table.columns) == ["split_seed", "part", "row", "material_id", "formula"]
    assert (table["split_seed"] == 3).all()
    for column, values in (("material_id", dataset.table["material_id"]), ("row", dataset.table.index)):
        assert table.loc[table["part"] == "train", column].tolist() == values[split.train].tolist()
        assert table.loc[table["part"] == "validation", column].tolist() == values[split.validation].tolist()


@pytest.mark.parametrize("n_row", [94, 96])
def test_split_of_another_dataset_is_an_error(dataset: Dataset, n_row: int) -> None:
    (split,) = random_splits(n_row, seeds=[5], train_fraction=0.8)
    with pytest.raises(DataError, match=f"split 5 divides {n_row} rows, expected each of the 95 rows of togo15 once"):
        split_table(dataset, split)


def test_row_on_both_sides_is_an_error(dataset: Dataset) -> None:
    leaking = Split(seed=7, train=np.arange(80), validation=np.arange(79, 94))
    with pytest.raises(DataError, match="split 7 divides 95 rows"):
        split_table(dataset, leaking)
