"""What the stages start from, write and compare; no training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from paraisite.artifacts import initial_weights, registered_weights
from paraisite.artifacts.initial_weights import resolve_starting_weights
from paraisite.artifacts.training_outputs import TrainingOutput
from paraisite.config import Config, load_config
from paraisite.core.files import file_sha256
from paraisite.core.paths import built
from paraisite.errors import MissingInputError
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.tracking.registry import RegisteredVersion
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.recipe_result import RecipeResult, TrainedRecipe
from paraisite.training.recipe_training import StartingWeights, build_model_config
from paraisite.training.recipes import RECIPES, Recipe
from paraisite.workflows import compare
from tests.pipeline import params_text
from tests.synthetic_result import make_result

SEEDS = (1, 2)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Work in an empty folder with small settings and no registry."""
    monkeypatch.chdir(tmp_path)
    choose_lineage("paper")
    monkeypatch.setattr(initial_weights, "load_from_registry", lambda *_args, **_options: None)
    monkeypatch.setattr(
        registered_weights, "register_file", lambda name, path, **_: type("Version", (), {"version": "1"})
    )
    return load_config()


def choose_lineage(name: str) -> None:
    text = params_text(name)
    for key, value in (("seeds", list(SEEDS)), ("head_hidden", [2])):
        text = re.sub(rf"{key}: \[.*\]", f"{key}: {value}", text)
    Path("params.yaml").write_text(text)


def members(config: Config, *, seed: int) -> Ensemble:
    architecture = build_model_config(config)
    parameters = stack([draw_parameters(architecture, seed=seed)] * len(SEEDS))
    scaler = TargetScaler(mean=np.zeros(len(SEEDS)), std=np.ones(len(SEEDS)))
    return Ensemble(architecture, parameters, scaler, "kappa", "W/m/K", {"started_from": "nothing"})


def start(config: Config, *, seed_if_trained_now: int | None = None) -> StartingWeights:
    def train(recipe: Recipe) -> None:
        assert seed_if_trained_now is not None
        write(trained(config, recipe.name, seed=seed_if_trained_now))

    return resolve_starting_weights(RECIPES["FEAFTG15"], config, run_id="run", in_pipeline=True, train=train)


def trained(config: Config, name: str, *, seed: int = 0) -> TrainedRecipe:
    ensembles = (members(config, seed=seed), members(config, seed=seed + 1))
    return TrainedRecipe(make_result(name, seeds=SEEDS, n_row=20, n_epoch=4), *ensembles)


def write(output: TrainedRecipe) -> None:
    TrainingOutput(output, None).write(built(output.result.recipe.name))


def test_members_trained_here_come_before_those_shipped_and_those_before_a_training(
    config: Config,
) -> None:
    embeddings = {"trained now": start(config, seed_if_trained_now=3).parameters["atom_embedding"]}
    write(trained(config, "FEAF", seed=5))
    embeddings["trained before"] = start(config).parameters["atom_embedding"]
    members(config, seed=7).save(Path("weights/feaf") / ENSEMBLE_FILE)
    assert not start(config).description.startswith("shipped")
    Path("build/feaf").rename("build/elsewhere")
    found = start(config)
    embeddings["shipped"] = found.parameters["atom_embedding"]
    assert found.description.startswith("shipped FEAF (sha256 ")
    for seed, (where, embedding) in zip((3, 5, 7), embeddings.items(), strict=True):
        expected = members(config, seed=seed).parameters["atom_embedding"]
        np.testing.assert_allclose(embedding, expected, rtol=2.0**-11, atol=1e-7, err_msg=where)


def test_a_missing_network_for_formation_energies_is_said_with_the_command_that_trains_it(config: Config) -> None:
    with pytest.raises(MissingInputError, match="`python -m paraisite pretrain formation_energy` trains that network"):
        resolve_starting_weights(RECIPES["FELAB"], config, run_id="run", in_pipeline=True, train=lambda recipe: None)


def test_a_training_leaves_its_result_its_members_and_what_others_start_from(config: Config) -> None:
    written = trained(config, "FEAF")
    write(written)
    assert RecipeResult.load(Path("build/feaf/result")).splits_digest == written.result.splits_digest
    full, half = Path("build/feaf/members/best.safetensors"), Path("build/feaf/weights") / ENSEMBLE_FILE
    assert half.stat().st_size < 0.6 * full.stat().st_size
    card = json.loads(half.with_name("card.json").read_text())
    assert card["sha256"] == file_sha256(half)
    assert card["metrics_on_validation_rows"] == json.loads(Path("build/feaf/metrics.json").read_text())
    write(trained(config, "FEAFTG15"))
    assert not Path("build/feaftg15/weights").exists()


def test_a_comparison_is_of_the_lineages_models(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingInputError, match="nothing to compare"):
        compare.compare_models()
    for name in ("FEAF", "FEAFTG15", "RWTG15", "FELABTG15"):
        write(trained(config, name))
    compare.compare_models()
    table = Path("build/compare/result/table.md").read_text()
    assert ("FEAFTG15" in table, "FELABTG15" in table) == (True, False)
    curves = Path("build/compare/curves.csv").read_text().splitlines()
    assert (curves[0].count(","), len(curves)) == (8, 5)
    choose_lineage("lab")
    compare.compare_models()
    table = Path("build/compare/result/table.md").read_text()
    assert ("FEAFTG15" in table, "FELABTG15" in table, "RWTG15" in table) == (False, True, True)
    capsys.readouterr()
    compare.compare_models(all_trained=True)
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("FEAFTG15", "FELABTG15", "RWTG15"))
    assert Path("build/compare/result/table.md").read_text() == table
