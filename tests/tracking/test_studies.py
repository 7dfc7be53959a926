"""A study in the store: one run that is resumed, one nested run for each trial."""

from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from paraisite.tracking.runs import RUN_ID_VARIABLE
from paraisite.tracking.studies import log_study, log_trial, logged_trials, study_run
from paraisite.tuning.objective import CURVE, INNER_MAPE, OF_SPLITS
from tests.synthetic_result import make_dataset


def make_study() -> optuna.Study:
    study = optuna.create_study()
    for value in (0.5, None):
        trial = study.ask()
        trial.suggest_float("learning_rate", 1e-4, 1e-2)
        trial.set_user_attr(CURVE, [0.9, 0.7])
        if value is None:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
        else:
            trial.set_user_attr(OF_SPLITS, {"1": 0.4, "2": 0.6})
            study.tell(trial, value)
    return study


def test_trials_are_nested_runs_with_what_they_measured(client: MlflowClient) -> None:
    study = make_study()
    with study_run("tune one", known_run_id=None) as run_id:
        assert logged_trials(run_id) == set()
        for trial in study.trials:
            log_trial(trial, study_name="one", run_id=run_id)
        assert logged_trials(run_id) == {0, 1}
    experiment = client.get_run(run_id).info.experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(runs) == {"tune one", "trial 0", "trial 1"}
    complete, pruned = runs["trial 0"].data, runs["trial 1"].data
    assert (complete.tags["state"], pruned.tags["state"]) == ("complete", "pruned")
    assert complete.tags["mlflow.parentRunId"] == run_id
    assert complete.metrics[INNER_MAPE] == 0.5
    assert (complete.metrics["inner_mape_split_1"], complete.metrics["inner_mape_split_2"]) == (0.4, 0.6)
    assert INNER_MAPE not in pruned.metrics
    assert complete.params == {"learning_rate": str(study.trials[0].params["learning_rate"])}
    history = client.get_metric_history(runs["trial 1"].info.run_id, CURVE)
    assert [(point.step, point.value) for point in history] == [(1, 0.9), (2, 0.7)]


def test_a_study_that_is_resumed_keeps_its_run(client: MlflowClient, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), study_run("tune one", known_run_id=None) as first:
        raise KeyboardInterrupt
    assert "**Interrupted**" in client.get_run(first).data.tags[MLFLOW_RUN_NOTE]
    folder = tmp_path / "result"
    folder.mkdir()
    (folder / "trials.csv").write_text("trial\n")
    with study_run("tune one", known_run_id=first) as run_id:
        for n_done in (1.0, 2.0):  # as often as it is resumed
            metrics, about = {"n_complete": n_done}, {"sampler": "tpe"}
            log_study(make_dataset(), metrics=metrics, parameters=about, folder=folder, run_id=run_id)
    assert run_id == first
    run = client.get_run(run_id)
    assert (run.info.status, run.data.metrics["n_complete"]) == ("FINISHED", 2.0)
    assert "**Interrupted**" not in run.data.tags[MLFLOW_RUN_NOTE]
    assert [item.path for item in client.list_artifacts(run_id)] == ["trials.csv"]


def test_a_run_that_this_store_does_not_know_is_made_anew(client: MlflowClient) -> None:
    with study_run("tune one", known_run_id="0123456789abcdef0123456789abcdef") as run_id:
        assert client.get_run(run_id).info.run_name == "tune one"


def test_under_mlflow_run_a_resumed_study_keeps_its_run(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    with study_run("tune one", known_run_id=None) as first:
        pass
    made = client.create_run("0").info.run_id
    monkeypatch.setenv(RUN_ID_VARIABLE, made)
    with study_run("tune one", known_run_id=first) as run_id:
        assert run_id == first
    assert client.get_run(made).data.tags["study_run_id"] == first


def test_the_duration_of_a_resumed_study_leaves_out_the_time_between(client: MlflowClient) -> None:
    with study_run("tune one", known_run_id=None) as run_id:
        pass
    ended = client.get_run(run_id).info.end_time - 3_600_000
    client.set_terminated(run_id, end_time=ended)  # an hour ago
    with study_run("tune one", known_run_id=run_id):
        pass
    assert ended <= client.get_run(run_id).info.end_time < ended + 3_600_000
