"""The trials of a study, side by side in processes."""

import logging
import multiprocessing
import signal
import uuid
import warnings
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import optuna
from optuna import Study, Trial
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from paraisite.core.workers import end_with_parent
from paraisite.errors import ParaisiteError
from paraisite.tuning.objective import TuningTask, run_trial
from paraisite.tuning.study import FINISHED, n_in_state, open_storage, open_study
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
    begun = n_in_state(study, *FINISHED, TrialState.RUNNING)
    pool = ProcessPoolExecutor(
        n_process,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
        initargs=(task, place, n_trial, run),
    )
    try:
        futures = [pool.submit(_run_one, number) for number in range(begun, n_trial)]
        for future in as_completed(futures):
            future.result()
            yield
    except BrokenProcessPool as error:
        raise ParaisiteError(TRIAL_LOST) from error
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


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


_worker: _Worker | None = None  # of a worker's process


def _start_worker(task: TuningTask, place: StudyPlace, n_trial: int, run: RunTrial) -> None:
    """Prepare a process: one thread, deaf to Ctrl-C, which the parent hears, and gone when the parent is."""
    from paraisite.models.runtime import use_threads_per_operation

    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    use_threads_per_operation(1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    logging.getLogger("paraisite").setLevel(logging.WARNING)
    _worker = _Worker(task, place, n_trial, run, WorkerLock(place.folder / "workers" / f"{uuid.uuid4().hex}.lock"))


def _run_one(number: int) -> None:
    """Run one trial, unless other machines have begun all of them."""
    if _worker is None:
        raise RuntimeError("the worker was not started")
    study = _worker.place.open(number=number)
    if n_in_state(study, *FINISHED, TrialState.RUNNING) >= _worker.n_trial:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # the heartbeat
        study.optimize(_worker, n_trials=1)
