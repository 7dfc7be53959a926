"""An evaluation as a user gets it: tables, figures, metrics for DVC, a run with one nested run per model."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from paraisite.artifacts import earlier_stages, inputs
from paraisite.config import Config
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, MissingInputError
from paraisite.evaluation import descriptor_models
from paraisite.evaluation.cross_validation import CrossFit, cross_fit_tabular
from paraisite.models.descriptor_blocks import Networks
from paraisite.models.tabular import IONIC, PHONON_PROCESSES, PHYSICAL, TabularModel, fit_line, predict_constant
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import RECIPES
from paraisite.workflows import evaluate
from tests.pipeline import params_text, two_splits

MODELS = (
    TabularModel("constant", (), predict_constant, ""),
    TabularModel("needs networks", ("networks",), fit_line, ""),
)
PROCESSES = (
    TabularModel("plane", (PHYSICAL,), fit_line, ""),
    TabularModel("plane, ions", (PHYSICAL, IONIC), fit_line, ""),
)
NAMES = ["constant", "plane", "plane, ions", "GP mixture"]


@pytest.fixture
def folder(tmp_path: Path, own_store: None, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with two splits, models that are quick, and no network."""
    (tmp_path / "params.yaml").write_text(two_splits(params_text("lab")))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(descriptor_models, "BASELINES", MODELS)
    monkeypatch.setattr(descriptor_models, "PROCESSES", PROCESSES)
    monkeypatch.setattr(descriptor_models, "MIXTURES", {"GP mixture": PROCESSES, "not all there": PHONON_PROCESSES})
    monkeypatch.setattr(evaluate, "load_phonons", lambda _: None)
    monkeypatch.setattr(evaluate, "_load_networks", lambda *_: Networks())
    monkeypatch.setattr(evaluate, "_final_recipes", lambda *_: [])
    return tmp_path


def test_an_evaluation_leaves_tables_figures_and_a_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate.evaluate_models("honest", "togo15")

    result = folder / "build" / "evaluate_honest" / "result"
    estimates, scores = (pd.read_csv(result / name) for name in ("estimates.csv.gz", "scores.csv"))
    assert estimates["model"].unique().tolist() == NAMES
    assert len(estimates) == 4 * 2 * 19
    assert scores.groupby("model").size().to_dict() == dict.fromkeys(NAMES, 2)
    assert set(estimates["seed"]) == {42}
    assert estimates.groupby("model")["out_of_domain"].nunique().gt(10).to_dict() == {
        name: name != "constant" for name in NAMES
    }
    assert {file.name for file in (result.parent / "figures").glob("*.png")} == {
        "mape_of_models.png",
        "out_of_domain.png",
        "parity_of_the_best.png",
    }
    metrics = json.loads((result.parent / "metrics.json").read_text())
    of_one = estimates[(estimates["model"] == "plane") & (estimates["split_seed"] == 1)]
    error = np.abs(of_one["predicted_kappa_w_per_m_k"] / of_one["kappa_w_per_m_k"] - 1).mean()
    by_split = scores[scores["model"] == "plane"].set_index("split_seed")["mape_test"]
    assert by_split[1] == pytest.approx(error, rel=1e-4)
    assert metrics["plane"]["mape_test"] == pytest.approx(by_split.mean(), rel=1e-4)
    best = min(metrics, key=lambda name: metrics[name]["mape_test"])
    comparisons = pd.read_csv(result / "comparisons.csv", index_col="model")
    assert set(comparisons.index) == set(NAMES) - {best}
    assert (result / "table.md").read_text().splitlines()[2].startswith(f"| {best} * |")
    printed = capsys.readouterr().out
    assert "everything is selected on the other rows" in " ".join(printed.split())
    assert f"{best} *" in printed

    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(runs) == {"evaluate honest togo15", *NAMES}
    parent = runs["evaluate honest togo15"]
    assert parent.data.tags["best_model"] == best
    assert parent.data.metrics["mape_test"] == pytest.approx(metrics[best]["mape_test"])
    child = runs["plane"]
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.metrics["coverage_90_percent"] == pytest.approx(metrics["plane"]["coverage_90%"])
    assert [item.dataset.name for item in child.inputs.dataset_inputs] == ["togo15"]
    history = client.get_metric_history(child.info.run_id, "mape_test_of_split")
    assert {point.step: point.value for point in history} == pytest.approx(by_split.to_dict(), rel=1e-4)
    assert "`ood_auroc_test`" in parent.data.tags["mlflow.note.content"]
    logged = {item.path for name in ("result", "figures") for item in client.list_artifacts(parent.info.run_id, name)}
    assert logged >= {"result/table.md", "figures/mape_of_models.svg"}


def test_a_planted_label_in_a_test_row_changes_no_estimate_of_its_split(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def estimates() -> pd.DataFrame:
        table = pd.read_csv(folder / "build" / "evaluate_honest" / "result" / "estimates.csv.gz")
        return table[table["split_seed"] == 1]

    evaluate.evaluate_models("honest", "togo15")
    before = estimates()
    planted = before["material_id"].iloc[0]
    load = inputs.load_data

    def with_another_value(name: str, config: Config) -> Dataset:
        dataset = load(name, config)
        dataset.table.loc[dataset.table["material_id"] == planted, "kappa_w_per_m_k"] = 4321.0
        return dataset

    monkeypatch.setattr(evaluate, "load_data", with_another_value)
    evaluate.evaluate_models("honest", "togo15")
    after = estimates()
    assert set(after.loc[after["material_id"] == planted, "kappa_w_per_m_k"]) == {4321.0}
    pd.testing.assert_frame_equal(after.drop(columns="kappa_w_per_m_k"), before.drop(columns="kappa_w_per_m_k"))


def test_networks_are_trained_with_every_seed_and_the_others_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def fitted(start: StartingWeights, *, config: Config, checkpoint_folder: Path, **given: Any) -> list[CrossFit]:
        seed = config.training.seed
        asked.append((start.description, seed, checkpoint_folder.name))
        checkpoint_folder.mkdir(parents=True)
        done = [f"rwtg15-{each}" for each in (42, 43) if each <= seed]
        assert sorted(each.name for each in checkpoint_folder.parent.iterdir()) == done, "kept until all is written"
        random = np.random.default_rng(seed)
        log10_kappa = np.log10(given["dataset"].table["kappa_w_per_m_k"].to_numpy())
        informed = log10_kappa[:, None] + 0.2 * random.normal(size=(len(log10_kappa), 1))
        model = TabularModel("informed", ("x",), fit_line, "")
        return cross_fit_tabular(model, blocks={"x": informed}, log10_kappa=log10_kappa, splits=given["splits"])

    monkeypatch.setattr(evaluate, "_final_recipes", lambda *_: [RECIPES["RWTG15"]])
    monkeypatch.setattr(evaluate, "cross_fit_network", fitted)
    settings = folder / "params.yaml"
    settings.write_text(settings.read_text().replace("seeds: [42]", "seeds: [42, 43]"))
    evaluate.evaluate_models("honest", "togo15")
    assert asked == [(f"random weights, seed {seed}", seed, f"rwtg15-{seed}") for seed in (42, 43)]
    assert not (folder / "build" / "checkpoints").exists() or not list((folder / "build" / "checkpoints").iterdir())

    scores = pd.read_csv(folder / "build" / "evaluate_honest" / "result" / "scores.csv")
    assert scores.groupby("model")["seed"].unique().map(list).to_dict() == {
        **{name: [42] for name in NAMES},
        "RWTG15": [42, 43],
    }
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    of_network = scores[scores["model"] == "RWTG15"].set_index(["seed", "split_seed"])["mape_test"]
    for name, expected in (
        ("mape_test_of_split", of_network.groupby("split_seed").mean()),
        ("mape_test_of_split_seed_43", of_network.loc[43]),
    ):
        history = client.get_metric_history(runs["RWTG15"].info.run_id, name)
        assert {point.step: point.value for point in history} == pytest.approx(expected.to_dict(), rel=1e-4)


def test_another_data_set_has_a_folder_of_its_own(folder: Path) -> None:
    evaluate.evaluate_models("grouped", "hh143")
    assert (folder / "build" / "evaluate_grouped_hh143" / "metrics.json").exists()


def test_an_unknown_protocol_is_a_clear_error(folder: Path) -> None:
    with pytest.raises(ConfigError, match="unknown protocol 'kind'; known ones are paper, paper-last, honest, grouped"):
        evaluate.evaluate_models("kind", "togo15")


def test_a_recipe_without_its_members_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def absent(*_args: object, **_options: object) -> None:
        raise MissingInputError("no members")

    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(descriptor_models, "BASELINES", MODELS[:1])
    monkeypatch.setattr(descriptor_models, "PROCESSES", ())
    monkeypatch.setattr(descriptor_models, "MIXTURES", {})
    monkeypatch.setattr(evaluate, "load_phonons", lambda _: None)
    monkeypatch.setattr(evaluate, "_load_networks", lambda *_: Networks())
    monkeypatch.setattr(earlier_stages, "resolve_starting_weights", absent)
    evaluate.evaluate_models("honest", "togo15")
    assert "FELABTG15 is left out: no members" in caplog.text
