"""A replay uncovers labels as a rule asks for them, and counts fairly."""

import numpy as np
import pandas as pd
import pytest

from paraisite.active_learning.acquisition import MEAN, RANDOM
from paraisite.active_learning.replay import (
    N_FOUND,
    N_LABEL,
    REGRET,
    START,
    STRATEGY,
    ReplayMaterials,
    ReplayOptions,
    replay_acquisition,
)
from paraisite.active_learning.replay_summary import (
    DIFFERENCE,
    FOUND_ALL,
    LABELS_TO_LOWEST,
    QUANTITY,
    average_curves,
    summarise_replay,
)
from paraisite.active_learning.replay_summary import MEAN as MEAN_COLUMN
from paraisite.errors import ConfigError
from paraisite.models.tabular import fit_line

X = np.random.default_rng(1).normal(size=(50, 2))
EASY = ReplayMaterials(X, X @ [0.5, 0.2])
OPTIONS = ReplayOptions(n_start=4, n_first=6, batch=2, n_label=16, n_lowest=3)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return replay_acquisition(EASY, fit_line, options=OPTIONS, n_process=1)


def test_every_rule_has_every_start_and_all_numbers_of_labels(table: pd.DataFrame) -> None:
    groups = table.groupby([STRATEGY, START])[N_LABEL].apply(list)
    assert len(groups) == 4 * OPTIONS.n_start
    assert all(labels == [6, 8, 10, 12, 14, 16] for labels in groups)


def test_all_rules_begin_with_the_same_labels(table: pd.DataFrame) -> None:
    first = table[table[N_LABEL] == 6].pivot_table(index=START, columns=STRATEGY, values=REGRET)
    assert (first.max(axis=1) == first.min(axis=1)).all()


def test_where_the_model_is_right_the_lowest_are_found_at_once(table: pd.DataFrame) -> None:
    after_two = table[(table[STRATEGY] == MEAN) & (table[N_LABEL] == 10)]
    assert (after_two[N_FOUND] == 3).all()
    assert (after_two[REGRET] == 0).all()


def test_nothing_that_was_found_is_lost(table: pd.DataFrame) -> None:
    for _, group in table.groupby([STRATEGY, START]):
        assert group[N_FOUND].is_monotonic_increasing
        assert group[REGRET].is_monotonic_decreasing


def test_the_summary_compares_each_rule_with_chance(table: pd.DataFrame) -> None:
    found = summarise_replay(table, n_lowest=3).set_index([STRATEGY, QUANTITY])
    assert found.loc[(MEAN, LABELS_TO_LOWEST), MEAN_COLUMN] <= 10
    assert found.loc[(MEAN, LABELS_TO_LOWEST), DIFFERENCE] < 0
    assert found.loc[(RANDOM, LABELS_TO_LOWEST), DIFFERENCE] == 0
    assert found.loc[(MEAN, FOUND_ALL), MEAN_COLUMN] == 1


def test_a_search_that_ends_too_early_counts_one_batch_more(table: pd.DataFrame) -> None:
    never = table[table[STRATEGY] == RANDOM].assign(**{N_FOUND: 0})
    found = summarise_replay(never, n_lowest=3).set_index(QUANTITY)
    assert found.loc[LABELS_TO_LOWEST, MEAN_COLUMN] == 18


def test_curves_hold_each_quantity_with_its_interval(table: pd.DataFrame) -> None:
    found = average_curves(table)
    rows = found[(found[STRATEGY] == RANDOM) & (found[QUANTITY] == REGRET)]
    assert list(rows[N_LABEL]) == [6, 8, 10, 12, 14, 16]
    assert (rows["low"] <= rows["mean"]).all()
    assert (rows["mean"] <= rows["high"]).all()


@pytest.mark.parametrize(("n_first", "n_label"), [(10, 10), (10, 41)])
def test_more_labels_than_materials_are_refused(n_first: int, n_label: int) -> None:
    with pytest.raises(ConfigError, match="at most 40 of 50 materials"):
        replay_acquisition(EASY, fit_line, options=ReplayOptions(n_first=n_first, n_label=n_label), n_process=1)
