"""What a logged recipe looks like in the store."""

import json
import math
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from paraisite import schema
from paraisite.data.datasets.splits import draw_grouped_split
from paraisite.models.architecture import ModelConfig
from paraisite.models.ensemble import Ensemble
from paraisite.reports.figures import learning_curves
from paraisite.tracking import store
from paraisite.tracking.fetching import load_from_registry
from paraisite.tracking.registry import register_result
from paraisite.tracking.runs import log_pretraining, log_recipe, recipe_run
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.pretraining_result import Pretraining
from paraisite.training.recipe_result import RecipeResult
from tests.mlflow_servers import running
from tests.synthetic_result import make_ensemble, make_result


def children(client: MlflowClient, run_id: str) -> list[Run]:
    experiment = client.get_run(run_id).info.experiment_id
    found = client.search_runs([experiment], f"tags.`mlflow.parentRunId` = '{run_id}'")
    return sorted(found, key=lambda run: run.info.run_name)


def pretraining() -> Pretraining:
    config = ModelConfig(n_output=1)
    names = ("unit", "n_test", "mae", "rmse", "r2", "spearman", "mape")
    rows = [("eV/atom", 7, 0.1, 0.2, 0.9, 0.95, math.nan), ("eV/atom", 7, 1.0, 1.2, 0.0, math.nan, math.nan)]
    index = pd.MultiIndex.from_product([["Formation energy"], ["network", "constant"]], names=["property", "predictor"])
    metrics = pd.DataFrame(rows, index=index, columns=list(names))
    return Pretraining(
        ensemble=Ensemble(
            config,
            stack([draw_parameters(config, seed=1)]),
            None,
            "Formation energy",
            "eV/atom",
            {"n_train": "80", "dataset_digest": "0123"},
        ),
        metrics=metrics,
        predictions=pd.DataFrame({"material_id": ["a"], "true": [-1.0], "predicted": [-1.1]}),
        curves=pd.DataFrame({schema.EPOCH: [1, 2], "train_error": [0.5, 0.4], "validation_error": [0.6, 0.5]}),
        split=draw_grouped_split(list("abcdefghijklmnopqrst"), seed=1),
        best_epoch=2,
        seconds=1.0,
    )


def test_a_pretraining_is_a_run_with_its_errors_curves_and_weights(client: MlflowClient, tmp_path: Path) -> None:
    with recipe_run("pretrain formation_energy") as run_id:
        log_pretraining(pretraining(), dataset_name="slack", run_id=run_id)
    run = client.get_run(run_id)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["Formation energy network mae"] == 0.1
    assert run.data.metrics["Formation energy constant mae"] == 1.0
    assert "Formation energy constant spearman" not in run.data.metrics  # a constant has no rank correlation
    assert run.data.params["n_train"] == "80"
    inputs = {item.tags[0].value: item.dataset for item in run.inputs.dataset_inputs}
    assert {item.name for item in inputs.values()} == {"slack"}
    n_row = {part: json.loads(item.profile)["num_rows"] for part, item in inputs.items()}
    split = pretraining().split
    assert n_row == {"train": len(split.train), "validation": len(split.validation), "test": len(split.test)}
    assert [point.value for point in client.get_metric_history(run_id, "validation_error")] == [0.6, 0.5]
    folder = Path(client.download_artifacts(run_id, "", str(tmp_path)))
    assert Ensemble.load(folder / "ensemble.safetensors").unit == "eV/atom"
    card = json.loads((folder / "card.json").read_text())
    assert card["properties"] == {"Formation energy": "eV/atom"}
    assert card["errors_on_the_held_out_tenth"][0]["mae"] == 0.1


@pytest.fixture
def result() -> RecipeResult:
    return make_result(seeds=(1, 2, 3), n_row=30, n_epoch=350, diverged=(2,))


def test_a_parent_holds_one_named_finished_child_per_split(client: MlflowClient, result: RecipeResult) -> None:
    run_id = log_recipe(result, experiment="trial")
    parent = client.get_run(run_id)
    assert (parent.info.run_name, parent.info.status) == ("FEAFTG15", "FINISHED")
    assert client.get_experiment(parent.info.experiment_id).name == "trial"
    names = [f"FEAFTG15 split {seed}" for seed in (1, 2, 3)]
    assert [run.info.run_name for run in children(client, run_id)] == names
    assert {run.info.status for run in children(client, run_id)} == {"FINISHED"}


def test_parent_means_say_over_how_many_runs_they_were_taken(client: MlflowClient, result: RecipeResult) -> None:
    metrics = client.get_run(log_recipe(result)).data.metrics
    for name in ("mape_best_epoch", "mape_last_epoch", "spearman_last_epoch"):
        values = result.metrics[name].dropna()
        assert metrics[name] == pytest.approx(values.mean()), name
        assert metrics[f"{name}_std"] == pytest.approx(values.std()), name
    assert metrics["n_runs"] == 3
    assert metrics["mape_last_epoch_n_runs"] == 2
    assert "mape_best_epoch_n_runs" not in metrics


def test_children_hold_the_shown_metrics_and_a_diverged_one_nan(client: MlflowClient, result: RecipeResult) -> None:
    runs = children(client, log_recipe(result))
    for run, seed in zip(runs, (1, 2, 3), strict=True):
        for name in ("mape_best_epoch", "mape_last_epoch", "spearman_last_epoch"):
            assert run.data.metrics[name] == pytest.approx(result.metrics.loc[seed, name], nan_ok=True)
        assert run.data.metrics["best_epoch"] == result.best_epoch[seed]
    assert math.isnan(runs[1].data.metrics["mape_last_epoch"])
    assert [run.data.tags["diverged"] for run in runs] == ["false", "true", "false"]


def test_curves_longer_than_one_call_allows_arrive_whole(client: MlflowClient, result: RecipeResult) -> None:
    run_id = log_recipe(result)
    assert 3 * 350 > 1000
    for run, seed in zip(children(client, run_id), (1, 2, 3), strict=True):
        rows = result.curves[result.curves[schema.SPLIT_SEED] == seed]
        for name in (schema.TRAIN_MAPE, schema.VALIDATION_MAPE, schema.GRADIENT_NORM):
            history = sorted(client.get_metric_history(run.info.run_id, name), key=lambda metric: metric.step)
            assert [metric.step for metric in history] == list(range(1, 351))
            assert [metric.value for metric in history] == pytest.approx(rows[name].tolist(), nan_ok=True)
    still_finite = client.get_metric_history(run_id, "runs_still_finite")
    assert {metric.value for metric in still_finite} == {3, 2}


def test_tags_parameters_inputs_and_description(client: MlflowClient, result: RecipeResult) -> None:
    Path("data.dvc").write_text("outs:\n- md5: 0123abcd.dir\n  path: data\n")
    run_id = log_recipe(result)
    parent, child = client.get_run(run_id), children(client, run_id)[0]
    expected = {
        "recipe": "FEAFTG15",
        "dataset": "togo15",
        "started_from": "registry FEAF version 3",
        "dvc_data_md5": "0123abcd.dir",
        "diverged_runs": "1",
        "diverged_splits": "2",
        "dataset_digest": result.dataset.digest[:12],
    }
    assert expected.items() <= parent.data.tags.items()
    assert {"git_commit", "paraisite_version"} <= parent.data.tags.keys()
    assert all(name in parent.data.tags["mlflow.note.content"] for name in schema.METRIC_NAMES)
    assert parent.data.params["batch_size"] == "8"
    assert child.data.params["split_seed"] == "1"
    dataset = parent.inputs.dataset_inputs[0].dataset
    assert (dataset.name, dataset.digest) == ("togo15", result.dataset.digest[:36])
    assert "made up" in dataset.source
    parts = {item.tags[0].value: item.dataset.digest for item in child.inputs.dataset_inputs}
    assert set(parts) == {"train", "validation"}
    assert len(set(parts.values())) == 2


def test_tables_and_figures_are_artifacts(client: MlflowClient, result: RecipeResult, tmp_path: Path) -> None:
    run_id = log_recipe(result, figures={"learning_curves": learning_curves(result)})
    folder = Path(client.download_artifacts(run_id, "", str(tmp_path)))
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "predictions.parquet"), result.predictions)
    assert len(pd.read_csv(folder / "splits.csv")) == 3 * 30
    assert (folder / "figures/learning_curves.png").stat().st_size > 10_000
    assert (folder / "figures/learning_curves.svg").is_file()


def test_credentials_never_become_parameters(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MP_API_KEY", "s3cr3tvalue")
    result = make_result(seeds=(1, 2), n_row=20, n_epoch=2)
    result.parameters.update({"mp_api_key": "abc", "harmless": "s3cr3tvalue"})
    run_id = log_recipe(result)
    for run in (client.get_run(run_id), *children(client, run_id)):
        assert not {"mp_api_key", "harmless"} & run.data.params.keys()
    assert "mp_api_key" in caplog.text
    assert "s3cr3tvalue" not in caplog.text


def test_the_run_that_mlflow_run_made_becomes_the_parent(client: MlflowClient, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = client.create_experiment("chosen by the shell")
    made = client.create_run(experiment, run_name="random-name-7")
    client.log_param(made.info.run_id, "epochs", "003")
    monkeypatch.setenv("MLFLOW_RUN_ID", made.info.run_id)
    run_id = log_recipe(make_result(seeds=(1, 2), n_row=20, n_epoch=3), experiment="another")
    parent = client.get_run(run_id)
    assert run_id == made.info.run_id
    assert parent.info.run_name == "FEAFTG15"
    assert parent.info.experiment_id == experiment
    assert client.get_experiment_by_name("another") is None
    assert parent.data.params == {"epochs": "003", "batch_size": "8", "learning_rate": "0.001", "seed": "42"}
    assert len(children(client, run_id)) == 2


def test_a_token_in_the_address_of_the_repository_leaves_the_run(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`mlflow run` writes the git remote into a tag as it stands."""
    address = {"mlflow.project.gitRepoURL": "https://maria:ghp_planted@github.example/paraisite", "kept": "as it is"}
    made = client.create_run("0", tags=address)
    monkeypatch.setenv("MLFLOW_RUN_ID", made.info.run_id)
    with recipe_run("report") as run_id:
        tags = client.get_run(run_id).data.tags
    assert tags["mlflow.project.gitRepoURL"] == "https://***@github.example/paraisite"
    assert tags["kept"] == "as it is"


def test_a_recipe_trained_on_the_way_is_nested(client: MlflowClient) -> None:
    with recipe_run("FEAFTG15") as outer:
        inner = log_recipe(make_result("FEAF", seeds=(1, 2), n_row=20, n_epoch=2), parent_run_id=outer)
    assert [run.info.run_id for run in children(client, outer)] == [inner]
    assert len(children(client, inner)) == 2


def test_a_failure_while_training_ends_the_run_as_failed(client: MlflowClient) -> None:
    with pytest.raises(RuntimeError, match="out of memory"), recipe_run("FEAF") as run_id:
        raise RuntimeError("out of memory")
    run = client.get_run(run_id)
    assert run.info.status == "FAILED"
    described = run.data.tags[MLFLOW_RUN_NOTE].split("\n\n")
    assert described[0].startswith("FEAF")
    assert described[-1] == "**Failed:** RuntimeError: out of memory"


def test_a_run_that_cannot_take_files_ends_before_the_training(client: MlflowClient, tmp_path: Path) -> None:
    """That was found out when the trained model was to be logged."""
    (tmp_path / "mlruns").touch()
    with pytest.raises(NotADirectoryError), recipe_run("FEAF"):
        pytest.fail("a training began")
    assert [run.info.status for run in client.search_runs(["0"])] == ["FAILED"]


def test_a_failure_while_logging_a_split_fails_child_and_parent(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("paraisite.tracking.run_content.write_child_files", full_disk)
    with pytest.raises(OSError, match="no space left"):
        log_recipe(make_result(seeds=(1, 2), n_row=20, n_epoch=2), experiment="failing")
    runs = client.search_runs([client.get_experiment_by_name("failing").experiment_id])
    assert [run.info.status for run in runs] == ["FAILED", "FAILED"]
    assert all("**Failed:** no space left" in run.data.tags[MLFLOW_RUN_NOTE] for run in runs)


def test_runs_of_tests_and_lint_leave_the_list_at_the_next_command(client: MlflowClient) -> None:
    for entry_point in ("test", "lint", "step3"):
        made = client.create_run("0", tags={"mlflow.project.entryPoint": entry_point})
        client.set_terminated(made.info.run_id, "FAILED")
    under_way = client.create_run("0", tags={"mlflow.project.entryPoint": "test"})
    with recipe_run("next"):
        pass
    left = client.search_runs(["0"])
    assert [run.data.tags.get("mlflow.project.entryPoint") for run in left] == [None, "test", "step3"]
    assert left[1].info.run_id == under_way.info.run_id


def test_the_default_store_is_a_database_in_the_working_folder(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlflow.set_tracking_uri(None)
    monkeypatch.setattr(mlflow, "is_tracking_uri_set", lambda: False)
    assert store.ui_hint() == "mlflow ui --backend-store-uri sqlite:///mlflow.db"


@pytest.fixture
def server(client: MlflowClient, tmp_path: Path) -> Iterator[str]:
    """Yield the address of an MLflow server of its own that also keeps artifacts."""
    command = ["server", "--backend-store-uri", f"sqlite:///{tmp_path}/mlflow.db", "--workers", "1"]
    command += ["--serve-artifacts", "--artifacts-destination", str(tmp_path / "served")]
    with running(command, tmp_path, health="health") as address:
        yield address


@pytest.mark.slow
def test_everything_works_the_same_with_a_server(server: str, tmp_path: Path) -> None:
    mlflow.set_tracking_uri(server)
    client = MlflowClient()
    result = make_result(seeds=(1, 2, 3), n_row=30, n_epoch=350, diverged=(2,))
    run_id = log_recipe(result, experiment="remote", figures={"learning_curves": learning_curves(result)})
    assert client.get_run(run_id).data.metrics["mape_best_epoch"] == pytest.approx(
        result.metrics.mape_best_epoch.mean()
    )
    assert math.isnan(children(client, run_id)[1].data.metrics["mape_last_epoch"])
    assert store.ui_hint() == server
    good = make_result(seeds=(1, 2, 3), n_row=30, n_epoch=5)
    assert (
        register_result(good, make_ensemble(None, n_member=3), run_id=log_recipe(good, experiment="remote")).stage
        == "Production"
    )
    found = load_from_registry("FEAFTG15", folder=tmp_path / "fetched")
    assert found is not None
    assert found.path.is_relative_to(tmp_path / "fetched")
    assert (tmp_path / "served").is_dir()
