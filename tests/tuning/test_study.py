"""A study goes on where it was left, keeps to what it is about, and says what it has found."""

import dataclasses
from pathlib import Path

import pytest
from optuna import Study, Trial
from optuna.trial import TrialState

from paraisite.errors import ConfigError
from paraisite.tuning.space import draw_candidates, find_candidate, suggest_settings
from paraisite.tuning.study import count_trials, open_storage, queue_candidates, record_start, repeat_lost
from paraisite.tuning.trial_lock import WORKER, WorkerLock
from tests.tuning.studies import IN_USE, run_again, study_in


def signed_by(study: Study, worker: list[str]) -> Trial:
    trial = study.ask()
    trial.set_user_attr(WORKER, worker)
    suggest_settings(trial, epochs=30)
    return trial


def test_a_study_is_found_again_by_its_name(tmp_path: Path) -> None:
    run_again(study_in(tmp_path), [(0.5, 0.7)])
    assert study_in(tmp_path).best_value == pytest.approx(0.6)
    assert count_trials(study_in(tmp_path, "another"), TrialState.COMPLETE) == 0


def test_a_study_about_something_else_is_refused(tmp_path: Path) -> None:
    study_in(tmp_path)
    with pytest.raises(
        ConfigError, match=r"study one is about {'recipe': 'FELABTG15'}, not about {'recipe': 'RWTG15'}"
    ):
        study_in(tmp_path, recipe="RWTG15")


def test_a_study_that_starts_from_other_members_is_refused(tmp_path: Path) -> None:
    for _ in range(2):
        record_start(study_in(tmp_path), "FELAB (sha256 one)")
    with pytest.raises(ConfigError, match=r"starts from FELAB \(sha256 one\), not from FELAB \(sha256 two\)"):
        record_start(study_in(tmp_path), "FELAB (sha256 two)")


def test_a_database_that_cannot_be_reached_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be used as a study's storage"):
        open_storage(f"sqlite:///{tmp_path}/nowhere/study.db", tmp_path)
    with pytest.raises(ConfigError, match=r'for PostgreSQL install the extra: pip install "\.\[postgresql\]"'):
        open_storage("postgresql+nodriver://localhost/study", tmp_path)


def test_the_settings_in_use_are_tried_first_and_once(tmp_path: Path) -> None:
    for _ in range(2):
        queue_candidates(study_in(tmp_path), 3, first=IN_USE, seed=1)
    study = study_in(tmp_path)
    assert count_trials(study, TrialState.WAITING) == 1
    run_again(study, [(0.5, 0.5)])
    assert study.trials[0].params == find_candidate(IN_USE)


def test_a_list_of_candidates_does_not_depend_on_results_and_can_be_made_longer(tmp_path: Path) -> None:
    tried = []
    for name, error in (("low", 0.1), ("high", 0.9)):
        for n_trial in (2, 4):
            study = study_in(tmp_path, name, sampler="qmc")
            queue_candidates(study, n_trial, first=IN_USE, seed=1)
            run_again(study, [(error, error)] * count_trials(study, TrialState.WAITING))
        tried.append([trial.params for trial in study.trials])
    assert tried[0] == tried[1] == [find_candidate(IN_USE), *draw_candidates(3, seed=1)]


def test_a_list_of_candidates_has_none_that_another_study_found(tmp_path: Path) -> None:
    study = study_in(tmp_path, sampler="qmc")
    for n_trial in (1, 2):
        queue_candidates(study, n_trial, first=dataclasses.replace(IN_USE, study="another"), seed=1)
    run_again(study, [(0.5, 0.5)] * 2)
    assert [trial.params for trial in study.trials] == list(draw_candidates(2, seed=1))


def test_a_trial_whose_process_is_gone_is_repeated_once(tmp_path: Path) -> None:
    study, lock = study_in(tmp_path), WorkerLock(tmp_path / "alive.lock")
    alive = signed_by(study, lock.signature)
    (tmp_path / "dead.lock").touch()
    host, _ = lock.signature
    lost = signed_by(study, [host, str(tmp_path / "dead.lock")])
    elsewhere = signed_by(study, ["another machine", "/nowhere.lock"])
    assert repeat_lost(study) == [lost.number]
    assert repeat_lost(study) == []
    states = [trial.state for trial in study.trials]
    running = TrialState.RUNNING
    assert states == [running, TrialState.FAIL, running, TrialState.WAITING]
    again = study.ask()
    suggest_settings(again, epochs=30)
    assert again.params == lost.params
    assert {alive.number, elsewhere.number} == {trial.number for trial in study.trials if trial.state == running} - {
        again.number
    }


def test_a_repeated_trial_that_is_lost_again_is_repeated_again(tmp_path: Path) -> None:
    study = study_in(tmp_path)
    (candidate,) = draw_candidates(1, seed=9)
    study.enqueue_trial(candidate)
    for _ in range(2):
        trial = study.ask()  # killed before it asked for anything
        trial.set_user_attr(WORKER, WorkerLock(tmp_path / "x.lock").signature)
        assert repeat_lost(study) == [trial.number]
    run_again(study, [(0.5, 0.5)])
    assert study.best_params == candidate
