"""The evaluation protocols by name: how a data set is split, and what is selected on which rows."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from paraisite.config import EvaluationConfig, SplitConfig
from paraisite.data.datasets.nested_splits import (
    NestedSplit,
    draw_grouped_nested_splits,
    draw_random_nested_splits,
    make_leave_one_out_splits,
)
from paraisite.data.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.schema import FORMULA, PROTOTYPE

HONEST: Final = "honest"
GROUPED: Final = "grouped"

MakeSplits = Callable[[Dataset, SplitConfig, EvaluationConfig], tuple[NestedSplit, ...]]


@dataclass(frozen=True)
class Protocol:
    """How a data set is split, and which epoch's predictions are evaluated.

    Attributes:
        name: As it is chosen.
        meaning: One sentence.
        divide: Returns the nested splits of a data set.
        epoch: Of published protocols, the epoch that a network's predictions are of; its training took all training
            rows and is not repeated. None where everything is chosen on folds of the training rows.
        is_clean: Whether earlier stages are trained without the rows that share a formula with the data set.
    """

    name: str
    meaning: str
    divide: MakeSplits
    epoch: Literal["best_epoch", "last_epoch"] | None = None
    is_clean: bool = False


def _split_randomly(dataset: Dataset, splits: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    return draw_random_nested_splits(
        len(dataset), seeds=splits.seeds, train_fraction=splits.train_fraction, n_fold=evaluation.n_fold
    )


def _split_by_formula(dataset: Dataset, splits: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    return draw_grouped_nested_splits(
        dataset.table[FORMULA].tolist(),
        seeds=splits.seeds,
        train_fraction=splits.train_fraction,
        n_fold=evaluation.n_fold,
    )


def _split_by_prototype(dataset: Dataset, _: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    table = dataset.table
    if table[PROTOTYPE].isna().any():
        raise DataError(f"{dataset.name} does not name every material's prototype, which this protocol leaves out")
    return make_leave_one_out_splits(
        table[PROTOTYPE].tolist(), groups=table[FORMULA].tolist(), n_fold=evaluation.n_fold
    )


_PROTOCOLS: Final = (
    Protocol(
        "paper",
        "The published one: nine fifths, networks at the epoch that is best on the very rows that are reported.",
        _split_randomly,
        "best_epoch",
    ),
    Protocol("paper-last", "The same fifths, networks after the last epoch.", _split_randomly, "last_epoch"),
    Protocol(HONEST, "The paper's test fifths; everything is selected on the other rows.", _split_randomly),
    Protocol(
        GROUPED, "Random fifths of the formulas; no formula is in both training and test rows.", _split_by_formula
    ),
    Protocol(
        "leave-one-prototype-out",
        "Each structure type is held out in turn; models are trained on the others.",
        _split_by_prototype,
    ),
)


def _add_clean_variants() -> Iterator[Protocol]:
    for protocol in _PROTOCOLS:
        yield protocol
    for protocol in _PROTOCOLS:
        yield dataclasses.replace(
            protocol,
            name=f"{protocol.name}-clean",
            meaning=f"{protocol.meaning} Earlier stages are trained without the formulas of the data set.",
            is_clean=True,
        )


PROTOCOLS: Final = {protocol.name: protocol for protocol in _add_clean_variants()}
"""By name; each of them has a clean variant."""
