"""The tables of an overlap report: rows that data sets share, and the errors of models on such rows."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

import pandas as pd

from paraisite import schema
from paraisite.data.datasets.shared_materials import (
    N_ROW,
    NOTHING,
    OTHER_ROW,
    RELATION,
    RELATIONS,
    count_relations,
    find_closest_relations,
    find_pairs_between,
    find_pairs_within,
    name_pair_materials,
)
from paraisite.data.datasets.splits import is_split_by_formula
from paraisite.data.datasets.table import Dataset
from paraisite.evaluation.leakage import compare_relations, compare_same_materials
from paraisite.evaluation.protocols import GROUPED, HONEST
from paraisite.evaluation.row_errors import add_relation_to_training
from paraisite.schema import MODEL
from paraisite.training.recipes import list_recipes_trained_on, list_training_sets

# Columns that say what a line of the table is about, besides those of counts and of groups.
TESTED: Final = "tested"
AGAINST: Final = "against"
MEASURED: Final = "measured"
TRAINED_ON: Final = "trained_on"
ITSELF: Final = "itself"
ITS_TRAINING_ROWS: Final = "its training rows"

Pairs = Mapping[tuple[str, str], pd.DataFrame]
"""Pairs of rows by the names of the test set and of the other data set."""

ProtocolErrors = Mapping[str, pd.DataFrame]
"""Errors of test rows by protocol, as ``row_errors`` returns them."""


def pair_datasets(datasets: Sequence[Dataset]) -> Pairs:
    """Return the pairs of rows of each data set with each before it, and those within each."""
    between = {(later.name, first.name): find_pairs_between(later, first) for first, later in combinations(datasets, 2)}
    return between | {(each.name, each.name): find_pairs_within(each) for each in datasets}


def tabulate_overlap(datasets: Sequence[Dataset], pairs: Pairs, errors: Mapping[str, ProtocolErrors]) -> pd.DataFrame:
    """Return for each pair of data sets the counts of shared rows, then the errors on them.

    Args:
        datasets: As for ``pair_datasets``.
        pairs: What that returned.
        errors: Of each data set, by its name.
    """
    return pd.concat(_parts(datasets, pairs, errors), ignore_index=True)


def _parts(datasets: Sequence[Dataset], pairs: Pairs, errors: Mapping[str, ProtocolErrors]) -> Iterator[pd.DataFrame]:
    by_name = {dataset.name: dataset for dataset in datasets}
    for (tested, against), related in pairs.items():
        n_row = len(by_name[tested])
        counts = count_relations(related, n_row).reset_index()
        yield _label_lines(counts, tested, ITSELF if against == tested else against)
        if against == tested:
            # Where no formula is on two sides of a split, no pair of one formula has a training and a test row.
            across = related.iloc[:0] if is_split_by_formula(by_name[tested]) else related
            yield from _across_splits(tested, across, errors[tested], n_row)
        elif counts.loc[counts[RELATION] != NOTHING, N_ROW].any():
            relations = find_closest_relations(related, n_row)
            for protocol, rows in errors[tested].items():
                groups = compare_relations(rows.assign(**{RELATION: relations[rows[schema.ROW]]}), n_row)
                yield _label_lines(groups, tested, against, protocol)


def _across_splits(name: str, pairs: pd.DataFrame, errors: ProtocolErrors, n_row: int) -> Iterator[pd.DataFrame]:
    """Yield the errors of each split's test rows by what they share with its training rows."""
    for protocol, rows in errors.items():
        related = add_relation_to_training(rows, pairs, n_row)
        yield _label_lines(compare_relations(related, n_row), name, ITS_TRAINING_ROWS, protocol)
        if protocol == HONEST and GROUPED in errors:
            moved = compare_same_materials(related, errors[GROUPED], beside=f"the same materials, {GROUPED}")
            yield _label_lines(moved, name, ITS_TRAINING_ROWS, protocol)


def _label_lines(lines: pd.DataFrame, tested: str, against: str, protocol: str = "") -> pd.DataFrame:
    """Return lines with what they are about; models that are recipes with their training sets."""
    behind = {recipe.name: ", ".join(list_training_sets(recipe)) for recipe in list_recipes_trained_on(tested)}
    labelled = lines.assign(**{TESTED: tested, AGAINST: against, MEASURED: protocol})
    if MODEL in lines:
        labelled[TRAINED_ON] = lines[MODEL].map(behind).fillna("")
    return labelled


def name_pairs(datasets: Sequence[Dataset], pairs: Pairs) -> pd.DataFrame:
    """Return all pairs with the ids of their materials; pairs within a data set once."""
    by_name = {dataset.name: dataset for dataset in datasets}
    return pd.concat(
        [
            name_pair_materials(
                related[related[schema.ROW] < related[OTHER_ROW]] if tested == against else related,
                by_name[tested],
                by_name[against],
            )
            for (tested, against), related in pairs.items()
        ],
        ignore_index=True,
    )


def count_shared_rows(table: pd.DataFrame) -> dict[str, float]:
    """Return how many rows share a structure or a formula, named as metrics of a run.

    Args:
        table: As ``tabulate_overlap`` returns it.
    """
    counts = table[(table[MEASURED] == "") & table[RELATION].isin(RELATIONS[:2])]
    return {
        f"{row[TESTED]} beside {row[AGAINST]} - {row[RELATION]}".replace(",", ""): float(row[N_ROW])
        for row in counts.to_dict("records")
    }
