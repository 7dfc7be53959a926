"""What an installation has and lacks: the default model, folders, secrets, servers."""

import json
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paraisite.cli import app
from paraisite.core import usable_packages
from paraisite.data.sources.reachability import find_unreachable
from paraisite.workflows import doctor
from tests.inference.known_predictors import tiny_predictor

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(doctor, "PACKAGED", tmp_path / "packaged")
    monkeypatch.setattr(doctor, "SOURCE_TREE", tmp_path / "none")
    monkeypatch.setattr(doctor.shutil, "which", lambda _program: None)
    return tmp_path


def report(*, code: int) -> dict[str, dict[str, str]]:
    result = CliRunner().invoke(app, ["doctor", "--offline", "--json"], catch_exceptions=False)
    assert result.exit_code == code, result.output
    assert KEY not in result.output
    return {row["subject"]: row for row in map(json.loads, result.output.splitlines())}


def test_a_model_that_is_whole_is_told_with_its_digest_and_a_key_as_set_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MP_API_KEY", KEY)
    monkeypatch.delenv("MLFLOW_TRACKING_TOKEN", raising=False)
    tiny_predictor().save(Path("packaged/build/gpaccurate/predictor"))
    found = report(code=0)
    assert found["GPACCURATE"]["status"] == "ok"
    assert tiny_predictor().digest[:16] in found["GPACCURATE"]["detail"]
    assert (found["MP_API_KEY"]["detail"], found["MLFLOW_TRACKING_TOKEN"]["detail"]) == ("set", "not set")
    assert found["numpy"]["status"] == found["here"]["status"] == "ok"
    assert found["NVIDIA"]["status"] == "missing"
    assert "AFLUX" not in found


def test_a_damaged_model_is_a_failure_and_none_is_missing() -> None:
    assert report(code=1)["GPACCURATE"]["status"] == "missing"
    tiny_predictor().save(Path("build/gpaccurate/predictor"))
    file = Path("build/gpaccurate/predictor/reference.safetensors")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    assert report(code=1)["GPACCURATE"]["status"] == "failed"


def test_weights_of_the_potential_are_looked_for_and_not_downloaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PARAISITE_NEQUIX_WEIGHTS", raising=False)
    monkeypatch.setenv("PARAISITE_CACHE", str(folder / "cache"))
    assert report(code=1)["nequix-mp-1-pft.nqx"]["status"] == "missing"
    for content, said in ((None, "no file"), ("{}", "another file, or a damaged one")):
        if content is not None:
            (folder / "weights.nqx").write_text(content)
        monkeypatch.setenv("PARAISITE_NEQUIX_WEIGHTS", str(folder / "weights.nqx"))
        found = report(code=1)["nequix-mp-1-pft.nqx"]
        assert (found["status"], found["detail"].endswith(said)) == ("failed", True)


def test_servers_are_asked_and_silence_has_a_reason() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with socket.create_server(("127.0.0.1", 0)) as closed:
            nobody = f"http://127.0.0.1:{closed.getsockname()[1]}/"
        found = find_unreachable(timeout_seconds=0.2, servers={"silent": address, "nobody": nobody})
    assert "silent for too long" in found["silent"]
    assert "no connection" in found["nobody"]


def test_the_server_of_runs_is_asked_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was called OK, and predictions failed."""
    asked: dict[str, str] = {}

    def find(*, timeout_seconds: float, servers: dict[str, str]) -> dict[str, str | None]:
        asked.update(servers)
        return dict.fromkeys(servers, "no connection")

    monkeypatch.setattr(doctor, "find_unreachable", find)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    found = {each.subject: each.status for each in doctor._check_servers()}
    assert asked["MLflow"] == "http://127.0.0.1:9"
    assert found["MLflow"] == doctor.FAILED
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///runs.db")
    assert "MLflow" not in {each.subject for each in doctor._check_servers()}


def test_a_file_that_is_no_store_of_mlflow_is_told(folder: Path) -> None:
    file = folder / "mlflow.db"
    file.write_text("garbage, garbage, garbage")
    assert report(code=1)["MLflow"]["detail"] == f"{file.name}: no store of MLflow: file is not a database"
    file.unlink()
    with closing(sqlite3.connect(file)) as database:
        database.execute("CREATE TABLE runs (run_uuid TEXT)")
        assert doctor._check_database(file) == ("store", "MLflow", doctor.OK, f"{file}: 0 runs")


def test_a_folder_of_the_models_name_is_what_predict_takes() -> None:
    Path("GPACCURATE").mkdir()
    assert doctor._check_default_model().status == doctor.FAILED


def test_a_package_that_cannot_be_imported_is_named_though_the_report_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"pandas": "pandas", "damaged": "paraisite.core.no_such_module"}
    monkeypatch.setattr(usable_packages, "CORE_PACKAGES", broken)
    monkeypatch.setitem(sys.modules, "pandas", None)
    found = report(code=1)
    assert set(found) == {"python", "pandas", "damaged"}
    assert found["damaged"]["status"] == "failed"
    assert "reinstall it: ModuleNotFoundError: No module named 'paraisite.core.no_such" in found["damaged"]["detail"]
    result = CliRunner().invoke(app, ["doctor", "--offline"], catch_exceptions=False)
    assert result.output.splitlines()[1].startswith("version  pandas  failed  cannot be imported")


def test_a_cache_that_is_a_file_and_a_user_without_home_are_failures(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "file").write_text("")
    monkeypatch.setenv("PARAISITE_CACHE", str(folder / "file" / "cache"))
    assert "file is a file, expected a folder" in report(code=1)["cache"]["detail"]
    for name in ("PARAISITE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", _refuse)
    found = report(code=1)["cache"]
    assert (found["status"], "PARAISITE_CACHE names one" in found["detail"]) == ("failed", True)


def _refuse() -> Path:
    raise RuntimeError("Could not determine home directory.")
