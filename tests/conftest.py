"""Fixtures shared by all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from paraisite.artifacts.dvc_files import fetch_tracked

SHARED_VARIABLE = "PARAISITE_SHARED"
ROOT = Path(__file__).parents[1]

# `mlflow run . -e test` hands its own run down to pytest; tests that write runs must not resume it.
for variable in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"):
    os.environ.pop(variable, None)


@pytest.fixture(scope="session", autouse=True)
def bundled_data() -> Path:
    """Folder of the fact tables; a fresh clone takes it from the bundled store."""
    return fetch_tracked(Path("data"), target="data.dvc", project=ROOT)


@pytest.fixture
def own_store(tmp_path: Path) -> Iterator[None]:
    """Let runs go to a store in ``tmp_path``: MLflow keeps a store that a relative address has led to."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    yield
    while mlflow.active_run() is not None:
        mlflow.end_run()
    mlflow.set_tracking_uri(None)


def _shared(folder: str) -> Path:
    root = Path(os.environ.get(SHARED_VARIABLE, Path(__file__).parents[2] / "shared"))
    path = root / folder
    if not path.is_dir():
        pytest.skip(f"{path} is absent: it holds other people's files, which the project may not ship")
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of tables that may not be shipped (AFLOW's records)."""
    return _shared("data")


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """Folder of megnet's published HDF5 models."""
    return _shared("weights")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Folder of numbers that megnet itself computed."""
    return _shared("reference")
