"""Secrets in every variable that may hold one: none is in anything that commands print or write."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.graphs.crystals import rocksalt
from tests.pipeline import ROOT, params_text, two_splits
from tests.stores import copy_store

SECRETS: Final = {
    "MLFLOW_TRACKING_PASSWORD": "tr0ub4dor-mlflow",
    "MLFLOW_TRACKING_TOKEN": "t0ken-mlflow-77",
    "MP_API_KEY": "mpkey0123456789abcdef",
    "PMG_MAPI_KEY": "pmgkey0123456789abcdef",
    "AWS_ACCESS_KEY_ID": "AKIAPLANTED0000",
    "AWS_SECRET_ACCESS_KEY": "aws/planted+secret",
    "AWS_SESSION_TOKEN": "awsplantedsession",
    "AZURE_STORAGE_ACCESS_KEY": "azureplantedkey",
    "GITHUB_TOKEN": "ghp_planted000000",
    "DATABASE_PASSWORD": "dbplantedword",
}
ADDRESSES: Final = {
    "HTTPS_PROXY": "http://maria:pr0xyplanted@127.0.0.1:9",
    "HTTP_PROXY": "http://maria:pr0xyplanted@127.0.0.1:9",
    "UV_INDEX_URL": "https://maria:ind3xplanted@index.example/simple",
    "OPTUNA_STORAGE": "postgresql://maria:opt%75naplanted@127.0.0.1:9/studies",
}
PLANTED: Final = (*SECRETS.values(), "pr0xyplanted", "ind3xplanted", "opt%75naplanted", "optunaplanted", "st0replanted")
COMMANDS: Final = """
import os, sys
from paraisite.__main__ import main
for command in sys.argv[1].split(";"):
    if command.startswith("MLFLOW_TRACKING_URI="):
        os.environ["MLFLOW_TRACKING_URI"] = command.partition("=")[2]
        continue
    sys.argv[1:] = command.split()
    try:
        main()
    except SystemExit as end:
        print("ended with", end.code, command, flush=True)
"""
TRAINED: Final = """
import os
from paraisite.tracking.registry import register_result
from paraisite.tracking.runs import log_result, recipe_run
from paraisite.workflows.train import _report
from tests.synthetic_result import make_ensemble, make_result
result = make_result("RWTG15", seeds=(1, 2), n_row=20, n_epoch=2)
result.parameters.update(storage=os.environ["OPTUNA_STORAGE"], api_key=os.environ["MP_API_KEY"])
with recipe_run("RWTG15") as run_id:
    log_result(result, run_id=run_id)
    register_result(result, make_ensemble(None, n_member=2), run_id=run_id)
_report(result)
"""
DOWN: Final = "MLFLOW_TRACKING_URI=http://maria:st0replanted@127.0.0.1:9"


@pytest.fixture
def folder(tmp_path: Path, bundled_data: Path, empty_store: Path) -> Path:
    """Make a project with two splits, a small head and a crystal."""
    copy_store(empty_store, tmp_path)
    params = two_splits(params_text("lab"))
    (tmp_path / "params.yaml").write_text(re.sub(r"head_hidden: \[.*\]", "head_hidden: [2]", params))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    rocksalt(5.64, ("Na", "Cl")).to(str(tmp_path / "NaCl.cif"))
    return tmp_path


def run(commands: list[str], folder: Path, *, before: str = "") -> str:
    """Run commands in one process, which imports TensorFlow once; return what it printed."""
    variables = {
        "PYTHONPATH": str(ROOT),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        "PARAISITE_CACHE": str(folder / "cache"),
        "NO_PROXY": "127.0.0.1",
    }
    done = subprocess.run(
        [sys.executable, "-c", before + COMMANDS, ";".join(commands)],
        cwd=folder,
        env=os.environ | SECRETS | ADDRESSES | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def find_planted(content: bytes) -> list[str]:
    return [secret for secret in PLANTED if secret.encode() in content]


def find_in_files(folder: Path) -> dict[str, list[str]]:
    """Return the secrets in each file that holds any."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"mlflow.db", "report.html", "MLmodel"} <= {path.name for path in files}
    return {str(path): found for path in files if (found := find_planted(path.read_bytes()))}


def test_no_secret_is_printed_or_written(folder: Path) -> None:
    """The last line of each training showed the store's address with its password."""
    said = run(
        [
            "predict --model RWTG15@challenger NaCl.cif",
            "report",
            f"tune RWTG15 --trials 1 --storage {ADDRESSES['OPTUNA_STORAGE']}",
            DOWN,
            "train RWTG15 --epochs 1",
            "report",
        ],
        folder,
        before=TRAINED,
    )
    assert "not logged, because they look like credentials: api_key" in said
    assert "ended with 0 report" in said
    assert "postgresql://***@127.0.0.1:9/studies" in said
    assert said.count("the experiment store http://***@127.0.0.1:9 cannot be reached") == 2
    assert "Traceback" not in said
    assert find_planted(said.encode()) == []
    assert find_in_files(folder) == {}


@pytest.mark.slow
def test_no_secret_is_printed_or_written_by_a_training(folder: Path) -> None:
    said = run(["train RWTG15 --epochs 1", "predict --model RWTG15@champion NaCl.cif", "report"], folder)
    assert re.findall(r"ended with (\d+) (\w+)", said) == [("0", "train"), ("0", "predict"), ("0", "report")]
    assert find_planted(said.encode()) == []
    assert find_in_files(folder) == {}


@pytest.mark.parametrize("secret", PLANTED)
def test_what_is_looked_for_would_be_found(secret: str) -> None:
    assert find_planted(f"password={secret}\n".encode())
