"""What others start from, in the registry: errors, and links from a version to the one that it was trained from."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paraisite.artifacts import registered_weights
from paraisite.artifacts.registered_weights import register_members
from paraisite.artifacts.training_outputs import EVIDENCE, METRICS
from paraisite.config import FORMATION_ENERGY_WEIGHTS_VARIABLE, load_config
from paraisite.core.files import CACHE_VARIABLE
from paraisite.models.ensemble import CARD_FILE, ENSEMBLE_FILE, Ensemble
from paraisite.tracking.registry import RegisteredVersion
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.pretraining_result import ERRORS
from paraisite.training.recipe_training import build_model_config
from paraisite.training.recipes import RECIPES
from tests.pipeline import params_text

Tags = dict[str, dict[str, str]]


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Tags]:
    """Ship LFE, FEAF, FELAB and FELABKAPPA in an empty folder; return a function that says what one registers."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    Path("params.yaml").write_text(params_text("lab"))
    config = load_config()
    for name in ("lfe", "feaf", "felab", "felabkappa"):
        network = Ensemble(
            build_model_config(config),
            stack([draw_parameters(build_model_config(config), seed=1)]),
            None,
            "kappa",
            "W/m/K",
            {"started_from": f"what {name} started from"},
        )
        network.save(Path("weights") / name / ENSEMBLE_FILE)
        errors = {METRICS: {"mape_best_epoch": {"mean": 0.38, "std": 0.025}}, EVIDENCE: {"data_digest": "abc"}}
        if name == "lfe":
            row = {"property": "formation energy", "unit": "eV/atom", "n_test": 9}
            by = {"network": 0.0814, "constant": 0.6}
            errors = {ERRORS: [row | {"predictor": predictor, "mae": mae} for predictor, mae in by.items()]}
        (Path("weights") / name / CARD_FILE).write_text(json.dumps({"sha256": "0", **errors}))

    def run(name: str) -> Tags:
        found: Tags = {}

        def note(name: str, path: Path, *, tags: dict[str, str], **_: object) -> RegisteredVersion:
            assert path.exists()
            found[name] = tags
            return RegisteredVersion(name, "7", "Production", "first version")

        monkeypatch.setattr(registered_weights, "register_file", note)
        register_members(RECIPES[name], Path("weights") / name.lower(), load_config(), run_id="run")
        return found

    return run


def test_members_are_linked_with_what_they_were_trained_from(register: Callable[[str], Tags]) -> None:
    found = register("FELABKAPPA")
    assert {name: tags["parent_version"] for name, tags in found.items()} == {
        "LFE": "none",
        "FELAB": "LFE version 7",
        "FELABKAPPA": "FELAB version 7",
    }
    assert list(found) == ["LFE", "FELAB", "FELABKAPPA"], "the earlier first"


def test_versions_carry_their_errors_and_what_later_ones_are_compared_with(register: Callable[[str], Tags]) -> None:
    found = register("FELAB")
    assert found["FELAB"]["mape_best_epoch"] == "0.380 ± 0.025"
    assert found["FELAB"]["data_digest"] == "abc"
    assert found["FELAB"]["started_from"] == "what felab started from"
    assert found["LFE"]["mae_formation_energy"] == "0.081 eV/atom, 9 held-out crystals"


def test_without_megnets_file_the_projects_own_network_stands_for_formation_energies(
    register: Callable[[str], Tags],
) -> None:
    """It is there to be used, but FEAF was not trained from it."""
    found = register("FEAF")
    assert list(found) == ["LFE", "FEAF"]
    assert found["FEAF"]["parent_version"] == "FE, which is not in this registry"


def test_with_megnets_file_members_are_linked_with_it(
    register: Callable[[str], Tags], shared_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FORMATION_ENERGY_WEIGHTS_VARIABLE, str(shared_weights.resolve() / "formation_energy.hdf5"))
    found = register("FEAF")
    assert list(found) == ["FE", "FEAF"]
    assert found["FEAF"]["parent_version"] == "FE version 7"
    assert found["FE"]["mae_published"] == "0.028 eV/atom"


def test_a_start_that_is_nowhere_is_named(register: Callable[[str], Tags]) -> None:
    (Path("weights/felab") / ENSEMBLE_FILE).unlink()
    (Path("weights/felab") / CARD_FILE).unlink()
    Path("weights/felab").rmdir()
    found = register("FELABKAPPA")
    assert {name: tags["parent_version"] for name, tags in found.items()} == {
        "FELABKAPPA": "FELAB, which is not in this registry"
    }
