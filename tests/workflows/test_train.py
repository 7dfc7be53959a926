"""What the stages start from, write and compare; no training."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from paraisite.artifacts import initial_weights, missing_inputs, registered_weights
from paraisite.artifacts.initial_weights import resolve_starting_weights
from paraisite.artifacts.training_outputs import TrainingOutput
from paraisite.config import Config, load_config
from paraisite.core.files import CACHE_VARIABLE, file_sha256
from paraisite.core.paths import built
from paraisite.errors import MissingInputError
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.tracking.registry import RegisteredVersion
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.recipe_result import RecipeResult, TrainedRecipe
from paraisite.training.recipe_training import StartingWeights, build_model_config
from paraisite.training.recipes import RECIPES, Recipe
from paraisite.workflows import compare, train
from tests.pipeline import params_text
from tests.synthetic_result import make_result

SEEDS = (1, 2)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Work in an empty folder with small settings and no registry."""
    monkeypatch.chdir(tmp_path)
    choose_lineage("paper")
    monkeypatch.setattr(initial_weights, "load_from_registry", lambda *_args, **_options: None)
    registered = RegisteredVersion("FEAF", "1", "Production", "first version")
    monkeypatch.setattr(registered_weights, "register_file", lambda *_args, **_options: registered)
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


@pytest.fixture
def trained_recipes(config: Config, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of what is trained, without the minutes that it takes, where nothing can be downloaded."""
    names: list[str] = []

    def note(recipe: Recipe, _config: Config, *, in_pipeline: bool) -> TrainingOutput:
        names.append(recipe.name)
        assert not in_pipeline
        return TrainingOutput(trained(config, recipe.name), None)

    def unreachable(name: str, *, n_attempt: int) -> Path:
        raise MissingInputError(f"{name} could not be downloaded")

    monkeypatch.setattr(train, "_train", note)
    monkeypatch.setenv(CACHE_VARIABLE, str(Path("cache").absolute()))
    monkeypatch.setattr(missing_inputs, "fetch_published_weights", unreachable)
    monkeypatch.setattr(missing_inputs, "is_registered", lambda name: False)
    return names


@pytest.mark.parametrize(
    ("step", "wanted", "in_their_place"),
    [
        ("step1", ["RWAF", "RWTG15"], ["RWLAB", "RWTG15"]),
        ("step2", ["FEAF", "FETG15"], ["FELAB", "LFETG15"]),
        ("step3", ["FEAFTG15"], ["FELABTG15"]),
        ("rwaft", ["RWAFTG15"], ["RWLABTG15"]),
    ],
)
def test_a_step_trains_the_papers_models_and_the_labs_where_an_input_is_missing(
    trained_recipes: list[str],
    step: str,
    wanted: list[str],
    in_their_place: list[str],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One line says which model takes whose place, and what to get; the published value stands beside the paper's."""
    train.train_experiment(step, "togo15", lineage="paper", overrides={})
    assert trained_recipes == in_their_place
    said = [record.getMessage() for record in caplog.records if "in the place of" in record.getMessage()]
    replaced = [pair for pair in zip(in_their_place, wanted, strict=True) if pair[0] != pair[1]]
    assert [tuple(line.split(":")[0].split(" is trained in the place of ")) for line in said] == replaced
    assert all("\n" not in line and ("data fetch aflow" in line or "downloaded" in line) for line in said)
    trained_recipes.clear()
    Path("external/aflow").mkdir(parents=True)
    for path in (Path("external/aflow/records.jsonl.gz"), Path("external/formation_energy.hdf5")):
        path.touch()
    train.train_experiment(step, "togo15", lineage="paper", overrides={})
    assert trained_recipes == wanted
    capsys.readouterr()
    train.train_experiment(step, "togo15", lineage="lab", overrides={})
    assert trained_recipes == [*wanted, *in_their_place]
    assert not set(wanted) - {"RWTG15"} & set(capsys.readouterr().out.split())


def test_the_two_stage_model_starts_from_shipped_members_without_any_other_input(
    config: Config, trained_recipes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    members(config, seed=7).save(Path("weights/feaf") / ENSEMBLE_FILE)
    train.train_experiment("step3", "togo15", lineage="paper", overrides={})
    assert trained_recipes == ["FEAFTG15"]
    assert "0.28" in capsys.readouterr().out, "the published value"


def test_a_comparison_is_of_the_lineages_models(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(MissingInputError, match="nothing to compare"):
        compare.compare_models()
    for name in ("FEAF", "FEAFTG15", "RWTG15", "FELABTG15"):
        write(trained(config, name))
    compare.compare_models()
    table = Path("build/compare/result/table.md").read_text()
    assert ("FEAFTG15" in table, "FELABTG15" in table) == (True, False)
    curves = Path("build/compare/curves.csv").read_text().splitlines()
    assert (curves[0].count(","), len(curves)) == (6, 5)
    choose_lineage("lab")
    compare.compare_models()
    table = Path("build/compare/result/table.md").read_text()
    assert ("FEAFTG15" in table, "FELABTG15" in table, "RWTG15" in table) == (False, True, True)
    capsys.readouterr()
    compare.compare_models(all_trained=True)
    printed = capsys.readouterr().out
    assert all(name in printed for name in ("FEAFTG15", "FELABTG15", "RWTG15"))
    assert Path("build/compare/result/table.md").read_text() == table
