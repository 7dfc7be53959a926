"""Fixtures shared by all tests."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings
from pymatgen.symmetry.groups import SpaceGroup

from paraisite.artifacts.dvc_files import fetch_tracked
from tests.stores import copy_store

SHARED_VARIABLE = "PARAISITE_SHARED"
ROOT = Path(__file__).parents[1]

# `mlflow run . -e test` hands its own run down to pytest; tests that write runs must not resume it.
for variable in ("MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_TRACKING_URI"):
    os.environ.pop(variable, None)

# XLA compiles for most of the tests' time. Without LLVM's optimisations it takes less than half, and what one process
# has compiled the others load: the workers of pytest-xdist and the processes that tests start inherit both settings,
# which TensorFlow reads when it is loaded. Flags that are given from outside come last and so win.
_CACHE_FLAG: Final = "--tf_xla_persistent_cache_directory="
_own_cache: str | None = None
if _CACHE_FLAG not in os.environ.get("TF_XLA_FLAGS", ""):
    _own_cache = tempfile.mkdtemp(prefix="paraisite-xla-")
    os.environ["TF_XLA_FLAGS"] = f"{_CACHE_FLAG}{_own_cache} {os.environ.get('TF_XLA_FLAGS', '')}".strip()
    os.environ["XLA_FLAGS"] = f"--xla_backend_optimization_level=0 {os.environ.get('XLA_FLAGS', '')}".strip()

# pymatgen forgets a space group as soon as nobody holds it, and takes half a second to make one of these again.
_CUBIC: Final = [SpaceGroup(symbol) for symbol in ("Fm-3m", "Fd-3m", "F-43m", "Im-3m")]

settings.register_profile("quick", max_examples=50, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile("quick")  # --hypothesis-profile thorough looks for what these examples miss


def pytest_unconfigure() -> None:
    """Remove the compiled programs, in the process that made their folder."""
    if _own_cache is not None:
        shutil.rmtree(_own_cache, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def bundled_data() -> Path:
    """Folder of the fact tables; a fresh clone takes it from the bundled store."""
    return fetch_tracked(Path("data"), target="data.dvc", project=ROOT)


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database with MLflow's tables: making them takes longer than most tests that write there."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "empty.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def own_store(tmp_path: Path, empty_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let runs go to a store in ``tmp_path``: MLflow keeps a store that a relative address has led to.

    Artifacts lie elsewhere: a test may log ``tmp_path`` itself.
    """
    import mlflow

    copy_store(empty_store, tmp_path, artifacts=tmp_path_factory.mktemp("artifacts"))
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
def shared_cases() -> Path:
    """Folder of inputs that readers take for another crystal, each with a note on what is right."""
    return _shared("cases")


@pytest.fixture(scope="session")
def shared_weights() -> Path:
    """Folder of megnet's published HDF5 models."""
    return _shared("weights")


@pytest.fixture(scope="session")
def shared_reference() -> Path:
    """Folder of numbers that megnet itself computed."""
    return _shared("reference")
