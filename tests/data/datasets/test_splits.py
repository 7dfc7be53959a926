"""The paper's splits and the table that records them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paraisite.config import DataConfig
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.splits import (
    Split,
    compute_splits_digest,
    draw_formula_splits,
    draw_grouped_split,
    draw_random_splits,
    draw_splits,
    tabulate_split,
)
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.structure_types import rocksalt
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


def selected_dataset(name: str, *, n_formula: int = 20, selected: bool = True) -> Dataset:
    """Return two polymorphs of each formula, and on request selected rows: of every third one, and of five others."""
    records = []
    pairs = [(a, b) for a in ("Li", "Na", "K", "Rb", "Cs") for b in ("F", "Cl", "Br", "I", "H")]
    for number, (cation, anion) in enumerate(pairs):
        for copy in range(3):
            is_selected = selected and (number >= n_formula or (copy == 2 and number % 3 == 0))
            if copy == 2 and not is_selected:
                continue
            structure = rocksalt(cation, anion, a_angstrom=5.0 + 0.1 * copy)
            record = Record(
                f"{number}-{copy}", structure, 1.0 + number, "rocksalt", "here", selected_by_label=is_selected
            )
            records.append(record)
    return build_dataset(name, records)


def test_data_sets_without_selection_keep_the_papers_splits(bundled_data: Path) -> None:
    for name, n_row, digest in (
        ("togo15", 95, "eb682e6ec8bdda5a"),
        ("hh143", 143, "ca88fe5f2a7b5a37"),
    ):
        dataset = load_dataset(name, CONFIG, bundled_data)
        splits = draw_splits(dataset, seeds=range(1, 10), train_fraction=0.8)
        paper = draw_random_splits(n_row, seeds=range(1, 10), train_fraction=0.8)
        assert compute_splits_digest(splits) == compute_splits_digest(paper)
        assert compute_splits_digest(splits).startswith(digest)


@pytest.mark.parametrize(("name", "selected"), [("phonix", True), ("phonix", False), ("other", True)])
def test_formulas_stay_whole_and_selected_rows_are_never_held_out(name: str, selected: bool) -> None:
    dataset = selected_dataset(name, selected=selected)
    formula, chosen = dataset.table["formula"].to_numpy(), dataset.selected_by_label
    for split in draw_splits(dataset, seeds=range(1, 10), train_fraction=0.8):
        assert not set(formula[split.train]) & set(formula[split.validation])
        assert not chosen[split.validation].any()
        testable = set(formula[~chosen])
        assert len(set(formula[split.validation])) == len(testable) - int(0.8 * len(testable))
        left_out = np.setdiff1d(np.arange(len(dataset)), np.concatenate([split.train, split.validation]))
        assert chosen[left_out].all()
        assert set(formula[left_out]) <= set(formula[split.validation])
        assert len(tabulate_split(dataset, split)) == len(dataset) - len(left_out)


def test_formulas_are_drawn_as_the_paper_draws_rows() -> None:
    formulas = ["c", "a", "b", "a", "e", "d", "c"]
    (split,) = draw_formula_splits(formulas, selected=np.zeros(7, np.bool_), seeds=[3], train_fraction=0.8)
    (of_names,) = draw_random_splits(5, seeds=[3], train_fraction=0.8)
    names = np.array(sorted(set(formulas)))
    assert list(dict.fromkeys(np.array(formulas)[split.train])) == names[of_names.train].tolist()
    assert list(dict.fromkeys(np.array(formulas)[split.validation])) == names[of_names.validation].tolist()


def test_a_split_that_holds_out_a_selected_row_is_refused() -> None:
    dataset = selected_dataset("other")
    rows = np.arange(len(dataset))
    with pytest.raises(DataError, match="were selected by their label, expected none"):
        tabulate_split(dataset, Split(seed=1, train=rows[:-3], validation=rows[-3:]))
    with pytest.raises(DataError, match="expected each of the"):
        tabulate_split(dataset, Split(seed=1, train=rows[5:-9], validation=rows[:3]))
