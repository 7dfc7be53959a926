"""Backbones with a new head: which weights are taken, from where, and what is said where there are none."""

from pathlib import Path

import numpy as np
import pytest

from paraisite.artifacts import registered_weights
from paraisite.artifacts.initial_weights import resolve_backbone_weights
from paraisite.config import FORMATION_ENERGY_WEIGHTS_VARIABLE, Config, load_config
from paraisite.errors import MissingInputError
from paraisite.models.ensemble import ENSEMBLE_FILE, Ensemble
from paraisite.training.initial_parameters import draw_parameters, stack
from paraisite.training.pretrained_networks import BACKBONES, Origin
from paraisite.training.recipe_training import build_model_config
from paraisite.training.recipes import InitialWeights
from tests.pipeline import params_text

PUBLISHED = [start for start, backbone in BACKBONES.items() if backbone.origin is Origin.PUBLISHED]


@pytest.fixture
def registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """Work in an empty folder; return what is registered, with its tags, by name."""
    found: dict[str, dict[str, str]] = {}

    def register(name: str, path: Path, *, tags: dict[str, str], **_: object) -> object:
        assert path.exists()
        found[name] = tags
        return type("Version", (), {"version": "1"})

    monkeypatch.setattr(registered_weights, "register_file", register)
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(params_text("lab"))
    return found


def head(config: Config) -> np.ndarray:
    return draw_parameters(build_model_config(config), seed=config.training.seed)["head/0/kernel"]


@pytest.mark.parametrize("start", PUBLISHED, ids=lambda start: start.value)
def test_published_models_are_found_in_the_folder_of_the_one_that_is_named(
    start: InitialWeights,
    registered: dict[str, dict[str, str]],
    shared_weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(FORMATION_ENERGY_WEIGHTS_VARIABLE, str(shared_weights.resolve() / "formation_energy.hdf5"))
    config = load_config()
    found = resolve_backbone_weights(start, config, run_id="run")
    source = BACKBONES[start].source
    assert found.description.startswith(f"{source}.hdf5 (sha256 ")
    assert list(registered) == [BACKBONES[start].name]
    random = draw_parameters(build_model_config(config), seed=config.training.seed)["atom_embedding"]
    assert not np.array_equal(found.parameters["atom_embedding"][0], random)
    assert len(found.parameters["head/0/kernel"]) == len(config.splits.seeds)
    np.testing.assert_array_equal(found.parameters["head/0/kernel"][-1], head(config))


def test_a_pretrained_network_of_three_outputs_gives_its_backbone_only(
    registered: dict[str, dict[str, str]],
) -> None:
    config = load_config()
    architecture = type(build_model_config(config))(head_hidden=(), n_output=3)
    member = draw_parameters(architecture, seed=7)
    targets, units = ("energy", "bulk", "shear"), ("eV/atom", "log10(GPa)", "log10(GPa)")
    network = Ensemble(architecture, stack([member]), None, targets, units)
    network.save(Path("build/pretrain/all") / ENSEMBLE_FILE)
    found = resolve_backbone_weights(InitialWeights.LAB_ALL, config, run_id="run")
    np.testing.assert_array_equal(found.parameters["atom_embedding"][0], member["atom_embedding"])
    np.testing.assert_array_equal(found.parameters["head/0/kernel"][0], head(config))
    assert "head of seed 42" in found.description
    assert set(registered) == {"LALL"}


def test_a_variant_that_is_nowhere_is_reported_with_the_command_that_trains_it(
    registered: dict[str, dict[str, str]],
) -> None:
    with pytest.raises(MissingInputError, match="`python -m paraisite pretrain log_bulk` trains that network"):
        resolve_backbone_weights(InitialWeights.LAB_BULK_MODULUS, load_config(), run_id="run")
    assert not registered
