"""Nested splits for an honest evaluation: held-out test rows, and folds of the training rows for every choice.

Whatever is chosen (weights, epoch, settings, how models are combined) is chosen on the folds of the training rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from paraisite.arrays import Ints
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
    """

    seed: int
    name: str
    train: Ints
    test: Ints
    folds: tuple[Ints, ...]

    def inner(self) -> Iterator[Split]:
        """Yield one split of the training rows per fold, which validates."""
        for fold in self.folds:
            yield Split(seed=self.seed, train=self.train[~np.isin(self.train, fold)], validation=fold)


def draw_random_nested_splits(
    n_row: int, *, seeds: Sequence[int], train_fraction: float, n_fold: int
) -> tuple[NestedSplit, ...]:
    """Return the paper's splits: for each seed the same test rows as ``draw_random_splits``' validation rows.

    Raises:
        DataError: There are fewer training rows than folds, or no test row.
    """
    return tuple(
        _nested(
            split.seed,
            str(split.seed),
            train=split.train,
            test=split.validation,
            groups=np.arange(n_row).astype(str),
            n_fold=n_fold,
        )
        for split in draw_random_splits(n_row, seeds=seeds, train_fraction=train_fraction)
    )


def draw_grouped_nested_splits(
    groups: Sequence[str], *, seeds: Sequence[int], train_fraction: float, n_fold: int
) -> tuple[NestedSplit, ...]:
    """Return random splits that leave every group whole, in the folds as well.

    Args:
        groups: Group of each row, e.g. its reduced formula, [n_row].
        seeds: One split for each.
        train_fraction: Share of the groups that train, in (0, 1).
        n_fold: Folds of the training rows.

    Raises:
        DataError: There are fewer groups than that needs.
    """
    names = np.asarray(groups)
    _check_number(len(np.unique(names)), n_fold)
    splits = []
    for seed in seeds:
        shuffle = GroupShuffleSplit(n_splits=1, train_size=train_fraction, random_state=seed)
        train, test = next(shuffle.split(names, groups=names))
        splits.append(_nested(seed, str(seed), train=train, test=test, groups=names, n_fold=n_fold))
    return tuple(splits)


def make_leave_one_out_splits(kinds: Sequence[str], *, groups: Sequence[str], n_fold: int) -> tuple[NestedSplit, ...]:
    """Return one split for each kind, whose rows test; folds of the others leave every group whole.

    Args:
        kinds: Kind of each row, e.g. its prototype, [n_row].
        groups: Group of each row, [n_row].
        n_fold: Folds of the training rows.

    Raises:
        DataError: There is only one kind, or too few groups remain.
    """
    names, kind_of_row = np.asarray(groups), np.asarray(kinds)
    if len(kept := np.unique(kind_of_row)) < 2:
        raise DataError(f"all rows are {kept[0] if len(kept) else 'absent'}: there is nothing to leave out")
    return tuple(
        _nested(
            number,
            str(kind),
            train=np.flatnonzero(kind_of_row != kind),
            test=np.flatnonzero(kind_of_row == kind),
            groups=names,
            n_fold=n_fold,
        )
        for number, kind in enumerate(kept, start=1)
    )


def _nested(
    seed: int, name: str, *, train: npt.NDArray[np.integer], test: npt.NDArray[np.integer], groups: Ints, n_fold: int
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
    )


def _check_number(n_group: int, n_fold: int) -> None:
    if not 2 <= n_fold <= n_group:
        raise DataError(f"{n_fold} folds of {n_group} groups, expected at least two and no more than there are groups")
