"""MLflow's servers for tests: with users, as docs/server.md starts it, and others."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.pipeline import ROOT
from tests.waiting import wait_until

ADMIN: Final = ("admin", "adm1n-of-the-store")
USERS: Final = {"maria": "maria-writes-here", "jon": "jon-only-reads-it"}


@contextmanager
def server_with_users(folder: Path, *, database: str | None = None) -> Iterator[str]:
    """Run a server with users and artifacts in a folder of its own; yields its address.

    Args:
        folder: Its folder.
        database: Address of a database server, without a database's name: runs and users are in its databases ``runs``
            and ``users``; None for SQLite.
    """
    address_of = f"{database}/{{}}" if database else f"sqlite:///{folder}/{{}}.db"
    settings = folder / "auth.ini"
    settings.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {address_of.format('users')}\n"
        f"admin_username = {ADMIN[0]}\nauthorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    settings.chmod(0o600)
    variables = {
        "MLFLOW_AUTH_CONFIG_PATH": str(settings),
        "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN[1],
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "a-key-for-tests-alone",
    }
    command = ["server", "--app-name", "basic-auth", "--workers", "1", "--serve-artifacts"]
    command += ["--backend-store-uri", address_of.format("runs"), "--artifacts-destination", str(folder / "files")]
    with running(command, folder, health="health", variables=variables) as address:
        yield address


@contextmanager
def running(
    command: Sequence[str], folder: Path, *, health: str, variables: Mapping[str, str] | None = None
) -> Iterator[str]:
    """Run a command of MLflow that serves something until it is no longer needed; yields its address.

    Args:
        command: Without host and port.
        folder: It works there, and leaves its log there.
        health: Path that answers as soon as the server does.
        variables: Environment variables.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONPATH": str(ROOT)} | (variables or {})
    if not variables or "MLFLOW_TRACKING_URI" not in variables:
        environment.pop("MLFLOW_TRACKING_URI", None)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *command, "--host", "127.0.0.1", "--port", port],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(f"{address}/{health}"), is_alive=lambda: process.poll() is None)
        yield address
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
