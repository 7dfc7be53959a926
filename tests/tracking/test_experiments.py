"""All runs of a command go to one experiment, that of the project where none was chosen."""

import pytest
from mlflow import MlflowClient

from paraisite.errors import TrackingError
from paraisite.tracking import experiments
from paraisite.tracking.runs import RUN_ID_VARIABLE, recipe_run

OF_MLFLOW_RUN = {"mlflow.project.entryPoint": "step3"}


def run_two_recipes(client: MlflowClient) -> list[str]:
    """Return the names of the experiments of two recipes that one command trains."""
    found = []
    for name in ("FEAF", "FETG15"):
        with recipe_run(name) as run_id:
            pass
        found.append(client.get_experiment(client.get_run(run_id).info.experiment_id).name)
    return found


def under_mlflow_run(client: MlflowClient, monkeypatch: pytest.MonkeyPatch, experiment: str = "0") -> str:
    """Make the run that `mlflow run` makes, and what it tells the command."""
    made = client.create_run(experiment, tags=OF_MLFLOW_RUN).info.run_id
    monkeypatch.setenv(RUN_ID_VARIABLE, made)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_ID", experiment)
    return made


def test_the_first_recipe_under_mlflow_run_is_where_all_others_are(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was in "Default", the second one of the same command in the project's experiment."""
    made = under_mlflow_run(client, monkeypatch)
    assert run_two_recipes(client) == ["paraisite", "paraisite"]
    assert client.get_run(made).info.run_name == "FEAF"
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
    assert run_two_recipes(client) == ["paraisite", "paraisite"]
    (only,) = client.search_experiments()
    assert "conductivity" in only.tags["mlflow.note.content"]
    assert len(client.search_runs([only.experiment_id])) == 4


def test_mlflow_run_after_the_command_itself_uses_the_same_experiment(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run_two_recipes(client)
    under_mlflow_run(client, monkeypatch)
    assert {*before, *run_two_recipes(client)} == {"paraisite"}


def test_an_experiment_that_was_chosen_is_used_for_all(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    under_mlflow_run(client, monkeypatch, client.create_experiment("thesis"))
    assert run_two_recipes(client) == ["thesis", "thesis"]
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "by name")
    assert run_two_recipes(client) == ["by name", "by name"]


def test_an_experiment_with_runs_of_others_keeps_its_name(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_run("0")
    under_mlflow_run(client, monkeypatch)
    assert run_two_recipes(client) == ["Default", "Default"]
    monkeypatch.delenv("MLFLOW_EXPERIMENT_ID")
    assert run_two_recipes(client) == ["paraisite", "paraisite"]


def test_the_first_experiment_of_a_server_keeps_its_name(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is everybody's."""
    monkeypatch.setattr(experiments, "store_uri", lambda: "https://tracking.example")
    under_mlflow_run(client, monkeypatch)
    assert run_two_recipes(client) == ["Default", "Default"]


@pytest.mark.parametrize(("variable", "value"), [("MLFLOW_EXPERIMENT_ID", "77"), ("MLFLOW_EXPERIMENT_NAME", "gone")])
def test_an_experiment_that_cannot_be_used_is_said(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    client.delete_experiment(client.create_experiment("gone"))
    monkeypatch.setenv(variable, value)
    with pytest.raises(TrackingError, match=value), recipe_run("FEAF"):
        pass
