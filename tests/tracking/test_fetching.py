"""What a server's registry has sent is kept; what lies on this machine is left where it is."""

from pathlib import Path
from types import SimpleNamespace

import mlflow
import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion

from paraisite.core.files import CACHE_VARIABLE
from paraisite.tracking import fetching
from paraisite.tracking.registry import register_file
from paraisite.tracking.runs import recipe_run
from tests.inference.known_predictors import tiny_ensemble


@pytest.fixture
def registered(client: MlflowClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Register a version of FE; return the cache folder, which is empty."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    path = tmp_path / "tiny.safetensors"
    tiny_ensemble().save(path)
    with recipe_run("FE") as run_id:
        register_file("FE", path, run_id=run_id, tags={}, description="Tiny.")
    return tmp_path / "cache" / "registry"


def test_a_file_on_this_machine_is_not_copied(registered: Path) -> None:
    assert fetching.fetch_predictor("FE", alias="champion").is_file()
    assert not registered.exists()


def test_a_servers_file_is_fetched_once(registered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each prediction left another copy in a temporary folder."""
    monkeypatch.setattr(fetching, "_is_on_this_machine", lambda _: False)
    first = fetching.fetch_predictor("FE", alias="champion")
    monkeypatch.setattr(mlflow.artifacts, "download_artifacts", lambda **_: pytest.fail("fetched again"))
    assert fetching.fetch_predictor("FE", alias="champion") == first
    assert first.is_relative_to(registered)
    assert first.is_file()


@pytest.mark.parametrize(
    ("address", "is_here"),
    [
        ("/srv/mlruns/1/models/m-1/artifacts", True),
        ("mlruns/1/a:b", True),
        ("file:///srv/mlruns/1", True),
        ("C:/mlruns/1", True),
        ("mlflow-artifacts:/1/models/m-1/artifacts", False),
        ("https://example.org/api/artifacts", False),
        ("s3://bucket/1", False),
    ],
)
def test_addresses_of_this_machine_are_told_from_others(
    monkeypatch: pytest.MonkeyPatch, address: str, is_here: bool
) -> None:
    server = SimpleNamespace(get_model_version_download_uri=lambda *_: address)
    monkeypatch.setattr(fetching, "MlflowClient", lambda: server)
    assert fetching._is_on_this_machine(ModelVersion("FE", "1", creation_timestamp=0)) == is_here
