"""A study says what it has found."""

from pathlib import Path

import numpy as np
import optuna
import pytest

from paraisite.data.datasets.nested_splits import draw_random_nested_splits
from paraisite.errors import DataError
from paraisite.tuning.objective import INNER_MAPE
from paraisite.tuning.space import suggest_settings
from paraisite.tuning.study_results import (
    PRUNED_AFTER,
    find_best_of_splits,
    find_best_settings,
    replay_pruning,
    tabulate_trials,
)
from tests.tuning.studies import run_again, study_in

SPLITS = draw_random_nested_splits(20, seeds=[1, 2], train_fraction=0.8, n_fold=2)


def test_each_split_chooses_by_its_own_rows(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    run_again(study, [(0.5, 0.2), (0.3, 0.9), (0.4, 0.4)])
    chosen = find_best_of_splits(study, SPLITS)
    assert chosen["trial"].to_dict() == {1: 1, 2: 0}
    assert chosen[INNER_MAPE].to_dict() == {1: 0.3, 2: 0.2}
    assert chosen.loc[1, "learning_rate"] == study.trials[1].params["learning_rate"]


def test_the_best_settings_carry_the_studys_name(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    with pytest.raises(DataError, match="has no trial that went to its end"):
        find_best_settings(study)
    run_again(study, [(0.5, 0.5), (0.3, 0.3)])
    best = find_best_settings(study)
    assert (best.study, best.epochs) == ("one", 30)
    assert best.learning_rate == study.trials[1].params["learning_rate"]


def test_pruning_can_be_tried_on_a_study_without_it(tmp_path: Path) -> None:
    """Seven trials: the sixth is worse at its first rung than half of five others; the best, last, begins well."""
    study = study_in(tmp_path)
    for at_rung, last in [*((0.5, 0.4 + 0.01 * n) for n in range(5)), (0.9, 0.5), (0.4, 0.3)]:
        trial = study.ask()
        suggest_settings(trial, epochs=30)
        trial.report(at_rung, 5)
        trial.report(last, 30)
        study.tell(trial, last)
    replayed = replay_pruning(study)
    np.testing.assert_array_equal(replayed[PRUNED_AFTER], [np.nan] * 5 + [5, np.nan])
    assert replayed[INNER_MAPE].idxmin() == 6


def test_the_table_has_a_row_for_every_trial(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    assert tabulate_trials(study).empty
    run_again(study, [(0.5, 0.7)])
    trial = study.ask()
    suggest_settings(trial, epochs=30)
    trial.report(0.8, 5)
    study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    table = tabulate_trials(study)
    assert table["state"].tolist() == ["complete", "pruned"]
    assert table[INNER_MAPE].tolist() == pytest.approx([0.6, 0.8])
