"""The paper's random splits, and the table that says who is where.

Source: Klochko & d'Aquin, PCCP 2026, 10.1039/D5CP04401D: ``RandomState(seed).permutation(n)``, the first
``int(0.8 n)`` rows train.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from paraisite.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.schema import FORMULA, MATERIAL_ID, PART, ROW, SPLIT_SEED, TRAIN, VALIDATION


@dataclass(frozen=True)
class Split:
    """One division of a data set's rows.

    Attributes:
        seed: Seed of the permutation.
        train: Row numbers that train, in permutation order, int64 [n_train].
        validation: Row numbers held out, in permutation order, int64 [n_validation].
    """

    seed: int
    train: npt.NDArray[np.int64]
    validation: npt.NDArray[np.int64]


def random_splits(n_row: int, *, seeds: Sequence[int], train_fraction: float) -> tuple[Split, ...]:
    """Return the paper's split of ``n_row`` rows for each seed."""
    n_train = int(train_fraction * n_row)
    splits = []
    for seed in seeds:
        # The legacy generator is the paper's: its permutations cannot be had from numpy.random.Generator.
        order = np.random.RandomState(seed).permutation(n_row).astype(np.int64)
        splits.append(Split(seed=seed, train=order[:n_train], validation=order[n_train:]))
    return tuple(splits)


def split_table(dataset: Dataset, split: Split) -> pd.DataFrame:
    """Return one split's rows: columns split_seed, part, row (of the data set), material_id, formula.

    Rows keep the split's permutation order, the training rows first.

    Raises:
        DataError: The split was made for another number of rows, or shares a row between its parts.
    """
    rows = np.concatenate([split.train, split.validation])
    if not np.array_equal(np.sort(rows), np.arange(len(dataset))):
        raise DataError(
            f"split {split.seed} divides {len(rows)} rows, "
            f"expected each of the {len(dataset)} rows of {dataset.name} once"
        )
    table = dataset.table[[MATERIAL_ID, FORMULA]].iloc[rows].reset_index(drop=True)
    table.insert(0, SPLIT_SEED, split.seed)
    table.insert(1, PART, np.repeat([TRAIN, VALIDATION], [len(split.train), len(split.validation)]))
    table.insert(2, ROW, rows)
    return table
