"""The paper's splits and the table that records them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.config import DataConfig
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.splits import Split, draw_grouped_split, draw_random_splits, tabulate_split
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError

DATA = Path(__file__).parents[3] / "data"
CONFIG = DataConfig(
    aflow_table=Path("absent.jsonl.gz"), formation_energy_weights=Path("absent.hdf5"), lab=Path("absent")
)


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    return load_dataset("togo15", CONFIG, DATA)


def test_split_is_the_papers_permutation() -> None:
    """NumPy's frozen legacy generator: RandomState(1).permutation(95), first int(0.8 * 95) = 76 rows train."""
    (split,) = draw_random_splits(95, seeds=[1], train_fraction=0.8)
    order = np.random.RandomState(1).permutation(95)
    assert (len(split.train), len(split.validation)) == (76, 19)
    np.testing.assert_array_equal(np.concatenate([split.train, split.validation]), order)


@given(n_row=st.integers(1, 300), seed=st.integers(0, 2**32 - 1))
def test_every_row_is_in_exactly_one_part(n_row: int, seed: int) -> None:
    (split,) = draw_random_splits(n_row, seeds=[seed], train_fraction=0.8)
    assert sorted([*split.train, *split.validation]) == list(range(n_row))


def test_table_says_who_is_where(dataset: Dataset) -> None:
    (split,) = draw_random_splits(len(dataset), seeds=[3], train_fraction=0.8)
    table = tabulate_split(dataset, split)
    assert list(table.columns) == ["split_seed", "part", "row", "material_id", "formula"]
    assert (table["split_seed"] == 3).all()
    for column, values in (("material_id", dataset.table["material_id"]), ("row", dataset.table.index)):
        assert table.loc[table["part"] == "train", column].tolist() == values[split.train].tolist()
        assert table.loc[table["part"] == "validation", column].tolist() == values[split.validation].tolist()


@pytest.mark.parametrize("n_row", [94, 96])
def test_split_of_another_dataset_is_an_error(dataset: Dataset, n_row: int) -> None:
    (split,) = draw_random_splits(n_row, seeds=[5], train_fraction=0.8)
    with pytest.raises(DataError, match=f"split 5 divides {n_row} rows, expected each of the 95 rows of togo15 once"):
        tabulate_split(dataset, split)


def test_row_on_both_sides_is_an_error(dataset: Dataset) -> None:
    leaking = Split(seed=7, train=np.arange(80), validation=np.arange(79, 94))
    with pytest.raises(DataError, match="split 7 divides 95 rows"):
        tabulate_split(dataset, leaking)


@given(sizes=st.lists(st.integers(1, 3), min_size=40, max_size=150), seed=st.integers(0, 2**32 - 1))
def test_no_group_is_on_two_sides(sizes: list[int], seed: int) -> None:
    shuffled = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))
    groups = [f"formula {number}" for number in shuffled]
    split = draw_grouped_split(groups, seed=seed)
    parts = [split.train, split.validation, split.test]
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))
    names = [{groups[row] for row in part} for part in parts]
    assert sum(map(len, names)) == len(set(groups))
    largest = max(groups.count(name) for name in set(groups))
    assert 0 <= len(split.test) - 0.1 * len(groups) < largest + 1e-9
    assert abs(len(split.validation) - 0.1 * len(groups)) < largest + 1e-9


def test_the_seed_decides_who_is_held_out_and_the_order_of_rows_does_not() -> None:
    groups = [f"formula {k % 70}" for k in range(200)]
    first, same, other = (draw_grouped_split(groups, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.test, same.test)
    np.testing.assert_array_equal(first.train, same.train)
    assert set(first.test) != set(other.test)
    backwards = draw_grouped_split(groups[::-1], seed=1)
    assert {groups[row] for row in first.test} == {groups[::-1][row] for row in backwards.test}


def test_too_few_groups_are_an_error() -> None:
    with pytest.raises(DataError, match="2 groups are too few"):
        draw_grouped_split(["NaCl"] * 50 + ["Si"] * 50, seed=0)
