"""Nested splits for an honest evaluation: no test row takes part in a choice."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from paraisite.data.datasets.nested_splits import (
    NestedSplit,
    draw_grouped_nested_splits,
    draw_random_nested_splits,
    make_benchmark_split,
    make_leave_one_out_splits,
    nest_splits,
)
from paraisite.data.datasets.splits import draw_formula_splits, draw_random_splits
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


N = 60
SELECTED = np.arange(N) % 4 == 0
FORMULAS = [f"formula {row // 2 % 25}" for row in range(N)]
GROUPS = [f"space group {row % 12}" for row in range(N)]


def check_selected(split: NestedSplit) -> None:
    """Check that nothing is measured on a selected row, though they train."""
    assert not SELECTED[split.test].any()
    assert SELECTED[split.unmeasured].all()
    np.testing.assert_array_equal(split.measured, ~SELECTED[split.train])
    assert SELECTED[split.train].any()
    assert not set(split.train) & set(split.test)
    np.testing.assert_array_equal(np.sort(np.concatenate(split.folds)), np.sort(split.train))
    for inner, fold in zip(split.inner(), split.folds, strict=True):
        assert not SELECTED[inner.validation].any()
        assert set(inner.validation) == set(fold[~SELECTED[fold]])
        assert not set(inner.train) & set(fold)


def of(values: list[str], rows: np.ndarray) -> set[str]:
    return set(np.array(values)[rows])


def test_groups_with_selected_rows_stay_whole() -> None:
    for split in draw_grouped_nested_splits(FORMULAS, seeds=[1, 2], train_fraction=0.7, n_fold=3, selected=SELECTED):
        check_selected(split)
        assert not of(FORMULAS, split.train) & of(FORMULAS, split.test)
        for inner, fold in zip(split.inner(), split.folds, strict=True):
            assert not of(FORMULAS, inner.train) & of(FORMULAS, fold)


def test_neither_a_group_nor_a_formula_is_on_two_sides() -> None:
    for split in draw_grouped_nested_splits(
        GROUPS, seeds=[1, 2], train_fraction=0.7, n_fold=3, selected=SELECTED, formulas=FORMULAS
    ):
        check_selected(split)
        for names in (GROUPS, FORMULAS):
            assert not of(names, split.train) & of(names, split.test)


def test_drawn_splits_get_folds_that_measure_nothing_on_selected_rows() -> None:
    drawn = draw_formula_splits(FORMULAS, selected=SELECTED, seeds=[1, 2], train_fraction=0.7)
    for split, nested in zip(drawn, nest_splits(drawn, groups=FORMULAS, n_fold=3, selected=SELECTED), strict=True):
        check_selected(nested)
        np.testing.assert_array_equal(nested.test, split.validation)
        np.testing.assert_array_equal(nested.train, split.train)


def test_a_benchmarks_test_set_tests_and_its_groups_train_nowhere() -> None:
    parts = ["first" if row % 5 == 1 else None for row in range(N)]
    split = make_benchmark_split(parts, "first", groups=FORMULAS, formulas=FORMULAS, n_fold=3, selected=SELECTED)
    check_selected(split)
    assert split.name == "first"
    assert set(split.test) == {row for row in range(N) if row % 5 == 1 and not SELECTED[row]}
    assert not of(FORMULAS, split.train) & of(FORMULAS, split.test)
    with pytest.raises(DataError, match="split low: no row is left to test"):
        make_benchmark_split(
            ["low" if each else None for each in SELECTED],
            "low",
            groups=FORMULAS,
            formulas=FORMULAS,
            n_fold=3,
            selected=SELECTED,
        )


def test_a_kind_of_selected_rows_alone_is_not_left_out() -> None:
    kinds = ["selected" if each else "ab"[row % 2] for row, each in enumerate(SELECTED)]
    nested = make_leave_one_out_splits(kinds, groups=FORMULAS, n_fold=2, selected=SELECTED)
    assert [split.name for split in nested] == ["a", "b"]
    for split in nested:
        check_selected(split)
