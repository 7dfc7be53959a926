"""Two users with different rights at one server: training, registering, predicting from it, a wrong password."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow.server import get_app_client

from tests.graphs.crystals import rocksalt
from tests.mlflow_servers import ADMIN, USERS, server_with_users
from tests.pipeline import ROOT, params_text, two_splits

POSTGRESQL = "PARAISITE_TEST_POSTGRESQL"
"""Environment variable, as ``postgresql+psycopg://mlflow:PASSWORD@127.0.0.1``."""

PREDICT = ("predict", "--model", "RWTG15@champion", "NaCl.cif")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, bundled_data: Path) -> Path:
    folder = tmp_path_factory.mktemp("project")
    (folder / "params.yaml").write_text(two_splits(params_text("lab")))
    (folder / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    rocksalt(5.64, ("Na", "Cl")).to(str(folder / "NaCl.cif"))
    return folder


def run(
    project: Path, address: str, user: str, *arguments: str, password: str | None = None
) -> "subprocess.CompletedProcess[str]":
    variables = {
        "PYTHONPATH": str(ROOT),
        "PARAISITE_CACHE": str(project / "cache"),
        "MLFLOW_TRACKING_URI": address,
        "MLFLOW_TRACKING_USERNAME": user,
        "MLFLOW_TRACKING_PASSWORD": password or USERS[user],
    }
    return subprocess.run(
        [sys.executable, "-m", "paraisite", *arguments],
        cwd=project,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("store", ["SQLite", "PostgreSQL"])
def test_users_with_different_rights_share_a_server(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str
) -> None:
    database = os.environ.get(POSTGRESQL)
    if store == "PostgreSQL" and not database:
        pytest.skip(f"needs {POSTGRESQL}, the address of a PostgreSQL server with empty databases runs and users")
    with server_with_users(tmp_path, database=database if store == "PostgreSQL" else None) as address:
        monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ADMIN[0])
        monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ADMIN[1])
        users = get_app_client("basic-auth", tracking_uri=address)
        for user, password in USERS.items():
            users.create_user(user, password)
        refused = run(project, address, "maria", "train", "RWTG15", "--epochs", "1", password="wrong-password")
        assert refused.returncode == 2
        assert f"error: the experiment store {address} refuses user and password: set MLFLOW_" in refused.stderr
        assert "Traceback" not in refused.stderr
        assert "wrong-password" not in refused.stderr

        trained = run(project, address, "maria", "train", "RWTG15", "--epochs", "1")
        assert trained.returncode == 0, trained.stderr
        assert "RWTG15 version 1 is Production" in trained.stderr
        assert trained.stdout.rstrip().endswith(f"below Model training: {address}")
        for user in USERS:
            predicted = run(project, address, user, *PREDICT)
            assert predicted.returncode == 0, predicted.stderr
            assert "NaCl" in predicted.stdout
        (kept,) = (project / "cache" / "registry").iterdir()
        assert (kept / "predictor").is_dir(), "both predictions have taken one copy"
        assert list((tmp_path / "files").rglob("ensemble.safetensors"))
        assert not list(project.rglob("mlruns")), "artifacts went past the server"

        reader = run(project, address, "jon", "report")
        assert reader.returncode == 2
        assert "does not let this user do that" in reader.stderr
        assert "Traceback" not in reader.stderr
        stranger = run(project, address, "eve", *PREDICT, password="is-not-known-here")
        assert stranger.returncode == 2
        assert "refuses user and password" in stranger.stderr
        assert "Traceback" not in stranger.stderr
