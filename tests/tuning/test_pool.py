"""Trials in processes: two on one study, a killed one repeated, no more trials than asked for."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from optuna import Trial
from optuna.trial import TrialState

from paraisite.errors import ParaisiteError
from paraisite.tuning import trial_lock
from paraisite.tuning.pool import StudyPlace, run_trials
from paraisite.tuning.space import suggest_settings
from paraisite.tuning.study import count_trials, queue_candidates, repeat_lost
from tests.tuning.studies import ABOUT, IN_USE

URL = "PARAISITE_TEST_DATABASE"
"""Environment variable with the URL of an empty database, e.g. postgresql+psycopg://postgres@localhost/study."""


def learning_rate(trial: Trial, _: Any) -> float:
    """Return a value without any training, and note who worked."""
    settings = suggest_settings(trial, epochs=30)
    trial.set_user_attr("process", os.getpid())
    return settings.learning_rate


def kill_itself_once(trial: Trial, mark: Any) -> float:
    if not mark.exists():
        mark.touch()
        suggest_settings(trial, epochs=30)
        os.kill(os.getpid(), signal.SIGKILL)
    return learning_rate(trial, mark)


def place_in(folder: Path, url: str | None = None) -> StudyPlace:
    return StudyPlace("one", url, folder, ABOUT | {"sampler": "qmc"}, seed=1)


def run(place: StudyPlace, *, n_trial: int, n_process: int = 2, **options: Any) -> int:
    queue_candidates(place.open(), n_trial, first=IN_USE, seed=1)
    return len(list(run_trials(options.pop("task", None), place, n_trial=n_trial, n_process=n_process, **options)))


def check_two_processes(place: StudyPlace) -> None:
    assert run(place, n_trial=6, run=learning_rate) == 6
    study = place.open()
    trials = study.get_trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 6
    assert len({trial.params["learning_rate"] for trial in trials}) == 6
    assert 1 <= len({trial.user_attrs["process"] for trial in trials}) <= 2
    assert study.best_value == min(trial.params["learning_rate"] for trial in trials)
    assert run(place, n_trial=6, run=learning_rate) == 0


@pytest.mark.slow
def test_two_processes_share_a_journal(tmp_path: Path) -> None:
    check_two_processes(place_in(tmp_path))


@pytest.mark.network
def test_two_processes_share_a_database(tmp_path: Path) -> None:
    if URL not in os.environ:
        pytest.skip(f"{URL} names no database")
    check_two_processes(place_in(tmp_path, os.environ[URL]))


def test_a_study_whose_process_was_killed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other process may end between beginning a trial and signing it.
    monkeypatch.setattr(trial_lock, "_NAMELESS_SECONDS", 0.0)
    place = place_in(tmp_path)
    mark = tmp_path / "killed"
    with pytest.raises(ParaisiteError, match="the same command goes on"):
        run(place, n_trial=3, run=kill_itself_once, task=mark)
    study = place.open()
    assert repeat_lost(study)
    run(place, n_trial=3, n_process=1, run=kill_itself_once, task=mark)
    assert count_trials(study, TrialState.COMPLETE) == 3
    assert count_trials(study, TrialState.RUNNING, TrialState.WAITING) == 0
    finished = [trial.params for trial in study.trials if trial.state == TrialState.COMPLETE]
    assert len({tuple(params.items()) for params in finished}) == 3
