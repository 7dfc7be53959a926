"""Tests of reading ``params.yaml``."""

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from paraisite.config import (
    AFLOW_TABLE_VARIABLE,
    FORMATION_ENERGY_WEIGHTS_VARIABLE,
    GraphConfig,
    HeadConfig,
    SplitConfig,
    TrainingConfig,
    load_config,
    override,
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
        ({"training": {"epoch": 5}}, r"params\.yaml: training: unknown key epoch; known keys are epochs, batch_size"),
        ({"trainings": {"epochs": 5}}, r"unknown key trainings; known keys are lineages, lineage, data, lab, graphs"),
        ({"training": {"epochs": ...}}, r"training: missing key epochs"),
        ({"lab": {"seed": ...}}, r"lab: missing key seed"),
        ({"training": {"epochs": 5.0}}, r"training: epochs: expected an integer, found 5\.0"),
        ({"training": {"epochs": True}}, r"training: epochs: expected an integer, found True"),
        ({"training": {"epochs": -5}}, r"training: epochs: expected 1 or more, found -5"),
        ({"training": {"epochs": 10**20}}, r"training: epochs: expected 1000000 at most, found 1000000000000"),
        ({"splits": {"seeds": [1, 10**20]}}, r"seeds: item 2: expected less than 4294967296, found 1000000000000"),
        ({"evaluation": {"protocols": ["honst"]}}, r"protocols: item 1: expected one of 'paper', .*, found 'honst'"),
        ({"training": {"batch_size": 0}}, r"training: batch_size: expected 1 or more, found 0"),
        ({"training": {"learning_rate": "fast"}}, r"learning_rate: expected a number, found 'fast'"),
        ({"training": {"learning_rate": False}}, r"learning_rate: expected a number, found False"),
        ({"training": {"learning_rate": float("nan")}}, r"learning_rate: expected a finite number, found nan"),
        ({"training": {"learning_rate": float("inf")}}, r"learning_rate: expected a finite number, found inf"),
        ({"training": {"learning_rate": 0}}, r"learning_rate: expected more than 0, found 0"),
        ({"training": {"final_learning_rate_fraction": 2}}, r"fraction: expected 1 at most, found 2"),
        ({"training": {"learning_rate_period_epochs": 0}}, r"period_epochs: expected 1 or more, found 0"),
        ({"training": {"gradient_clip_norm": 0.0}}, r"gradient_clip_norm: expected more than 0, found 0\.0"),
        ({"training": {"max_log10_one_plus_kappa": 400}}, r"one_plus_kappa: expected 30 at most, found 400"),
        ({"training": {"seed": -1}}, r"training: seed: expected 0 or more, found -1"),
        ({"training": {"seed": 2**32}}, r"training: seed: expected less than 4294967296, found 4294967296"),
        ({"training": {"checkpoint_every_epochs": 0}}, r"every_epochs: expected 1 or more, found 0"),
        ({"training": {"loss": "squared"}}, r"loss: expected one of 'percentage', .* or 'mixture', found 'squared'"),
        ({"training": {"percentage_share": 1.5}}, r"percentage_share: expected 1 at most, found 1\.5"),
        ({"training": {"dropout": -0.1}}, r"dropout: expected 0 or more, found -0\.1"),
        ({"training": {"dropout": 1.0}}, r"dropout: expected less than 1, found 1\.0"),
        ({"training": {"weight_decay": -1}}, r"weight_decay: expected 0 or more, found -1"),
        ({"training": {"frozen": 3}}, r"frozen: expected one of 'nothing', .*, found 3"),
        ({"splits": {"seeds": 9}}, r"splits: seeds: expected a list, found 9"),
        ({"splits": {"seeds": "123"}}, r"splits: seeds: expected a list, found '123'"),
        ({"splits": {"seeds": {}}}, r"splits: seeds: expected a list, found {}"),
        ({"splits": {"seeds": []}}, r"splits: seeds: expected one value or more, found \[\]"),
        ({"splits": {"seeds": [1, "2"]}}, r"splits: seeds: item 2: expected an integer, found '2'"),
        ({"splits": {"seeds": [1, 2, 1]}}, r"splits: seeds: expected each value once, found \[1, 2, 1\]"),
        ({"evaluation": {"seeds": [42, 42]}}, r"evaluation: seeds: expected each value once, found \[42, 42\]"),
        ({"evaluation": {"seeds": []}}, r"evaluation: seeds: expected one value or more, found \[\]"),
        ({"evaluation": {"n_fold": 1}}, r"evaluation: n_fold: expected 2 or more, found 1"),
        ({"evaluation": {"protocols": []}}, r"evaluation: protocols: expected one value or more, found \[\]"),
        ({"evaluation": {"training": None}}, r"evaluation: training: expected a mapping, found None"),
        ({"splits": {"train_fraction": 2}}, r"splits: train_fraction: expected less than 1, found 2"),
        ({"splits": {"train_fraction": 1.0}}, r"splits: train_fraction: expected less than 1, found 1\.0"),
        ({"splits": {"train_fraction": 0}}, r"splits: train_fraction: expected more than 0, found 0"),
        ({"graphs": {"cutoff_angstrom": 0}}, r"cutoff_angstrom: expected more than 0, found 0"),
        ({"graphs": {"cutoff_angstrom": 5.1}}, r"cutoff_angstrom: expected 5 at most, found 5\.1"),
        ({"graphs": {"distance_tolerance_angstrom": -1e-3}}, r"tolerance_angstrom: expected 0 or more, found -0\.001"),
        ({"graphs": {"distance_tolerance_angstrom": 1}}, r"tolerance_angstrom: expected less than 0\.1, found 1"),
        ({"model": {"head_hidden": [450, 0]}}, r"head_hidden: item 2: expected 1 or more, found 0"),
        ({"lab": {"slack_potential": 7}}, r"slack_potential: expected text, found 7"),
        ({"lab": {"kappa_potential": ""}}, r"kappa_potential: expected text, found ''"),
        ({"lab": {"slack_candidates": 0}}, r"slack_candidates: expected 1 or more, found 0"),
        ({"lab": {"pretraining": [300]}}, r"lab: pretraining: expected a mapping, found \[300\]"),
        ({"data": {"aflow_table": None}}, r"data: aflow_table: expected a path, found None"),
        ({"data": {"lab": ""}}, r"data: lab: expected a path, found ''"),
        ({"data": {5: 3}}, r"data: unknown key 5; known keys are aflow_table"),
        ({"lineage": {"models": {}}}, r"lineages: lab: models: missing key second_stage_from_random"),
        ({"lineage": {"final": {"felab_mine": {"data": "mine"}}}}, r"lab: final: felab_mine: missing key start"),
        ({"lineage": {"final": {"mine": {"from": 1}}}}, r"final: mine: unknown key from; known keys are data, start"),
    ],
)
def test_a_wrong_key_or_value_is_named(tmp_path: Path, change: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        load_config(write(tmp_path, change))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("head", ["", "128-", "0", "wide", "-5", "1²", "128-10000000000"])
def test_the_widths_of_a_new_head_are_checked(tmp_path: Path, head: str) -> None:
    raw = yaml.safe_load(PARAMS.read_text())["evaluation"]["training"]
    with pytest.raises(ConfigError, match=r"evaluation: training: head: expected .*, found '"):
        load_config(write(tmp_path, {"evaluation": {"training": raw | {"head": head}}}))


def test_an_option_is_checked_like_the_file() -> None:
    training = load_config(PARAMS).training
    assert override(training, epochs=5) == dataclasses.replace(training, epochs=5)
    with pytest.raises(ConfigError, match=r"^epochs: expected 1 or more, found -5$"):
        override(training, epochs=-5)
    with pytest.raises(ValidationError):
        TrainingConfig(epochs=-5)


def test_a_rate_in_powers_of_ten_needs_no_point(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(PARAMS.read_text().replace("  learning_rate: 0.001", "  learning_rate: 1e-3"))
    assert load_config(path) == load_config(PARAMS)


ALIAS_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 12)
)
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}\n" for level in range(1, 12)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected a mapping, found None"),
        (b"# nothing\n", "expected a mapping, found None"),
        (b"- 1", r"expected a mapping, found \[1\]"),
        (b"data: [", "is not valid YAML"),
        (b"training:\n\tepochs: 5\n", r"is not valid YAML: .*line 2"),
        (b"training:\n  epochs: 5\n  epochs: 6\n", r"line 3: found the key epochs again, first on line 2"),
        (b"? [a, b]\n: 1\n", "line 1: found a list or mapping as a key, expected a name"),
        (b"a: 1\n---\nb: 2\n", "is not valid YAML: expected a single document"),
        (b"a: !!python/object/apply:os.system [ls]\n", "is not valid YAML: could not determine a constructor"),
        (b"a: 2026-13-45\n", "holds a value that cannot be read"),
        (b"a: \x00", "is not valid YAML"),
        ("# 4 Å\n".encode("latin-1"), r"line 1: found the byte 0xc5, expected text in UTF-8"),
        ("a: 1\n".encode("utf-16"), r"line 1: found the byte 0xff, expected text in UTF-8"),
        (ALIAS_BOMB.encode(), r"line \d+: found more than 10,000 values with every anchor written out"),
        (MERGE_BOMB.encode(), r"line \d+: found more than 10,000 values with every anchor written out"),
        (b"a: &a [*a]\n", "line 1: found an anchor that holds itself"),
        (b"a: " + b"[" * 100_000, "found more than 20 levels of nesting"),
        (b"".join(b" " * n + b"a:\n" for n in range(600)), "found more than 20 levels of nesting"),
        (b"a: 1\n" * 10_000_000, "is longer than 256 KiB, expected a file of settings"),
        (b"seeds: [" + b"1," * 100_000 + b"]", "found more than 10,000 values"),
        (b"lineage: " + b"x" * 200_000, r"lineage: expected \* and .*, found '.{1,70}'$"),
    ],
    ids=range(21),
)
def test_a_file_that_holds_no_settings_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=message) as refused:
        load_config(path)
    assert str(refused.value).startswith(str(path))
    assert "\n" not in str(refused.value)


def test_a_folder_is_no_settings(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load_config(tmp_path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "params.yaml")
    with pytest.raises(ConfigError, match=r"params\.yaml is no file, expected a file of settings"):
        load_config(tmp_path / "params.yaml")


def test_the_lineage_is_one_of_those_written_above_it(tmp_path: Path) -> None:
    text = PARAMS.read_text()
    for name in ("lab", "paper"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(re.sub(r"^lineage: .*$", f"lineage: *{name}", text, flags=re.MULTILINE))
        assert load_config(path).lineage.name == name
    path.write_text(re.sub(r"^lineage: .*$", "lineage: paper", text, flags=re.MULTILINE))
    with pytest.raises(ConfigError, match=r"lineage: expected \* and a name that lineages has, .*, found 'paper'"):
        load_config(path)


def test_an_absent_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml not found: run it in the project's folder"):
        load_config(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0x" + "f" * 4000, "epochs: expected 1000000 at most, found an integer of 16000 bits"),
        ("0b" + "1" * 20_000, "found an integer of 20000 bits"),
        ("[" + "1:" * 3000 + "1]", r"epochs: expected an integer, found \[an integer of"),
        ("9" * 5000, "holds a value that cannot be read: Exceeds the limit"),
        ("!!timestamp x", "holds a value that cannot be read"),
        ("!!bool x", "holds a value that cannot be read: 'x'"),
        ("!!int x", "holds a value that cannot be read"),
        ("2001-99-99", "holds a value that cannot be read"),
        (".nan", "epochs: expected an integer, found nan"),
        ("[" * 5000 + "]" * 5000, "more than 20 levels of nesting"),
        ("&x [*x]", "found an anchor that holds itself"),
        ("!!python/object/apply:os.getcwd []", "is not valid YAML: could not determine a constructor"),
    ],
    ids=range(12),
)
def test_no_value_ends_in_a_traceback(tmp_path: Path, value: str, message: str) -> None:
    """Integers that Python does not write, and tags whose value is another, ended a command with a traceback."""
    path = tmp_path / "params.yaml"
    path.write_text(re.sub(r"(?m)^  epochs: .*$", f"  epochs: {value}", PARAMS.read_text()))
    with pytest.raises(ConfigError, match=message) as caught:
        load_config(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
