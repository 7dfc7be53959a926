"""Runs of killed processes are closed by the next command, those of living ones are not."""

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import RunInfo
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from paraisite.core.files import CACHE_VARIABLE
from paraisite.tracking.live_runs import PROCESS_TAG, close_killed_runs, hold_process_lock
from paraisite.tracking.promotion import SHOWN_DIGEST_LENGTH
from paraisite.tracking.runs import recipe_run
from tests.conftest import ROOT

KILLED_THEN_FULL = """
import os, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import open_store
from paraisite.tracking.writing import child_run
if os.fork() == 0:
    with recipe_run("FEAFTG15") as run_id, child_run(open_store(), "split 1", parent_run_id=run_id, seconds=1.0):
        os._exit(9)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 9
(lock,) = Path(sys.argv[1], "processes").glob("*.lock")
os.utime(lock, (float(sys.argv[2]), float(sys.argv[2])))
def fail(connection):
    raise OperationalError("COMMIT", None, Exception("database or disk is full"))
with recipe_run("FEAF"):
    event.listen(Engine, "commit", fail)
"""
"""A command that is killed, and one whose disk is full before it ends: forked, as the imports take longest."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def find_runs(client: MlflowClient) -> dict[str, RunInfo]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return {run.info.run_name: run.info for run in client.search_runs(experiments)}


def test_the_next_command_closes_runs_of_a_killed_one_and_those_that_a_full_disk_kept_open(
    client: MlflowClient, tmp_path: Path, cache: Path
) -> None:
    """The process with the full disk ended as usual, and would have taken along what tells that it is gone."""
    last_sign = time.time() + 100.0
    done = subprocess.run(
        [sys.executable, "-c", KILLED_THEN_FULL, str(cache), str(last_sign)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": f"sqlite:///{tmp_path}/mlflow.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "has no space left on its disk" in done.stderr
    runs = find_runs(client)
    assert {name: run.status for name, run in runs.items()} == {
        "FEAFTG15": "KILLED",
        "split 1": "KILLED",
        "FEAF": "RUNNING",
    }
    assert runs["FEAFTG15"].end_time == int(1000 * last_sign)  # not when the next command happened to run
    note = client.get_run(runs["FEAFTG15"].run_id).data.tags[MLFLOW_RUN_NOTE]
    assert note.startswith("FEAFTG15: ")
    assert f"last sign of life {datetime.fromtimestamp(last_sign, UTC):%Y-%m-%d %H:%M} UTC" in note
    with recipe_run("report"):
        pass
    assert {name: run.status for name, run in find_runs(client).items()} == {
        "FEAFTG15": "KILLED",
        "split 1": "KILLED",
        "FEAF": "KILLED",
        "report": "FINISHED",
    }


def test_a_run_whose_process_lives_stays_open(client: MlflowClient) -> None:
    with recipe_run("FEAFTG15") as run_id:
        assert client.get_run(run_id).data.tags[PROCESS_TAG] == hold_process_lock()
        assert len(hold_process_lock()) == SHOWN_DIGEST_LENGTH  # it stands on each run's page
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
