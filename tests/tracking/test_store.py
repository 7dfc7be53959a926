"""Stores that begin, and stores that cannot be used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import mlflow
import pytest
from mlflow import MlflowClient

from paraisite.errors import TrackingError
from paraisite.tracking import store
from paraisite.tracking.fetching import fetch_champion
from paraisite.tracking.runs import recipe_run
from paraisite.tracking.store import open_store, ui_hint
from tests.conftest import ROOT
from tests.reliability.faults import can_mount, mounted, remount

FIRST_RUN = """
from paraisite.tracking.experiments import find_experiment
from paraisite.tracking.store import open_store
client = open_store()
client.create_run(find_experiment(client, "first"))
"""


def test_two_first_runs_at_once_make_one_store(tmp_path: Path) -> None:
    """MLflow alone makes its tables twice, and one of the two ends in a traceback or leaves a broken store."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PARAISITE_CACHE": str(tmp_path / "cache")}
    environment.pop("MLFLOW_TRACKING_URI", None)
    processes = [
        subprocess.Popen([sys.executable, "-c", FIRST_RUN], cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [process.communicate()[1].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    experiment = client.get_experiment_by_name("first")
    assert experiment is not None
    assert len(client.search_runs([experiment.experiment_id])) == 2


def test_a_store_whose_making_is_stopped_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of its tables cannot be completed, by whichever command."""

    def stop(engine: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mlflow.store.db.utils._upgrade_db", stop)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PARAISITE_CACHE", str(tmp_path / "cache"))
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    with pytest.raises(KeyboardInterrupt):
        open_store()
    mlflow.set_tracking_uri(None)
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock")] == []


def garbage(content: bytes) -> bytes:
    return b"no database at all" * 500


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def overwritten(content: bytes) -> bytes:
    return content[:4096] + b"\xff" * (len(content) - 4096)


@pytest.mark.parametrize("damage", [garbage, cut, overwritten])
def test_a_damaged_store_is_one_sentence(client: MlflowClient, tmp_path: Path, damage: object) -> None:
    assert callable(damage)
    file = tmp_path / "damaged.db"
    file.write_bytes(damage((tmp_path / "mlflow.db").read_bytes()))
    mlflow.set_tracking_uri(f"sqlite:///{file}")
    with pytest.raises(TrackingError, match=r"damaged\.db is damaged") as caught, recipe_run("report"):
        pass
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("what", [lambda: fetch_champion("GPTG15"), open_store])
def test_a_server_that_is_down_is_one_sentence_without_password(client: MlflowClient, what: object) -> None:
    assert callable(what)
    mlflow.set_tracking_uri("http://maria:tr0ub4dor@127.0.0.1:9")
    with pytest.raises(TrackingError, match=r"http://\*\*\*@127.0.0.1:9 cannot be reached") as caught:
        what()
    assert "tr0ub4dor" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_is_down_is_told_at_once(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("psycopg")
    mlflow.set_tracking_uri("postgresql+psycopg://maria:tr0ub4dor@127.0.0.1:9/store")
    monkeypatch.setattr(MlflowClient, "search_experiments", lambda *_: pytest.fail("MLflow would try for minutes"))
    with pytest.raises(TrackingError, match="cannot be reached") as caught:
        open_store()
    assert "tr0ub4dor" not in str(caught.value)


@pytest.mark.parametrize("uri", ["nosuchdatabase://maria:tr0ub4dor@host/store", "postgresql+nosuchdriver://host/store"])
def test_a_database_without_a_driver_names_the_extra(client: MlflowClient, uri: str) -> None:
    mlflow.set_tracking_uri(uri)
    with pytest.raises(
        TrackingError, match=r"needs a driver .*; for PostgreSQL: pip install \"\.\[postgresql\]"
    ) as caught:
        open_store()
    assert "tr0ub4dor" not in str(caught.value)


def test_retries_are_as_before_once_the_store_has_answered(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "5")
    monkeypatch.setattr(store, "_reached", set())
    open_store()
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "5"


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://maria:tr0ub4dor@host/store", 'mlflow ui --backend-store-uri "$MLFLOW_TRACKING_URI"'),
        ("sqlite:///elsewhere.db", "mlflow ui --backend-store-uri sqlite:///elsewhere.db"),
        ("https://maria:tr0ub4dor@host/mlflow", "https://***@host/mlflow"),
        ("https://host/mlflow", "https://host/mlflow"),
    ],
)
def test_the_line_that_opens_the_pages_holds_no_password(client: MlflowClient, uri: str, shown: str) -> None:
    mlflow.set_tracking_uri(uri)
    assert ui_hint() == shown


def test_a_store_on_a_disk_that_is_read_only_is_told_before_anything_is_made(
    client: MlflowClient, tmp_path: Path
) -> None:
    """It was found out when a training was over."""
    disk = tmp_path / "disk"
    if not can_mount(disk):
        pytest.skip("only who may mount file systems can try a read-only one")
    store.check_outputs_writable(tmp_path)
    with mounted(disk):
        shutil.copy(tmp_path / "mlflow.db", disk)
        remount(disk, "ro")
        for name in ("mlflow.db", "not/yet.db"):
            mlflow.set_tracking_uri(f"sqlite:///{disk}/{name}")
            with pytest.raises(OSError, match="Read-only file system"):
                store.check_outputs_writable(tmp_path)
        assert [path.name for path in disk.iterdir()] == ["mlflow.db"]


def test_a_store_whose_file_is_read_only_is_told(
    client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "mlflow.db")  # root may write any file
    with pytest.raises(TrackingError, match=r"mlflow.db is read-only: nothing can be logged there"):
        store.check_outputs_writable(tmp_path)
