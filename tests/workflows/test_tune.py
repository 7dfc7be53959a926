"""A study as a user runs it, without trainings: tables, runs, the best settings in params.yaml, Ctrl-C."""

import platform
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from paraisite.config import load_config
from paraisite.training.recipe_training import StartingWeights
from paraisite.tuning.objective import OF_SPLITS, TuningTask, list_rungs
from paraisite.tuning.pool import StudyPlace
from paraisite.tuning.space import suggest_settings
from paraisite.tuning.study_options import SearchOptions
from paraisite.workflows import tune
from tests.pipeline import params_text

OPTIONS = SearchOptions("honest", n_trial=4, n_process=1, epochs=12, sampler="qmc", pruning=False)


@pytest.fixture
def folder(tmp_path: Path, own_store: None, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with trials that train nothing."""
    (tmp_path / "params.yaml").write_text(params_text("lab"))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    start = StartingWeights({"atom_embedding": np.zeros((9, 1), np.float32)}, None, "nothing")
    monkeypatch.setattr(tune, "resolve_starting_weights", lambda *_args, **_options: start)
    monkeypatch.setattr(tune, "run_trials", in_this_process)
    return tmp_path


def in_this_process(
    task: TuningTask, place: StudyPlace, *, n_trial: int, n_process: int
) -> Generator[None, None, None]:
    study = place.open()
    for _ in range(len(study.trials) - sum(trial.state.is_finished() for trial in study.trials)):
        trial = study.ask()
        trial.set_user_attr("worker", [platform.node(), "/nowhere.lock"])
        value = suggest_settings(trial, epochs=task.epochs).learning_rate
        for epoch in list_rungs(task.epochs):
            trial.report(value, epoch)
        trial.set_user_attr(OF_SPLITS, {split.name: value * split.seed for split in task.splits})
        study.tell(trial, value)
        yield


def test_a_study_leaves_tables_figures_and_runs_and_can_be_made_longer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tune.tune_recipe("FELABTG15", OPTIONS)
    tune.tune_recipe("FELABTG15", SearchOptions(**(vars(OPTIONS) | {"n_trial": 6, "apply": True})))
    result = folder / "build" / "tune" / "felabtg15-honest-qmc-no-pruning" / "result"
    trials, chosen, pruning = (pd.read_csv(result / f"{name}.csv") for name in ("trials", "chosen", "pruning"))
    assert trials["state"].tolist() == ["complete"] * 6
    best = int(trials["inner_mape"].idxmin())
    assert chosen["split_seed"].tolist() == list(range(1, 10))
    assert set(chosen["trial"]) == {best}
    assert len(pruning) == 6
    assert {file.stem for file in (result / "figures").glob("*.png")} == {
        "history",
        "importance",
        "slice",
        "parallel_coordinate",
    }
    assert "the best trials" in capsys.readouterr().out

    applied = load_config(folder / "params.yaml").evaluation.training
    assert (applied.study, applied.epochs) == ("felabtg15-honest-qmc-no-pruning", 12)
    assert applied.learning_rate == pytest.approx(trials["learning_rate"][best], rel=1e-4)

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    names = sorted(run.info.run_name for run in client.search_runs([experiment.experiment_id]))
    assert names == [*(f"trial {number}" for number in range(6)), "tune felabtg15-honest-qmc-no-pruning"]


def test_a_stopped_study_keeps_its_trials_and_goes_on(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*args: Any, **options: Any) -> Generator[None, None, None]:
        trials = in_this_process(*args, **options)
        yield next(trials)
        raise KeyboardInterrupt

    monkeypatch.setattr(tune, "run_trials", stopped)
    with pytest.raises(KeyboardInterrupt):
        tune.tune_recipe("FELABTG15", OPTIONS)
    monkeypatch.setattr(tune, "run_trials", in_this_process)
    tune.tune_recipe("FELABTG15", OPTIONS)
    trials = pd.read_csv(next((folder / "build" / "tune").glob("*/result/trials.csv")))
    assert trials["state"].tolist() == ["complete"] * 4
