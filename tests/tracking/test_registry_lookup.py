"""Whether the registry is worth asking, found without MLflow."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from paraisite.tracking.registry_lookup import may_be_registered


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_store(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE model_versions (name TEXT, version INTEGER)")
        connection.execute("INSERT INTO model_versions VALUES ('FEAF', 1)")
        connection.commit()


def test_without_a_store_nothing_is_registered() -> None:
    assert not may_be_registered("FEAF")


def test_a_file_that_holds_no_version_of_the_name_is_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(folder / "mlflow.db")
    assert (may_be_registered("FEAF"), may_be_registered("GPACCURATE")) == (True, False)
    (folder / "mlflow.db").rename(folder / "other.db")
    for address in ("sqlite:///other.db", f"sqlite:///{folder}/other.db"):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        assert (may_be_registered("FEAF"), may_be_registered("GPACCURATE")) == (True, False)


@pytest.mark.parametrize("address", ["http://localhost:5000", "sqlite:///absent.db", "postgresql://host/name"])
def test_what_only_mlflow_can_tell_is_left_to_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    assert may_be_registered("GPACCURATE")


def test_a_damaged_store_is_left_to_mlflow_which_says_so(folder: Path) -> None:
    (folder / "mlflow.db").write_bytes(b"no database" * 100)
    assert may_be_registered("GPACCURATE")


def test_without_mlflow_the_registry_is_not_asked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_store(folder / "mlflow.db")
    monkeypatch.setattr("paraisite.tracking.registry_lookup.importlib.util.find_spec", lambda _name: None)
    assert not may_be_registered("FEAF")
