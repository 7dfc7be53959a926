"""`mlflow run . -e step3` where nothing was run before: the paper's model, one experiment, a registry with links."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.pipeline import ROOT, params_text


@pytest.fixture
def project(tmp_path: Path, bundled_data: Path) -> Path:
    """Return a folder with the project's data and shipped weights, without what belongs to others."""
    if not (ROOT / "weights" / "feaf").is_dir():
        pytest.skip("weights/feaf is absent: run `dvc pull`")
    for name in ("MLproject", "python_env.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    (tmp_path / "weights").symlink_to((ROOT / "weights").resolve(), target_is_directory=True)
    return tmp_path


@pytest.mark.slow  # nine members compile and train for an epoch: minutes
def test_the_first_step3_trains_and_registers_the_papers_model(project: Path) -> None:
    unset = ("MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_ID", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    environment |= {"PYTHONPATH": str(ROOT), "PARAISITE_CACHE": str(project / "cache")}
    # The shell of the entry point is to find this Python.
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [sys.executable, "-m", "mlflow", "run", ".", "-e", "step3", "--env-manager", "local", "-P", "epochs=1"]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "in the place of" not in done.stderr
    assert next(line for line in done.stdout.splitlines() if "FEAFTG15" in line).split()[3] == "0.28"

    client = MlflowClient(f"sqlite:///{project}/mlflow.db")
    (experiment,) = client.search_experiments()
    assert experiment.name == "paraisite"
    names = {run.info.run_name for run in client.search_runs([experiment.experiment_id])}
    assert names == {"FEAFTG15", *(f"FEAFTG15 split {seed}" for seed in range(1, 10))}

    found = {model.name: model for model in client.search_registered_models()}
    assert set(found) == {"LFE", "FEAF", "FEAFTG15"}
    assert all(
        {alias: int(number) for alias, number in model.aliases.items()} == {"champion": 1} for model in found.values()
    )
    versions = {name: client.get_model_version(name, "1") for name in found}
    assert {version.current_stage for version in versions.values()} == {"Production"}
    assert versions["FEAFTG15"].tags["parent_version"] == "FEAF version 1"
    assert versions["FEAF"].tags["parent_version"] == "FE, which is not in this registry"
    assert versions["LFE"].tags["mae_formation_energy"].startswith("0.0")
    for name in ("FEAF", "FEAFTG15"):
        assert " ± " in versions[name].tags["mape_best_epoch"]
