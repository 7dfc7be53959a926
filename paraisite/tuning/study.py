"""A study: where it is kept, what its trials have in common, which of them to repeat. Results: ``study_results``."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

import optuna
from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.pruners import BasePruner, MedianPruner, NopPruner
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError

from paraisite.config import NO_STUDY, FineTuning
from paraisite.core.extras import install_command
from paraisite.core.secrets import hide_secrets
from paraisite.errors import ConfigError
from paraisite.tuning.space import draw_candidates, find_candidate
from paraisite.tuning.trial_lock import is_lost

Sampler = Literal["tpe", "qmc"]

MEDIAN: Final = "median"
"""The way of pruning."""

FINISHED: Final = (TrialState.COMPLETE, TrialState.PRUNED)

_ABOUT: Final = "about"
_START: Final = "starts_from"
_FIRST: Final = "first_candidate"
_N_QUEUED: Final = "n_queued"
_REPEATS: Final = "repeats"
"""A trial's attribute: number of the lost trial in whose place it stands."""

_N_STARTUP: Final = 5
_HEARTBEAT_SECONDS: Final = 30
_GRACE_SECONDS: Final = 120


def open_storage(url: str | None, folder: Path) -> BaseStorage:
    """Return a study's storage: a journal in its folder, or a database that many machines share.

    Args:
        url: SQLAlchemy's name of the database; None for the journal.
        folder: The study's.

    Raises:
        ConfigError: The database cannot be reached, or its driver is absent.
    """
    if url is None:
        folder.mkdir(parents=True, exist_ok=True)
        return JournalStorage(JournalFileBackend(str(folder / "journal.log")))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # the heartbeat
            return RDBStorage(
                url,
                heartbeat_interval=_HEARTBEAT_SECONDS,
                grace_period=_GRACE_SECONDS,
                heartbeat_stale_trial_callback=_try_again,
            )
    except (ImportError, NoSuchModuleError) as error:
        raise ConfigError(
            hide_secrets(f"{url}: {error}; for PostgreSQL install the extra: {install_command('postgresql')}")
        ) from error
    except (SQLAlchemyError, ValueError) as error:
        raise ConfigError(hide_secrets(f"{url} cannot be used as a study's storage: {error}")) from error


def open_study(name: str, storage: BaseStorage, *, about: Mapping[str, str | int], seed: int = 0) -> Study:
    """Return a study, begun if there is none of this name.

    Args:
        name: Of the study.
        storage: Where it is kept.
        about: What its trials depend on and do not choose; ``epochs``, ``sampler`` and ``pruning`` among it.
        seed: Of the sampler.

    Raises:
        ConfigError: The study is there and about something else.
    """
    study = optuna.create_study(
        study_name=name,
        storage=storage,
        sampler=_sampler(str(about["sampler"]), seed),
        pruner=build_pruner() if about["pruning"] == MEDIAN else NopPruner(),
        direction="minimize",
        load_if_exists=True,
    )
    known = study.user_attrs.get(_ABOUT)
    if known is None:
        study.set_user_attr(_ABOUT, dict(about))
    elif differing := [key for key in about if known.get(key) != about[key]]:
        of_study, asked = ({key: each.get(key) for key in differing} for each in (known, about))
        raise ConfigError(f"study {name} is about {of_study}, not about {asked}: give another one another name")
    return study


def record_start(study: Study, description: str) -> None:
    """Keep what a study's trials start from, or check that it is still that.

    Args:
        study: The study.
        description: Names the starting members by their digest or their version.

    Raises:
        ConfigError: The study's trials started from other members.
    """
    known = study.user_attrs.get(_START)
    if known is None:
        study.set_user_attr(_START, description)
    elif known != description:
        raise ConfigError(
            f"study {study.study_name} starts from {known}, not from {description}: give another one another name"
        )


def queue_candidates(study: Study, n_trial: int, *, first: FineTuning, seed: int) -> None:
    """Queue what a study of so many trials tries whatever any of them measures; what was queued before stays.

    Args:
        study: The study.
        n_trial: Trials that it is to have in all.
        first: Settings that are in use: the first candidate, where the space holds them. Those that a study has found
            are none for ``qmc``, whose candidates no result may have chosen.
        seed: Of the list that the sampler ``qmc`` stands for.
    """
    is_listed = study.user_attrs[_ABOUT]["sampler"] == "qmc"
    if _FIRST not in study.user_attrs:
        is_free = not is_listed or first.study == NO_STUDY
        study.set_user_attr(_FIRST, find_candidate(first) if is_free else None)
    in_use = study.user_attrs[_FIRST]
    queue = [in_use] if in_use else []
    if is_listed:
        queue += draw_candidates(n_trial, seed=seed)
    n_queued = study.user_attrs.get(_N_QUEUED, 0)
    for candidate in queue[n_queued:n_trial]:
        study.enqueue_trial(candidate)
    study.set_user_attr(_N_QUEUED, max(n_queued, min(n_trial, len(queue))))


def get_epochs(study: Study) -> int:
    """Return the epochs of every trial."""
    return int(study.user_attrs[_ABOUT]["epochs"])


def build_pruner() -> BasePruner:
    """Return what stops a trial that is worse at a rung than half of the finished ones were there."""
    return MedianPruner(n_startup_trials=_N_STARTUP)


def repeat_lost(study: Study) -> list[int]:
    """Put the settings of trials whose process was killed back into the queue; return the trials' numbers."""
    trials = study.get_trials(deepcopy=False)
    repeated = {trial.user_attrs.get(_REPEATS) for trial in trials}
    lost = []
    for trial in trials:
        if trial.state == TrialState.RUNNING and is_lost(trial):
            study.tell(trial.number, state=TrialState.FAIL)
        elif trial.state != TrialState.FAIL:
            continue
        if trial.number not in repeated:
            lost.append(trial.number)
            _try_again(study, trial)
    return lost


def count_trials(study: Study, *states: TrialState) -> int:
    """Return how many trials are in one of some states."""
    return len(study.get_trials(deepcopy=False, states=states))


def _sampler(name: str, seed: int) -> BaseSampler:
    if name == "qmc":
        return RandomSampler(seed)  # draws nothing: all candidates are in the queue
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # both options
        return TPESampler(seed=seed, multivariate=True, constant_liar=True)


def _try_again(study: Study, trial: FrozenTrial) -> None:
    """Queue what a lost trial asked for; one that had asked for nothing yet leaves nothing to repeat."""
    if candidate := trial.system_attrs.get("fixed_params", {}) | trial.params:
        study.enqueue_trial(candidate, user_attrs={_REPEATS: trial.number})
