"""What DVC tracks: folders that a killed pull left incomplete, and outputs that a command has written anew."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paraisite.artifacts.dvc_files import fetch_tracked
from paraisite.artifacts.tracked_outputs import OutputWatch, is_tracked, lacks_shipped_files
from tests.artifacts.test_dvc_files import dvc

STAGES = """
stages:
  fit:
    cmd: python make.py
    outs: [build/fit/predictor, build/report.html]
"""
MAKE = """
from pathlib import Path
folder = Path("build/fit/predictor")
folder.mkdir(parents=True, exist_ok=True)
(folder / "a").write_text("shipped a")
(folder / "b").write_text("shipped b")
Path("build/report.html").write_text("shipped")
"""
PREDICTOR = Path("build/fit/predictor")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository whose stage's outputs are in its bundled store, and not here."""
    project = tmp_path_factory.mktemp("repository")
    dvc(project, "init", "--no-scm", "--quiet")
    dvc(project, "config", "core.analytics", "false")
    dvc(project, "remote", "add", "--default", "store", "dvcstore", "--quiet")
    (project / "dvc.yaml").write_text(STAGES)
    (project / "make.py").write_text(MAKE)
    subprocess.run([sys.executable, "make.py"], cwd=project, check=True)
    dvc(project, "commit", "--force", "--quiet")
    dvc(project, "push", "--quiet")
    shutil.rmtree(project / "build")
    shutil.rmtree(project / ".dvc" / "cache")
    return project


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("DVC_STAGE", raising=False)
    monkeypatch.chdir(shutil.copytree(repository, tmp_path / "project"))
    return tmp_path / "project"


def test_what_a_command_wrote_does_not_stand_in_the_way_of_a_pull(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """DVC refused to replace "unsaved files" after each `fit` and each `report`."""
    caplog.set_level("INFO")
    dvc(project, "pull")
    watch = OutputWatch.start()
    assert watch is not None
    (PREDICTOR / "a").write_text("fitted here")
    (PREDICTOR / "new").write_text("of this version")
    Path("build/report.html").write_text("drawn here")
    watch.keep_changed()
    assert "build/fit/predictor, build/report.html are not what is shipped" in caplog.text
    dvc(project, "pull")
    assert {path.name: path.read_text() for path in PREDICTOR.iterdir()} == {"a": "shipped a", "b": "shipped b"}
    assert Path("build/report.html").read_text() == "shipped"


def test_what_a_killed_command_wrote_is_kept_by_the_next(project: Path) -> None:
    dvc(project, "pull")
    killed = OutputWatch.start()
    assert killed is not None
    (PREDICTOR / "a").write_text("fitted here")
    host = killed.mark.name.rpartition("-")[0]
    killed.mark.rename(killed.mark.with_name(f"{host}-99999999.paraisite"))
    following = OutputWatch.start()
    assert following is not None
    following.keep_changed()
    assert not list(killed.mark.parent.glob("*.paraisite"))
    dvc(project, "pull")
    assert (PREDICTOR / "a").read_text() == "shipped a"


def test_what_comes_out_as_shipped_is_no_news(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    dvc(project, "pull")
    watch = OutputWatch.start()
    assert watch is not None
    subprocess.run([sys.executable, "make.py"], cwd=project, check=True)
    watch.keep_changed()
    assert "what is shipped" not in caplog.text


def test_what_somebody_changed_by_hand_is_still_guarded_by_dvc(project: Path) -> None:
    dvc(project, "pull")
    (PREDICTOR / "a").write_text("by hand")
    watch = OutputWatch.start()
    assert watch is not None
    Path("build/report.html").write_text("drawn here")
    watch.keep_changed()
    with pytest.raises(subprocess.CalledProcessError):
        dvc(project, "pull")
    assert (PREDICTOR / "a").read_text() == "by hand"


def test_in_a_stage_dvc_looks_after_its_outputs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_STAGE", "fit")
    assert OutputWatch.start() is None


def test_outside_of_a_repository_there_is_nothing_to_keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert OutputWatch.start() is None


def test_what_a_killed_pull_left_is_fetched_again(project: Path) -> None:
    """A predictor without its calibration set answered with another value, without intervals."""
    fetch_tracked(PREDICTOR, target=str(PREDICTOR))
    (PREDICTOR / "b").unlink()
    assert lacks_shipped_files(PREDICTOR, project=project)
    fetch_tracked(PREDICTOR, target=str(PREDICTOR))
    assert (PREDICTOR / "b").read_text() == "shipped b"
    assert not lacks_shipped_files(PREDICTOR, project=project)


def test_a_folder_of_ones_own_is_complete_without_the_shipped_files(project: Path) -> None:
    PREDICTOR.mkdir(parents=True)
    (PREDICTOR / "a").write_text("fitted here, in one file")
    fetch_tracked(PREDICTOR, target=str(PREDICTOR))
    assert [path.name for path in PREDICTOR.iterdir()] == ["a"]


def test_a_path_is_tracked_where_dvc_lock_names_it_or_a_folder_above_it():
    root = Path(__file__).parents[2]
    stages = yaml.safe_load((root / "dvc.lock").read_text())["stages"]
    outputs = [Path(output["path"]) for stage in stages.values() for output in stage.get("outs", ())]
    for output in (*outputs[::7], outputs[-1]):
        assert is_tracked(output, project=root)
        assert is_tracked(output / "file", project=root)
        assert not is_tracked(output.with_name(f"{output.name}-2"), project=root)
