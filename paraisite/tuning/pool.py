"""The trials of a study, side by side in processes."""

import logging
import uuid
import warnings
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import optuna
from optuna import Study, Trial
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from paraisite.core.workers import WorkerPool
from paraisite.tuning.objective import TuningTask, run_trial
from paraisite.tuning.study import FINISHED, count_trials, open_storage, open_study
from paraisite.tuning.trial_lock import WORKER, WorkerLock

TRIAL_LOST: Final = "a trial's process was ended from outside (out of memory?); the same command goes on"


@dataclass(frozen=True)
class StudyPlace:
    """Where a study is found, for a process of its own.

    Attributes:
        name: Of the study.
        url: Of its database; None for the journal in its folder.
        folder: Of its files.
        about: What its trials depend on and do not choose.
        seed: Of the sampler.
    """

    name: str
    url: str | None
    folder: Path
    about: Mapping[str, str | int]
    seed: int

    def open(self, *, number: int = 0) -> Study:
        """Return the study; ``number`` tells the samplers of several processes apart."""
        return open_study(self.name, open_storage(self.url, self.folder), about=self.about, seed=self.seed + number)


RunTrial = Callable[[Trial, TuningTask], float]


def run_trials(
    task: TuningTask, place: StudyPlace, *, n_trial: int, n_process: int, run: RunTrial = run_trial
) -> Generator[None, None, None]:
    """Run trials until the study has so many; yield after each.

    Leaving the iterator early, by Ctrl-C for instance, ends the processes at once: their trials are lost, and repeated
    when the study goes on.

    Args:
        task: What all trials have in common.
        place: The study's.
        n_trial: Trials that it is to have in all, those that have begun elsewhere among them.
        n_process: Processes side by side.
        run: Returns a trial's value.

    Raises:
        ParaisiteError: A process was killed.
    """
    study = place.open()
    begun = count_trials(study, *FINISHED, TrialState.RUNNING)
    with WorkerPool(n_process, partial(_load_worker, task, place, n_trial, run), if_lost=TRIAL_LOST) as pool:
        for _ in pool.imap_unordered(_run_one, range(begun, n_trial)):
            yield


@dataclass(frozen=True, eq=False)
class _Worker:
    """What a process keeps from one trial to the next."""

    task: TuningTask
    place: StudyPlace
    n_trial: int
    run: RunTrial
    lock: WorkerLock

    def __call__(self, trial: Trial) -> float:
        """Sign a trial and run it."""
        trial.set_user_attr(WORKER, self.lock.signature)
        return self.run(trial, self.task)


def _load_worker(task: TuningTask, place: StudyPlace, n_trial: int, run: RunTrial) -> _Worker:
    from paraisite.models.runtime import use_threads_per_operation

    use_threads_per_operation(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("paraisite").setLevel(logging.WARNING)
    return _Worker(task, place, n_trial, run, WorkerLock(place.folder / "workers" / f"{uuid.uuid4().hex}.lock"))


def _run_one(worker: _Worker, number: int) -> None:
    """Run one trial, unless other machines have begun all of them."""
    study = worker.place.open(number=number)
    if count_trials(study, *FINISHED, TrialState.RUNNING) >= worker.n_trial:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # the heartbeat
        study.optimize(worker, n_trials=1)
