"""Nested splits for an honest evaluation: no test row takes part in a choice."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paraisite.data.datasets.nested_splits import (
    NestedSplit,
    draw_grouped_nested_splits,
    draw_random_nested_splits,
    make_leave_one_out_splits,
)
from paraisite.data.datasets.splits import draw_random_splits
from paraisite.errors import DataError


def check_parts(split: NestedSplit, n_row: int) -> None:
    np.testing.assert_array_equal(np.sort(np.concatenate([split.train, split.test])), np.arange(n_row))
    np.testing.assert_array_equal(np.sort(np.concatenate(split.folds)), np.sort(split.train))
    for inner, fold in zip(split.inner(), split.folds, strict=True):
        np.testing.assert_array_equal(inner.validation, fold)
        np.testing.assert_array_equal(np.sort(np.concatenate([inner.train, fold])), np.sort(split.train))
        assert not set(inner.train) & set(fold)


@given(n_row=st.integers(12, 120), n_fold=st.integers(2, 6), seeds=st.sets(st.integers(0, 99), min_size=1, max_size=4))
def test_random_divisions_test_the_papers_fifths(n_row: int, n_fold: int, seeds: set[int]) -> None:
    nested = draw_random_nested_splits(n_row, seeds=sorted(seeds), train_fraction=0.8, n_fold=n_fold)
    for split, paper in zip(nested, draw_random_splits(n_row, seeds=sorted(seeds), train_fraction=0.8), strict=True):
        check_parts(split, n_row)
        np.testing.assert_array_equal(split.test, paper.validation)
        np.testing.assert_array_equal(split.train, paper.train)
        assert max(map(len, split.folds)) - min(map(len, split.folds)) <= 1


@settings(deadline=None)
@given(groups=st.lists(st.sampled_from("abcdefghijkl"), min_size=20, max_size=80), seed=st.integers(0, 99))
def test_groups_stay_whole_in_test_and_folds(groups: list[str], seed: int) -> None:
    assume(len(set(groups)) >= 6)
    (split,) = draw_grouped_nested_splits(groups, seeds=[seed], train_fraction=0.8, n_fold=3)
    check_parts(split, len(groups))
    parts = [{groups[row] for row in rows} for rows in (split.test, *split.folds)]
    assert sum(map(len, parts)) == len(set(groups))


def test_each_kind_is_left_out_once() -> None:
    kinds, groups = ["x", "y", "x", "z", "y", "z", "z", "x"], list("aabbccdd")
    nested = make_leave_one_out_splits(kinds, groups=groups, n_fold=2)
    assert [split.name for split in nested] == ["x", "y", "z"]
    for split in nested:
        check_parts(split, len(kinds))
        assert {kinds[row] for row in split.test} == {split.name}
        folds = [{groups[row] for row in fold} for fold in split.folds]
        assert not folds[0] & folds[1]


def test_the_same_seed_gives_the_same_folds() -> None:
    first, again = (draw_random_nested_splits(95, seeds=[3], train_fraction=0.8, n_fold=5)[0] for _ in range(2))
    other = draw_random_nested_splits(95, seeds=[4], train_fraction=0.8, n_fold=5)[0]
    for fold, same in zip(first.folds, again.folds, strict=True):
        np.testing.assert_array_equal(fold, same)
    assert any(set(fold) != set(different) for fold, different in zip(first.folds, other.folds, strict=True))


def test_too_little_to_divide_is_a_clear_error() -> None:
    with pytest.raises(DataError, match="5 folds of 4 groups"):
        draw_random_nested_splits(5, seeds=[1], train_fraction=0.8, n_fold=5)
    with pytest.raises(DataError, match="no row is left to test"):
        draw_random_nested_splits(8, seeds=[1], train_fraction=1.0, n_fold=2)
    with pytest.raises(DataError, match="1 folds of 3 groups"):
        draw_grouped_nested_splits(list("abc"), seeds=[1], train_fraction=0.5, n_fold=1)
    with pytest.raises(DataError, match="all rows are x: there is nothing to leave out"):
        make_leave_one_out_splits(["x"] * 5, groups=list("abcde"), n_fold=2)
