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
from paraisite.schema import MATERIAL_ID, PART, SPLIT_SEED, TRAIN, VALIDATION


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


def split_table(dataset: Dataset, splits: Sequence[Split]) -> pd.DataFrame:
    """Return who is where: columns split_seed, material_id, part (train or validation).

    Rows keep each split's permutation order, the training rows first.

    Raises:
        DataError: A split was made for another number of rows.
    """
    ids = dataset.table[MATERIAL_ID].to_numpy()
    parts = []
    for split in splits:
        rows = np.concatenate([split.train, split.validation])
        if not np.array_equal(np.sort(rows), np.arange(len(ids))):
            raise DataError(
                f"split {split.seed} divides {len(rows)} rows, "
                f"expected each of the {len(ids)} rows of {dataset.name} once"
            )
        part = np.repeat([TRAIN, VALIDATION], [len(split.train), len(split.validation)])
        parts.append(pd.DataFrame({SPLIT_SEED: split.seed, MATERIAL_ID: ids[rows], PART: part}))
    columns = {SPLIT_SEED: "int64", MATERIAL_ID: "str", PART: "str"}
    return pd.concat(parts, ignore_index=True).astype(columns) if parts else pd.DataFrame(columns=list(columns))
