"""Tests of fetching what DVC keeps in the repository."""

import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.errors import MissingInputError
from tests.waiting import wait_until


def dvc(project: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], cwd=project, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a bundled remote that holds ``data/``; nothing is in its cache."""
    project = tmp_path_factory.mktemp("repository")
    dvc(project, "init", "--no-scm", "--quiet")
    for key, value in (("core.analytics", "false"), ("core.check_update", "false")):
        dvc(project, "config", key, value)
    dvc(project, "remote", "add", "--default", "store", "dvcstore", "--quiet")
    (project / "data").mkdir()
    (project / "data" / "togo15.csv").write_text("formula\nBN\n")
    dvc(project, "add", "data")
    dvc(project, "push")
    shutil.rmtree(project / "data")
    shutil.rmtree(project / ".dvc" / "cache")
    return project


@pytest.fixture
def project(repository: Path, tmp_path: Path) -> Path:
    return shutil.copytree(repository, tmp_path / "project")


def test_absent_data_comes_from_the_bundled_remote(project: Path) -> None:
    assert fetch_tracked(Path("data"), target="data.dvc", project=project) == project / "data"
    assert (project / "data" / "togo15.csv").read_text() == "formula\nBN\n"


def test_of_two_who_want_the_same_at_once_one_fetches(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is there before it is complete: who comes second must neither fetch it again nor read it half."""
    pulls = []

    def slow_pull(*arguments: str, project: Path) -> None:
        pulls.append(arguments)
        (project / "data").mkdir()
        time.sleep(0.5)
        (project / "data" / "togo15.csv").write_text("formula\nBN\n")

    def text_of_fetched() -> str:
        return (fetch_tracked(Path("data"), target="data.dvc", project=project) / "togo15.csv").read_text()

    monkeypatch.setattr("paraisite.artifacts.dvc_files.run_dvc", slow_pull)
    with ThreadPoolExecutor(2) as pool:
        texts = [future.result() for future in [pool.submit(text_of_fetched) for _ in range(2)]]
    assert texts == ["formula\nBN\n"] * 2
    assert len(pulls) == 1


def test_present_data_is_left_as_it_is(project: Path) -> None:
    (project / "data").mkdir()
    (project / "data" / "togo15.csv").write_text("changed by hand")
    fetch_tracked(Path("data"), target="data.dvc", project=project)
    assert (project / "data" / "togo15.csv").read_text() == "changed by hand"


def test_a_lost_store_is_one_clear_error(project: Path) -> None:
    shutil.rmtree(project / "dvcstore")
    with pytest.raises(MissingInputError, match=r"data is absent and `dvc pull data.dvc` did not bring it") as caught:
        fetch_tracked(Path("data"), target="data.dvc", project=project)
    assert "\n" not in str(caught.value)


def test_a_folder_without_dvc_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"did not bring it .*a complete git clone has them") as caught:
        fetch_tracked(Path("data"), target="data.dvc", project=tmp_path)
    assert "\n" not in str(caught.value)


def test_a_downloaded_archive_without_git_works(repository: Path, tmp_path: Path) -> None:
    project = shutil.copytree(repository, tmp_path / "project")
    config = project / ".dvc" / "config"
    config.write_text(config.read_text().replace("no_scm = True", ""))
    with pytest.raises(subprocess.CalledProcessError):
        dvc(project, "pull")
    fetch_tracked(Path("data"), target="data.dvc", project=project)
    assert (project / "data" / "togo15.csv").read_text() == "formula\nBN\n"
    dvc(project, "pull")  # from now on


def test_a_fetch_waits_for_a_dvc_of_the_users(project: Path) -> None:
    """DVC refuses to run twice; who asks for a prediction meanwhile should get one."""
    script = "from dvc.repo import Repo\nwith Repo('.').lock:\n    print('locked', flush=True)\n    input()\n"
    command = [sys.executable, "-c", script]
    with (
        subprocess.Popen(command, cwd=project, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == "locked\n"
        fetched = pool.submit(fetch_tracked, Path("data"), target="data.dvc", project=project)
        with pytest.raises(subprocess.CalledProcessError):
            dvc(project, "pull")
        other.stdin.write("\n")
        other.stdin.close()
        assert (fetched.result() / "togo15.csv").read_text() == "formula\nBN\n"


def test_who_waits_for_another_fetch_is_told_so(
    project: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr("paraisite.artifacts.dvc_files._SILENT_SECONDS", 0.0)
    folder = project / ".dvc" / "tmp"
    folder.mkdir(exist_ok=True)
    lock = FileLock(folder / "paraisite-fetch.lock", thread_local=False)
    with ThreadPoolExecutor(1) as pool:
        with lock:
            fetched = pool.submit(fetch_tracked, Path("data"), target="data.dvc", project=project)
            wait_until(lambda: "waiting for it" in caplog.text)
        assert fetched.result().is_dir()
