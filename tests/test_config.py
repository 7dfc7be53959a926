"""Tests of reading ``params.yaml``."""

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from paraisite.config import (
    AFLOW_TABLE_VARIABLE,
    FORMATION_ENERGY_WEIGHTS_VARIABLE,
    GraphConfig,
    HeadConfig,
    SplitConfig,
    TrainingConfig,
    load_config,
)
from paraisite.errors import ConfigError

PARAMS = Path(__file__).parents[1] / "params.yaml"


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(AFLOW_TABLE_VARIABLE, raising=False)
    monkeypatch.delenv(FORMATION_ENERGY_WEIGHTS_VARIABLE, raising=False)


def write(folder: Path, change: dict[str, dict[str, Any]]) -> Path:
    """Write the project's settings with some of them replaced; a value of ... takes the key away."""
    raw = yaml.safe_load(PARAMS.read_text())
    for section, values in change.items():
        raw.setdefault(section, {}).update(values)
        raw[section] = {key: value for key, value in raw[section].items() if value is not ...}
    path = folder / "params.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def test_the_projects_settings_are_the_papers() -> None:
    config = load_config(PARAMS)
    assert config.training == TrainingConfig(
        epochs=300, batch_size=8, learning_rate=1e-3, learning_rate_period_epochs=1000, seed=42
    )
    assert config.splits == SplitConfig(seeds=tuple(range(1, 10)), train_fraction=0.8)
    assert config.model == HeadConfig(head_hidden=(450, 350, 350))
    assert config.graphs == GraphConfig(cutoff_angstrom=4.0, distance_tolerance_angstrom=1e-3)


def test_the_evaluations_first_seed_is_that_of_the_training() -> None:
    config = load_config(PARAMS)
    assert config.evaluation.seeds[0] == config.training.seed
    other = config.with_seed(7)
    assert other.training.seed == 7
    assert dataclasses.replace(other, training=config.training) == config


@pytest.mark.parametrize("seeds", [[], [42, 42]])
def test_seeds_that_are_absent_or_repeated_are_refused(tmp_path: Path, seeds: list[int]) -> None:
    with pytest.raises(ConfigError, match="expected one seed or more, none twice"):
        load_config(write(tmp_path, {"evaluation": {"seeds": seeds}}))


def test_every_setting_is_read_from_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        {
            "data": {"aflow_table": "a.jsonl", "formation_energy_weights": "w.hdf5"},
            "graphs": {"cutoff_angstrom": 5, "distance_tolerance_angstrom": 0.01},
            "splits": {"seeds": [3], "train_fraction": 0.5},
            "model": {"head_hidden": []},
            "training": {"epochs": 2, "learning_rate": 1},
        },
    )
    config = load_config(path)
    assert config.data.aflow_table == Path("a.jsonl")
    assert config.data.formation_energy_weights == Path("w.hdf5")
    assert config.graphs == GraphConfig(cutoff_angstrom=5.0, distance_tolerance_angstrom=0.01)
    assert config.splits == SplitConfig(seeds=(3,), train_fraction=0.5)
    assert config.model.head_hidden == ()
    assert config.training.epochs == 2
    assert isinstance(config.training.learning_rate, float)


def test_the_widths_of_a_new_head_are_written_as_text() -> None:
    settings = load_config(PARAMS).evaluation.training
    assert settings.head_hidden((4, 3)) == (4, 3)
    assert dataclasses.replace(settings, head="128-64").head_hidden((4, 3)) == (128, 64)
    for head in ("", "128-", "0", "wide"):
        with pytest.raises(ConfigError, match="expected widths such as 128-64, or kept"):
            dataclasses.replace(settings, head=head).head_hidden((4, 3))


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        load_config(PARAMS).training.epochs = 1  # type: ignore[misc]


def test_variables_override_the_input_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(AFLOW_TABLE_VARIABLE, str(tmp_path / "aflow.jsonl.gz"))
    monkeypatch.setenv(FORMATION_ENERGY_WEIGHTS_VARIABLE, str(tmp_path / "energy.hdf5"))
    data = load_config(PARAMS).data
    assert data.aflow_table == tmp_path / "aflow.jsonl.gz"
    assert data.formation_energy_weights == tmp_path / "energy.hdf5"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"training": {"epoch": 5}}, r"training: unknown key epoch; known keys are epochs, batch_size"),
        ({"trainings": {"epochs": 5}}, r"unknown key trainings; known keys are lineage, data, lab, graphs"),
        ({"training": {"epochs": ...}}, r"training: missing key epochs"),
        ({"training": {"epochs": 5.0}}, r"training: epochs: expected int, found 5\.0"),
        ({"training": {"epochs": True}}, r"training: epochs: expected int, found True"),
        ({"training": {"learning_rate": "1e-3"}}, r"learning_rate: expected float, found '1e-3'"),
        ({"training": {"learning_rate": False}}, r"learning_rate: expected float, found False"),
        ({"training": {"loss": "squared"}}, r"loss: expected one of percentage, log_absolute, .*, found 'squared'"),
        ({"splits": {"seeds": 9}}, r"splits: seeds: expected a list, found 9"),
        ({"splits": {"seeds": [1, "2"]}}, r"splits: seeds: expected int, found '2'"),
        ({"data": {"aflow_table": None}}, r"data: aflow_table: expected Path, found None"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, change: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(write(tmp_path, change))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a mapping, found None"),
        ("- 1", r"expected a mapping, found \[1\]"),
        ("data: [", "is not valid YAML"),
    ],
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_the_lineage_is_one_of_those_written_above_it(tmp_path: Path) -> None:
    text = PARAMS.read_text()
    for name in ("lab", "paper"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(re.sub(r"^lineage: .*$", f"lineage: *{name}", text, flags=re.MULTILINE))
        assert load_config(path).lineage == name
    path.write_text(re.sub(r"^lineage: .*$", "lineage: paper", text, flags=re.MULTILINE))
    with pytest.raises(ConfigError, match=r"lineage: expected \*lab or \*paper, found 'paper'"):
        load_config(path)


def test_an_absent_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml not found: run from the project's folder"):
        load_config(tmp_path / "nowhere.yaml")
