"""Which of others' inputs a recipe lacks, and what makes it trainable without them."""

import dataclasses
from pathlib import Path

import pytest

from paraisite.artifacts import missing_inputs
from paraisite.artifacts.missing_inputs import find_missing_input
from paraisite.config import Config, load_config
from paraisite.core.files import CACHE_VARIABLE
from paraisite.errors import MissingInputError
from paraisite.training.recipes import RECIPES
from tests.conftest import ROOT


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """Work in an empty folder, without a network, and with an empty registry."""

    def unreachable(name: str, *, n_attempt: int) -> Path:
        raise MissingInputError(f"{name}.hdf5 could not be downloaded")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setattr(missing_inputs, "fetch_published_weights", unreachable)
    monkeypatch.setattr(missing_inputs, "is_registered", lambda name: False)
    settings = load_config(ROOT / "params.yaml")
    data = dataclasses.replace(settings.data, aflow_table=Path("aflow"), formation_energy_weights=Path("energy.hdf5"))
    return dataclasses.replace(settings, data=data)


@pytest.mark.parametrize("name", ["FEAF", "RWAF", "FEAFTG15", "RWAFMIX"])
def test_what_comes_by_way_of_aflow_needs_its_table(config: Config, name: str) -> None:
    missing = find_missing_input(RECIPES[name], config)
    assert missing == "AFLOW's table aflow is absent (`python -m paraisite data fetch aflow` brings it)"


@pytest.mark.parametrize("name", ["FETG15", "FEAF"])
def test_megnets_energies_need_its_weights(config: Config, name: str) -> None:
    Path("aflow").touch()
    missing = find_missing_input(RECIPES[name], config)
    assert missing == (
        "MEGNet's weights energy.hdf5 are absent and could not be downloaded "
        "(PARAISITE_FORMATION_ENERGY_WEIGHTS names another place)"
    )
    Path("energy.hdf5").touch()
    assert find_missing_input(RECIPES[name], config) is None


@pytest.mark.parametrize("name", ["RWTG15", "RWLAB", "FELAB", "FELABTG15", "LFETG15"])
def test_the_labs_models_need_nothing_of_others(config: Config, name: str) -> None:
    assert find_missing_input(RECIPES[name], config) is None


@pytest.mark.parametrize("folder", ["weights/feaf", "build/feaf/weights"])
def test_members_that_are_here_need_no_input(config: Config, folder: str) -> None:
    Path(folder).mkdir(parents=True)
    assert find_missing_input(RECIPES["FEAFTG15"], config) is None
    assert find_missing_input(RECIPES["FEAF"], config) is not None


def test_members_in_the_registry_need_no_input(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing_inputs, "is_registered", lambda name: name == "RWAF")
    assert find_missing_input(RECIPES["RWAFTG15"], config) is None
    assert find_missing_input(RECIPES["FEAFTG15"], config) is not None
