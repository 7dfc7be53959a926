"""The splits of a data set, a grouped split with a test part, and the table of which row is in which part.

The paper's splits are of rows. Data sets of many polymorphs are split by formula, so that no compound is trained on
that is held out; rows that were selected by their label are never held out.

Source: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D: ``RandomState(seed).permutation(n)``, the first
``int(0.8 n)`` rows train.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from paraisite.data.datasets.label_selection import add_selected_rows, refuse_selected_rows
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources import phonix
from paraisite.errors import DataError
from paraisite.schema import FORMULA, MATERIAL_ID, PART, ROW, SPLIT_SEED, TRAIN, VALIDATION

SPLIT_BY_FORMULA: Final = frozenset({phonix.NAME, phonix.FULL_NAME})
"""Names of the data sets whose splits leave every formula whole."""


@dataclass(frozen=True)
class Split:
    """One split of a data set's rows.

    Rows that were selected by their label are in no part where their formula is held out; all others are in one.

    Attributes:
        seed: Seed of the permutation.
        train: Row numbers that train, in permutation order, int64 [n_train].
        validation: Row numbers held out, in permutation order, int64 [n_validation].
    """

    seed: int
    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]


def is_split_by_formula(dataset: Dataset) -> bool:
    """Return whether no split of a data set has a formula both in its training rows and in those that are held out."""
    return dataset.name in SPLIT_BY_FORMULA or bool(dataset.selected_by_label.any())


def draw_splits(dataset: Dataset, *, seeds: Sequence[int], train_fraction: float) -> tuple[Split, ...]:
    """Return the splits of a data set: the paper's, of rows, or of formulas, see ``is_split_by_formula``."""
    selected = dataset.selected_by_label
    if not is_split_by_formula(dataset):
        return draw_random_splits(len(dataset), seeds=seeds, train_fraction=train_fraction)
    formulas = dataset.table[FORMULA].tolist()
    return draw_formula_splits(formulas, selected=selected, seeds=seeds, train_fraction=train_fraction)


def draw_formula_splits(
    formulas: Sequence[str], *, selected: npt.NDArray[np.bool_], seeds: Sequence[int], train_fraction: float
) -> tuple[Split, ...]:
    """Return for each seed a split of the formulas, drawn as the paper draws its split of rows.

    Args:
        formulas: Of each row, [n_row].
        selected: Which rows were selected by their label, [n_row]: they train where none of their formula is held out,
            and are left out elsewhere.
        seeds: One split for each.
        train_fraction: Share of the formulas that train, of those with a row that was not selected.

    Returns:
        Rows of a formula follow each other, formulas in permutation order; selected rows come last.
    """
    groups = np.asarray(formulas, dtype=np.str_)
    rows = np.flatnonzero(~selected)
    names, formula_of_row = np.unique(groups[rows], return_inverse=True)
    splits = []
    for by_formula in draw_random_splits(len(names), seeds=seeds, train_fraction=train_fraction):
        place = np.argsort(np.concatenate([by_formula.train, by_formula.validation]))[formula_of_row]
        order = np.argsort(place, kind="stable")
        n_train = int(np.sum(place < len(by_formula.train)))
        train, validation = rows[order[:n_train]], rows[order[n_train:]]
        train = add_selected_rows(train, validation, selected=selected, groups=groups)
        splits.append(Split(seed=by_formula.seed, train=train, validation=validation))
    return tuple(splits)


def draw_random_splits(n_row: int, *, seeds: Sequence[int], train_fraction: float) -> tuple[Split, ...]:
    """Return the paper's split of ``n_row`` rows for each seed, whatever they are."""
    n_train = int(train_fraction * n_row)
    splits = []
    for seed in seeds:
        # The legacy generator is the paper's: its permutations cannot be had from numpy.random.Generator.
        order = np.random.RandomState(seed).permutation(n_row).astype(np.int64)
        splits.append(Split(seed=seed, train=order[:n_train], validation=order[n_train:]))
    return tuple(splits)


def compute_splits_digest(splits: Sequence[Split]) -> str:
    """Return the SHA-256, in hex, over every split's seed, training rows and validation rows."""
    sha256 = hashlib.sha256()
    for split in splits:
        for values in ([split.seed, len(split.train)], split.train, split.validation):
            sha256.update(np.asarray(values, dtype="<i8").tobytes())
    return sha256.hexdigest()


@dataclass(frozen=True)
class SplitWithTest(Split):
    """A split with held-out test rows: neither weights nor the epoch are chosen on them.

    Attributes:
        test: Row numbers that only the last evaluation sees, ascending, int64 [n_test].
    """

    test: npt.NDArray[np.int64]


def draw_grouped_split(groups: Sequence[str], *, seed: int, held_out_fraction: float = 0.1) -> SplitWithTest:
    """Return a random split that leaves every group whole, so that no formula has polymorphs on two sides.

    Args:
        groups: Group of each row, e.g. its reduced formula, [n_row].
        seed: Seed of the groups' order; rows may stand in any order.
        held_out_fraction: Share of the rows that test, and again that validate; exceeded by less than one group.

    Raises:
        DataError: There are too few groups for three parts.
    """
    names, group_of_row, size = np.unique(np.asarray(groups), return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    # A group belongs where its first row falls when all groups follow each other: test, validation, train.
    start = np.empty(len(names))
    start[order] = np.cumsum(size[order]) - size[order]
    part = np.digitize(start / len(group_of_row), [held_out_fraction, 2 * held_out_fraction])[group_of_row]
    test, validation, train = (np.flatnonzero(part == number).astype(np.int64) for number in range(3))
    if not (len(test) and len(validation) and len(train)):
        raise DataError(f"{len(names)} groups are too few to train, to validate and to test on different ones")
    return SplitWithTest(seed=seed, train=train, validation=validation, test=test)


def tabulate_split(dataset: Dataset, split: Split) -> pd.DataFrame:
    """Return one split's rows: columns split_seed, part, row (of the data set), material_id, formula.

    Rows keep the split's permutation order, the training rows first.

    Raises:
        DataError: The split was made for other rows, shares a row between its parts, leaves out one that was not
            selected by its label, or holds out one that was.
    """
    rows = np.concatenate([split.train, split.validation])
    selected = dataset.selected_by_label
    left_out = np.setdiff1d(np.flatnonzero(selected), rows)
    if not np.array_equal(np.sort(np.concatenate([rows, left_out])), np.arange(len(dataset))):
        raise DataError(
            f"split {split.seed} divides {len(rows)} rows, "
            f"expected each of the {len(dataset)} rows of {dataset.name} once"
        )
    refuse_selected_rows(split.validation, selected, what=f"split {split.seed} of {dataset.name}: its validation part")
    table = dataset.table[[MATERIAL_ID, FORMULA]].iloc[rows].reset_index(drop=True)
    table.insert(0, SPLIT_SEED, split.seed)
    table.insert(1, PART, np.repeat([TRAIN, VALIDATION], [len(split.train), len(split.validation)]))
    table.insert(2, ROW, rows)
    return table
