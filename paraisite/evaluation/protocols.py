"""The evaluation protocols by name: how a data set is split, and what is selected on which rows."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from paraisite.config import EvaluationConfig, SplitConfig
from paraisite.data.datasets.nested_splits import (
    NestedSplit,
    draw_grouped_nested_splits,
    make_benchmark_split,
    make_leave_one_out_splits,
    nest_splits,
)
from paraisite.data.datasets.splits import draw_splits, is_split_by_formula
from paraisite.data.datasets.table import Dataset
from paraisite.data.sources.phonix import RANDOM_TEST, SPACE_GROUP_TEST
from paraisite.errors import DataError
from paraisite.schema import BENCHMARK_SPLIT, FORMULA, PROTOTYPE, SPACE_GROUP

HONEST: Final = "honest"
GROUPED: Final = "grouped"
STRUCTURE_TYPE: Final = "structure-type"

MAX_KINDS_LEFT_OUT: Final = 30
"""More structure types are not held out one by one."""

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
    drawn = draw_splits(dataset, seeds=splits.seeds, train_fraction=splits.train_fraction)
    rows = [str(row) for row in range(len(dataset))]
    groups = dataset.table[FORMULA].tolist() if is_split_by_formula(dataset) else rows
    return nest_splits(drawn, groups=groups, n_fold=evaluation.n_fold, selected=dataset.selected_by_label)


def _split_by(column: str) -> MakeSplits:
    """Return how fifths of what a column holds are drawn; no formula is both in training and in test rows."""

    def divide(dataset: Dataset, splits: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
        return draw_grouped_nested_splits(
            _read_kinds(dataset, column),
            seeds=splits.seeds,
            train_fraction=splits.train_fraction,
            n_fold=evaluation.n_fold,
            selected=dataset.selected_by_label,
            formulas=None if column == FORMULA else dataset.table[FORMULA].tolist(),
        )

    return divide


def _leave_prototypes_out(dataset: Dataset, _: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    kinds = _read_kinds(dataset, PROTOTYPE)
    if (n_kind := len(set(kinds))) > MAX_KINDS_LEFT_OUT:
        raise DataError(
            f"{dataset.name} has {n_kind:,} structure types, expected at most {MAX_KINDS_LEFT_OUT}: protocol "
            f"{STRUCTURE_TYPE} holds out fifths of them"
        )
    return make_leave_one_out_splits(
        kinds, groups=dataset.table[FORMULA].tolist(), n_fold=evaluation.n_fold, selected=dataset.selected_by_label
    )


def _split_by_benchmark(dataset: Dataset, _: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    if BENCHMARK_SPLIT not in dataset.table:
        raise DataError(f"{dataset.name} names no {BENCHMARK_SPLIT}, which this protocol splits by")
    parts, formulas = dataset.table[BENCHMARK_SPLIT].tolist(), dataset.table[FORMULA].tolist()
    groups = {RANDOM_TEST: formulas, SPACE_GROUP_TEST: _read_kinds(dataset, SPACE_GROUP)}
    return tuple(
        make_benchmark_split(
            parts,
            part,
            groups=groups[part],
            formulas=formulas,
            n_fold=evaluation.n_fold,
            number=number,
            selected=dataset.selected_by_label,
        )
        for number, part in enumerate(groups, start=1)
    )


def _read_kinds(dataset: Dataset, column: str) -> list[str]:
    """Return what a column holds of each row.

    Raises:
        DataError: Of some rows it holds nothing.
    """
    values = dataset.table.get(column)
    if values is None or values.isna().any() or (values == 0).any():
        raise DataError(f"{dataset.name} does not name every material's {column}, which this protocol splits by")
    return values.astype(str).tolist()


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
        GROUPED, "Random fifths of the formulas; no formula is in both training and test rows.", _split_by(FORMULA)
    ),
    Protocol(
        "leave-one-prototype-out",
        "Each structure type is held out in turn; models are trained on the others.",
        _leave_prototypes_out,
    ),
    Protocol(
        "space-group",
        "Random fifths of the space groups; neither a space group nor a formula is in both training and test rows.",
        _split_by(SPACE_GROUP),
    ),
    Protocol(
        STRUCTURE_TYPE,
        "Random fifths of the structure types; neither a type nor a formula is in both training and test rows.",
        _split_by(PROTOTYPE),
    ),
    Protocol(
        "benchmark",
        "The Phonix benchmark's test sets that were not selected by label, random rows and unseen space groups; no "
        "formula of a test set is in its training rows.",
        _split_by_benchmark,
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
