"""The ways of dividing a data set for an honest evaluation, by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from paraisite.config import EvaluationConfig, SplitConfig
from paraisite.datasets.nested import NestedSplit, grouped_nested, leave_one_out_nested, random_nested
from paraisite.datasets.table import Dataset
from paraisite.errors import DataError
from paraisite.schema import FORMULA, PROTOTYPE

HONEST: Final = "honest"
GROUPED: Final = "grouped"

Divide = Callable[[Dataset, SplitConfig, EvaluationConfig], tuple[NestedSplit, ...]]


@dataclass(frozen=True)
class Protocol:
    """What an error is measured on.

    Attributes:
        name: As it is chosen.
        meaning: One sentence.
        divide: Returns the divisions of a data set.
    """

    name: str
    meaning: str
    divide: Divide


def _random(dataset: Dataset, splits: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    return random_nested(
        len(dataset), seeds=splits.seeds, train_fraction=splits.train_fraction, n_fold=evaluation.n_fold
    )


def _grouped(dataset: Dataset, splits: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    return grouped_nested(
        dataset.table[FORMULA].tolist(),
        seeds=splits.seeds,
        train_fraction=splits.train_fraction,
        n_fold=evaluation.n_fold,
    )


def _prototype(dataset: Dataset, _: SplitConfig, evaluation: EvaluationConfig) -> tuple[NestedSplit, ...]:
    table = dataset.table
    if table[PROTOTYPE].isna().any():
        raise DataError(f"{dataset.name} does not name every material's prototype, which this protocol leaves out")
    return leave_one_out_nested(table[PROTOTYPE].tolist(), groups=table[FORMULA].tolist(), n_fold=evaluation.n_fold)


PROTOCOLS: Final = {
    protocol.name: protocol
    for protocol in (
        Protocol(HONEST, "The paper's test fifths; everything is chosen on the other rows.", _random),
        Protocol(GROUPED, "Random fifths of the formulas; no formula stands on both sides.", _grouped),
        Protocol("leave-one-prototype-out", "Each structure type tests what the others taught.", _prototype),
    )
}
