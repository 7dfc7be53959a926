"""Files that stand in a folder and in a run."""

from pathlib import Path

import mlflow
import pytest

from paraisite.tracking.analysis_runs import log_numbers, logged_folder
from paraisite.tracking.runs import recipe_run


def test_what_lies_beside_is_neither_logged_nor_touched(tmp_path: Path, own_store: None) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "mine.txt").write_text("mine")
    with recipe_run("report") as run_id, logged_folder(target, run_id=run_id) as folder:
        (folder / "figures").mkdir()
        (folder / "figures" / "a.svg").write_text("<svg/>")
        (folder / "version-1.2").mkdir()
        (folder / "version-1.2" / "page").write_text("a name without an ending")
    assert {file.name for file in target.rglob("*") if file.is_file()} == {"mine.txt", "a.svg", "page"}
    client = mlflow.MlflowClient()
    assert [item.path for item in client.list_artifacts(run_id, "figures")] == ["figures/a.svg"]
    assert [item.path for item in client.list_artifacts(run_id)] == ["figures", "version-1.2"]


def write_half(target: Path) -> None:
    with recipe_run("report") as run_id, logged_folder(target, run_id=run_id) as folder:
        (folder / "a.txt").write_text("half")
        raise ValueError("half done")


def test_a_failure_leaves_the_target_as_it_was(tmp_path: Path, own_store: None) -> None:
    with pytest.raises(ValueError, match="half done"):
        write_half(tmp_path / "target")
    assert not (tmp_path / "target").exists()


def test_numbers_that_are_not_finite_are_left_out(tmp_path: Path, own_store: None) -> None:
    with recipe_run("report") as run_id:
        log_numbers({"one": 1.0, "none": float("nan")}, run_id=run_id)
    assert mlflow.MlflowClient().get_run(run_id).data.metrics == {"one": 1.0}
