"""Nested splits for an honest evaluation: held-out test rows, and folds of the training rows for every choice.

Whatever is chosen (weights, epoch, settings, how models are combined) is chosen on the folds of the training rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from paraisite.arrays import Ints
from paraisite.data.datasets.label_selection import add_selected_rows
from paraisite.data.datasets.splits import Split, draw_random_splits
from paraisite.errors import DataError


@dataclass(frozen=True, eq=False)
class NestedSplit:
    """One split of a data set's rows.

    Attributes:
        seed: Seed of the split; numbers from 1 where the split is not drawn.
        name: For people: the seed, or what was left out.
        train: Row numbers to train on, int64 [n_train].
        test: Row numbers that only the last evaluation sees, int64 [n_test].
        folds: Disjoint parts of ``train`` that together are all of it.
        unmeasured: Those of ``train`` that were selected by their label: they are predicted out of fold like the
            others, but nothing is measured on them, int64.
    """

    seed: int
    name: str
    train: Ints
    test: Ints
    folds: tuple[Ints, ...]
    unmeasured: Ints = field(default_factory=lambda: np.empty(0, np.int64))

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """Which rows of ``train`` errors are measured on, bool [n_train]."""
        return ~np.isin(self.train, self.unmeasured)

    def inner(self) -> Iterator[Split]:
        """Yield one split of the training rows per fold, which validates, without its rows that are not measured."""
        for fold in self.folds:
            validation = fold[~np.isin(fold, self.unmeasured)]
            yield Split(seed=self.seed, train=self.train[~np.isin(self.train, fold)], validation=validation)


def draw_random_nested_splits(
    n_row: int, *, seeds: Sequence[int], train_fraction: float, n_fold: int
) -> tuple[NestedSplit, ...]:
    """Return the paper's splits: for each seed the same test rows as ``draw_random_splits``' validation rows.

    Raises:
        DataError: There are fewer training rows than folds, or no test row.
    """
    splits = draw_random_splits(n_row, seeds=seeds, train_fraction=train_fraction)
    return nest_splits(splits, groups=np.arange(n_row).astype(str).tolist(), n_fold=n_fold)


def nest_splits(
    splits: Sequence[Split], *, groups: Sequence[str], n_fold: int, selected: npt.NDArray[np.bool_] | None = None
) -> tuple[NestedSplit, ...]:
    """Return splits with folds: their validation rows test.

    Args:
        splits: Of the rows.
        groups: Group of each row, which folds leave whole, [n_row].
        n_fold: Folds of the training rows.
        selected: Which rows were selected by their label, [n_row]; by default none.

    Raises:
        DataError: There are fewer training groups than folds, or no test row.
    """
    names = np.asarray(groups)
    return tuple(
        _nested(
            split.seed,
            str(split.seed),
            train=split.train,
            test=split.validation,
            groups=names,
            n_fold=n_fold,
            selected=selected,
        )
        for split in splits
    )


def draw_grouped_nested_splits(
    groups: Sequence[str],
    *,
    seeds: Sequence[int],
    train_fraction: float,
    n_fold: int,
    selected: npt.NDArray[np.bool_] | None = None,
    formulas: Sequence[str] | None = None,
) -> tuple[NestedSplit, ...]:
    """Return random splits that leave every group whole, in the folds as well.

    Args:
        groups: Group of each row, e.g. its reduced formula, [n_row].
        seeds: One split for each.
        train_fraction: Share of the groups that train, in (0, 1).
        n_fold: Folds of the training rows.
        selected: Which rows were selected by their label, [n_row]; by default none. They train where none of their
            group tests, and are left out elsewhere.
        formulas: Of each row, where groups are larger than formulas, [n_row]: rows of a formula that tests are left out
            of the training.

    Raises:
        DataError: There are fewer groups than that needs.
    """
    names = np.asarray(groups)
    chosen = np.zeros(len(names), np.bool_) if selected is None else selected
    rows = np.flatnonzero(~chosen)
    _check_number(len(np.unique(names[rows])), n_fold)
    splits = []
    for seed in seeds:
        shuffle = GroupShuffleSplit(n_splits=1, train_size=train_fraction, random_state=seed)
        first, second = next(shuffle.split(rows, groups=names[rows]))
        test = rows[second]
        train = add_selected_rows(rows[first], test, selected=chosen, groups=names)
        if formulas is not None:
            train = _without_formulas_of(test, train, formulas)
        splits.append(_nested(seed, str(seed), train=train, test=test, groups=names, n_fold=n_fold, selected=selected))
    return tuple(splits)


def make_leave_one_out_splits(
    kinds: Sequence[str],
    *,
    groups: Sequence[str],
    n_fold: int,
    selected: npt.NDArray[np.bool_] | None = None,
) -> tuple[NestedSplit, ...]:
    """Return one split for each kind, whose rows test; folds of the others leave every group whole.

    Args:
        kinds: Kind of each row, e.g. its prototype, [n_row].
        groups: Group of each row, [n_row].
        n_fold: Folds of the training rows.
        selected: Which rows were selected by their label, [n_row]; by default none. A kind without other rows is not
            left out.

    Raises:
        DataError: There is only one kind, or too few groups remain.
    """
    names, kind_of_row = np.asarray(groups), np.asarray(kinds)
    testable = np.ones(len(names), np.bool_) if selected is None else ~selected
    if len(kept := np.unique(kind_of_row[testable])) < 2:
        raise DataError(f"all rows are {kept[0] if len(kept) else 'absent'}: there is nothing to leave out")
    return tuple(
        _nested(
            number,
            str(kind),
            train=np.flatnonzero(kind_of_row != kind),
            test=np.flatnonzero((kind_of_row == kind) & testable),
            groups=names,
            n_fold=n_fold,
            selected=selected,
        )
        for number, kind in enumerate(kept, start=1)
    )


def make_benchmark_split(
    parts: Sequence[str | None],
    part: str,
    *,
    groups: Sequence[str],
    formulas: Sequence[str],
    n_fold: int,
    number: int = 1,
    selected: npt.NDArray[np.bool_] | None = None,
) -> NestedSplit:
    """Return the split whose test rows are a test set that others have chosen.

    Args:
        parts: Test set that each row is in, or None, [n_row].
        part: Which of them tests.
        groups: Group of each row, none of which is both in the training and in the test rows, [n_row].
        formulas: Of each row, [n_row]: neither is any of these.
        n_fold: Folds of the training rows, which leave every group whole.
        number: In place of a seed.
        selected: Which rows were selected by their label, [n_row]; by default none.

    Raises:
        DataError: No row of the test set is left to measure errors on, or too few groups remain.
    """
    names, in_part = np.asarray(groups), np.asarray([each == part for each in parts])
    test = np.flatnonzero(in_part if selected is None else in_part & ~selected)
    train = np.flatnonzero(~in_part & ~np.isin(names, names[test]))
    train = _without_formulas_of(test, train, formulas)
    return _nested(number, part, train=train, test=test, groups=names, n_fold=n_fold, selected=selected)


def _without_formulas_of(test: Ints, train: Ints, formulas: Sequence[str]) -> Ints:
    names = np.asarray(formulas)
    return train[~np.isin(names[train], names[test])]


def _nested(
    seed: int,
    name: str,
    *,
    train: npt.NDArray[np.integer],
    test: npt.NDArray[np.integer],
    groups: npt.NDArray[np.str_],
    n_fold: int,
    selected: npt.NDArray[np.bool_] | None = None,
) -> NestedSplit:
    _check_number(len(np.unique(groups[train])), n_fold)
    if not len(test):
        raise DataError(f"split {name}: no row is left to test")
    folds = GroupKFold(n_fold, shuffle=True, random_state=seed).split(train, groups=groups[train])
    return NestedSplit(
        seed=seed,
        name=name,
        train=train.astype(np.int64),
        test=test.astype(np.int64),
        folds=tuple(train[rows].astype(np.int64) for _, rows in folds),
        unmeasured=train[np.zeros(len(train), np.bool_) if selected is None else selected[train]].astype(np.int64),
    )


def _check_number(n_group: int, n_fold: int) -> None:
    if not 2 <= n_fold <= n_group:
        raise DataError(f"{n_fold} folds of {n_group} groups, expected at least two and no more than there are groups")
