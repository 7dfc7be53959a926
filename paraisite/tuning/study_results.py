"""Results of a study: its trials, the best of all and of each split, and the cost of pruning."""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
import optuna
import pandas as pd
from optuna import Study
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from paraisite import schema
from paraisite.config import FineTuning
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.errors import DataError
from paraisite.tuning.objective import INNER_MAPE, OF_SPLITS
from paraisite.tuning.space import adapt_settings
from paraisite.tuning.study import build_pruner, count_trials, get_epochs

TRIAL: Final = "trial"
PRUNED_AFTER: Final = "would_be_pruned_after_epoch"


def find_best_settings(study: Study) -> FineTuning:
    """Return the settings of the trial with the lowest inner MAPE, with the study's name.

    Raises:
        DataError: No trial has gone to its end.
    """
    if not count_trials(study, TrialState.COMPLETE):
        raise DataError(f"study {study.study_name} has no trial that went to its end, so there is no best one")
    settings = adapt_settings(study.best_params, epochs=get_epochs(study))
    return dataclasses.replace(settings, study=study.study_name)


def tabulate_trials(study: Study) -> pd.DataFrame:
    """Return one row per trial (index): state, inner MAPE (of a pruned one where it was judged last), candidate."""
    rows = [
        {TRIAL: trial.number, "state": trial.state.name.lower(), INNER_MAPE: _value(trial), **trial.params}
        for trial in study.get_trials(deepcopy=False)
    ]
    return pd.DataFrame(rows, columns=None if rows else [TRIAL]).set_index(TRIAL)


def find_best_of_splits(study: Study, splits: Sequence[NestedSplit]) -> pd.DataFrame:
    """Return for each split the trial with the lowest inner MAPE of that split's training rows.

    Where neither the list of candidates nor their length depends on any result (sampler ``qmc``, no pruning), no label
    of a split's test rows reaches the choice for that split.

    Args:
        study: With trials that went to their end.
        splits: Those that its trials were scored on.

    Returns:
        One row per split (index split_seed): split, trial, inner MAPE of that split, candidate.
    """
    finished = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
    rows = []
    for split in splits:
        best = min(finished, key=lambda trial: trial.user_attrs[OF_SPLITS][split.name])
        named = {schema.SPLIT_SEED: split.seed, "split": split.name, TRIAL: best.number}
        rows.append(named | {INNER_MAPE: best.user_attrs[OF_SPLITS][split.name]} | best.params)
    return pd.DataFrame(rows).set_index(schema.SPLIT_SEED)


def replay_pruning(study: Study) -> pd.DataFrame:
    """Return what pruning would have done to the trials of a study without it, in the order in which they began.

    Returns:
        One row per finished trial (index): its inner MAPE, and the epoch after which it would have been pruned, NaN
        where it would have gone to its end.
    """
    replayed = optuna.create_study(direction="minimize", pruner=build_pruner(), sampler=RandomSampler())
    rows = []
    for trial in study.get_trials(deepcopy=False, states=[TrialState.COMPLETE]):
        again, stopped = replayed.ask(), np.nan
        last = max(trial.intermediate_values)
        for epoch, value in sorted(trial.intermediate_values.items()):
            again.report(value, epoch)
            if epoch < last and again.should_prune():
                stopped = epoch
                break
        if np.isnan(stopped):
            replayed.tell(again, trial.value)
        else:
            replayed.tell(again, state=TrialState.PRUNED)
        rows.append({TRIAL: trial.number, INNER_MAPE: trial.value, PRUNED_AFTER: stopped})
    return pd.DataFrame(rows, columns=[TRIAL, INNER_MAPE, PRUNED_AFTER]).set_index(TRIAL)


def _value(trial: FrozenTrial) -> float:
    """Return a trial's value, else what it reported last."""
    if trial.value is not None:
        return trial.value
    return trial.intermediate_values[max(trial.intermediate_values)] if trial.intermediate_values else float("nan")
