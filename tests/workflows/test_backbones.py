"""The comparison of backbones as a user gets it: tables, figures, a run with one nested run per backbone."""

import json
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient

from paraisite.config import Config
from paraisite.data.datasets.nested_splits import NestedSplit
from paraisite.data.datasets.table import Dataset
from paraisite.errors import MissingInputError, WeightsError
from paraisite.evaluation.cross_validation import CrossFit
from paraisite.models.estimate import Estimate
from paraisite.tracking import runs
from paraisite.training.pretrained_networks import BACKBONES
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import InitialWeights, Recipe
from paraisite.workflows import backbones
from tests.pipeline import params_text

NOISE = {InitialWeights.RANDOM: 0.3, InitialWeights.FORMATION_ENERGY: 0.1, InitialWeights.LAB_ALL: 0.2}
"""Error of the backbones that can be had, dex."""
LABELS = [BACKBONES[start].label for start in NOISE]


def fake_start(start: InitialWeights, config: Config, *, run_id: str) -> StartingWeights:
    if start is InitialWeights.BAND_GAP:
        raise WeightsError("another file than the published one")
    if start not in NOISE:
        raise MissingInputError(f"no {start.value} here")
    return StartingWeights({}, None, f"{start.value} (sha256 …)")


def fake_cross_fit(
    weights: StartingWeights, *, dataset: Dataset, splits: Sequence[NestedSplit], checkpoint_folder: Path, **_: Any
) -> list[CrossFit]:
    """Return the true values with an error of the size that belongs to the start, and leave a checkpoint."""
    checkpoint_folder.mkdir(parents=True, exist_ok=True)
    noise = NOISE[InitialWeights(weights.description.split()[0])]
    estimated = np.log10(dataset.table["kappa_w_per_m_k"].to_numpy())
    estimated = estimated + noise * np.random.default_rng(0).normal(size=len(estimated))

    def estimate(rows: Any) -> Estimate:
        return Estimate(estimated[rows], np.full(len(rows), noise))

    return [
        CrossFit(
            split, out_of_fold=estimate(split.train), test=estimate(split.test), out_of_domain=np.zeros(len(split.test))
        )
        for split in splits
    ]


def fake_recipe(recipe: Recipe, *, config: Config, **_: Any) -> SimpleNamespace:
    seeds = pd.Index(config.splits.seeds, name="split_seed")
    values = {"mape_best_epoch": NOISE[recipe.start] / 2, "mape_last_epoch": NOISE[recipe.start], "mae_best_epoch": 1.0}
    return SimpleNamespace(result=SimpleNamespace(metrics=pd.DataFrame(values, index=seeds)))


@pytest.fixture
def folder(tmp_path: Path, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with three splits, no training and no store."""
    (tmp_path / "params.yaml").write_text(re.sub(r"seeds: \[1, 2, .*\]", "seeds: [1, 2, 3]", params_text("lab")))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(backbones, "resolve_backbone_weights", fake_start)
    monkeypatch.setattr(backbones, "cross_fit_network", fake_cross_fit)
    monkeypatch.setattr(backbones, "run_recipe", fake_recipe)
    monkeypatch.setattr(backbones, "recipe_run", lambda _: nullcontext("run"))
    monkeypatch.setattr(backbones, "log_evaluation", lambda *_args, **_options: None)
    return tmp_path


@pytest.fixture
def client(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MlflowClient]:
    """Return a client of a store in the folder, to which runs are logged."""
    monkeypatch.setattr(backbones, "recipe_run", runs.recipe_run)
    monkeypatch.setattr(backbones, "log_evaluation", runs.log_evaluation)
    mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
    yield MlflowClient()
    mlflow.set_tracking_uri(None)


def read(result: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    estimates, scores = (pd.read_csv(result / name) for name in ("estimates.csv.gz", "scores.csv"))
    return estimates, scores, pd.read_csv(result / "comparisons.csv", index_col="model")


def test_a_comparison_leaves_tables_and_a_figure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    backbones.compare_backbones("togo15")

    result = folder / "build" / "backbones" / "result"
    estimates, scores, comparisons = read(result)
    assert estimates["model"].unique().tolist() == LABELS
    assert comparisons.index.tolist() == LABELS[1:]
    assert len(estimates) == 3 * 3 * 19
    assert {file.name for file in (result.parent / "figures").iterdir()} == {
        f"backbones.{ending}" for ending in ("png", "svg", "pdf")
    }
    metrics = json.loads((result.parent / "metrics.json").read_text())
    by_split = scores.pivot_table(index="split_seed", columns="model", values="mape_test")
    assert {name: values["mape_test"] for name, values in metrics.items()} == pytest.approx(
        by_split.mean().to_dict(), rel=1e-4
    )
    difference = by_split["formation energy (MEGNet)"] - by_split["random weights"]
    assert difference.mean() < 0
    found = comparisons.loc["formation energy (MEGNet)"]
    assert (found["reference"], found["mean_difference"]) == (
        "random weights",
        pytest.approx(difference.mean(), rel=1e-4),
    )
    best, *_, worst = (result / "table.md").read_text().strip().splitlines()[2:]
    assert (best.split(" |")[0], worst.split(" |")[0]) == ("| formation energy (MEGNet) *", "| random weights")
    assert "formation energy (MEGNet) *" in capsys.readouterr().out
    assert not (folder / "build" / "checkpoints" / "backbones-togo15").exists()


def test_the_run_has_a_nested_run_for_each_backbone_that_says_where_it_started(client: MlflowClient) -> None:
    backbones.compare_backbones("togo15")

    (experiment,) = client.search_experiments(filter_string="name = 'paraisite'")
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(found) == {"backbones togo15", *LABELS}
    parent, child = found["backbones togo15"], found["all three (lab)"]
    assert parent.data.tags["best_model"] == "formation energy (MEGNet)"
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.tags["started_from"] == "lab_all (sha256 …)"
    assert child.data.metrics["mape_test"] < found["random weights"].data.metrics["mape_test"]
    assert "figures/backbones.svg" in {item.path for item in client.list_artifacts(parent.info.run_id, "figures")}


def test_a_backbone_that_cannot_be_had_is_left_out_with_one_sentence(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backbones.compare_backbones("togo15")
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "band gap (MEGNet) is left out: another file than the published one" in warnings
    assert "shear modulus (lab) is left out: no lab_shear_modulus here" in warnings
    assert len([text for text in warnings if "is left out" in text]) == len(BACKBONES) - len(NOISE)


def test_the_published_protocol_stands_beside_the_honest_numbers(folder: Path) -> None:
    backbones.compare_backbones("togo15", published=True)
    folder = folder / "build" / "backbones"
    scores, summary = (pd.read_csv(folder / "result" / name) for name in ("scores.csv", "summary.csv"))
    assert scores.groupby("model")["mape_best_epoch"].mean().to_dict() == pytest.approx(
        {BACKBONES[start].label: noise / 2 for start, noise in NOISE.items()}
    )
    assert summary.set_index(summary.columns[0]).loc["all three (lab)", "mape_last_epoch"] == pytest.approx(0.2)
    assert "published protocol, best epoch" in (folder / "result" / "table.md").read_text()
    assert {file.name for file in (folder / "figures").glob("*.png")} == {
        f"backbones{ending}.png" for ending in ("", "_mape_best_epoch", "_mape_last_epoch")
    }


def test_trainings_are_kept_until_all_backbones_are_done(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backbones, "log_evaluation", killed)
    with pytest.raises(KeyboardInterrupt):
        backbones.compare_backbones("hh143")
    kept = folder / "build" / "checkpoints" / "backbones-hh143"
    assert {path.name for path in kept.iterdir()} == {start.value for start in NOISE}
    assert (folder / "build" / "backbones_hh143" / "metrics.json").exists()
