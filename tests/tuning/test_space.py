"""The space of candidates: each stands for settings, and a list of them is the same in every process."""

import optuna
import pytest

from paraisite.config import FineTuning
from paraisite.tuning.space import PERIOD, SPACE, adapt_settings, draw_candidates, find_candidate, suggest_settings

IN_USE = FineTuning(epochs=60, batch_size=8, learning_rate_period_epochs=60)


def test_the_settings_in_use_are_a_candidate() -> None:
    candidate = find_candidate(IN_USE)
    assert candidate is not None
    assert set(candidate) == {dimension.name for dimension in SPACE}
    assert adapt_settings(candidate, epochs=60) == IN_USE


def test_a_candidate_keeps_its_meaning_in_a_shorter_training() -> None:
    candidate = find_candidate(IN_USE)
    assert candidate is not None
    assert adapt_settings(candidate | {PERIOD: 3.0}, epochs=10).learning_rate_period_epochs == 30


@pytest.mark.parametrize("change", [{"batch_size": 7}, {"learning_rate": 1.0}, {"head": "17"}])
def test_settings_outside_are_no_candidate(change: dict[str, int | float | str]) -> None:
    settings = FineTuning(**({"epochs": 60, "batch_size": 8, "learning_rate_period_epochs": 60} | change))
    assert find_candidate(settings) is None


def test_a_longer_list_begins_with_the_shorter_one() -> None:
    short, long = (list(draw_candidates(n, seed=3)) for n in (5, 33))
    assert (len(short), len(long)) == (5, 33)
    assert long[:5] == short
    assert list(draw_candidates(5, seed=4)) != short
    assert list(draw_candidates(0, seed=3)) == []


def test_a_list_tries_every_value_and_stays_in_the_space() -> None:
    candidates = list(draw_candidates(64, seed=1))
    for dimension in SPACE:
        values = [candidate[dimension.name] for candidate in candidates]
        assert all(dimension.holds(value) for value in values), dimension.name
        assert len(set(values)) == len(getattr(dimension, "values", values)), dimension.name
    for candidate in candidates:
        assert adapt_settings(candidate, epochs=10).head_hidden((1, 2))


def test_a_queued_candidate_is_what_a_trial_asks_for() -> None:
    study = optuna.create_study()
    (candidate,) = draw_candidates(1, seed=5)
    study.enqueue_trial(candidate)
    trial = study.ask()
    assert suggest_settings(trial, epochs=20) == adapt_settings(candidate, epochs=20)
    assert trial.params == candidate
