"""Runs of killed processes are closed by the next command, those of living ones are not."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow import MlflowClient

from paraisite.core.files import CACHE_VARIABLE
from paraisite.tracking.live_runs import PROCESS_TAG, close_killed_runs, name_process
from paraisite.tracking.runs import recipe_run
from tests.conftest import ROOT

KILLED_WHILE_LOGGING = """
import os
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import open_store
from paraisite.tracking.writing import child_run
with recipe_run("FEAFTG15") as run_id, child_run(open_store(), "split 1", parent_run_id=run_id, seconds=1.0):
    os._exit(9)
"""


FULL_BEFORE_IT_ENDS = """
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from paraisite.tracking.runs import recipe_run
def fail(connection):
    raise OperationalError("COMMIT", None, Exception("database or disk is full"))
with recipe_run("FEAFTG15"):
    event.listen(Engine, "commit", fail)
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def run_apart(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_next_command_closes_runs_of_a_killed_one(client: MlflowClient, tmp_path: Path, cache: Path) -> None:
    assert run_apart(KILLED_WHILE_LOGGING, tmp_path).returncode == 9
    (lock,) = (cache / "processes").glob("*.lock")
    last_sign = time.time() + 100.0
    os.utime(lock, (last_sign, last_sign))
    with recipe_run("report"):
        pass
    experiment = client.get_experiment_by_name("paraisite")
    assert experiment is not None
    runs = {run.info.run_name: run.info for run in client.search_runs([experiment.experiment_id])}
    assert {name: info.status for name, info in runs.items()} == {
        "FEAFTG15": "KILLED",
        "split 1": "KILLED",
        "report": "FINISHED",
    }
    assert runs["FEAFTG15"].end_time == int(1000 * last_sign)  # not when the next command happened to run


def test_the_next_command_closes_a_run_that_a_full_disk_kept_open(client: MlflowClient, tmp_path: Path) -> None:
    """Its process ended as usual, and took along what tells that it is gone."""
    assert "has no space left on its disk" in run_apart(FULL_BEFORE_IT_ENDS, tmp_path).stderr
    (run,) = client.search_runs([experiment.experiment_id for experiment in client.search_experiments()])
    assert run.info.status == "RUNNING"
    assert close_killed_runs(client) == [run.info.run_id]
    assert client.get_run(run.info.run_id).info.status == "KILLED"


def test_a_run_whose_process_lives_stays_open(client: MlflowClient) -> None:
    with recipe_run("FEAFTG15") as run_id:
        assert client.get_run(run_id).data.tags[PROCESS_TAG] == name_process()
        with recipe_run("FEAF", parent_run_id=run_id) as nested:
            assert close_killed_runs(client) == []
            assert client.get_run(nested).info.status == "RUNNING"
    assert client.get_run(run_id).info.status == "FINISHED"


def test_a_run_of_another_machine_stays_open(client: MlflowClient) -> None:
    """Its lock is not in this machine's cache folder, so nobody here can tell."""
    run = client.create_run("0", tags={PROCESS_TAG: "0" * 32})
    assert close_killed_runs(client) == []
    assert client.get_run(run.info.run_id).info.status == "RUNNING"


def test_a_name_is_no_path(client: MlflowClient, tmp_path: Path) -> None:
    """Whoever may write tags into a shared store must not choose files here."""
    file = tmp_path / "mine.lock"
    file.write_text("mine")
    client.create_run("0", tags={PROCESS_TAG: f"{tmp_path}/mine"})
    assert close_killed_runs(client) == []
    assert file.read_text() == "mine"
