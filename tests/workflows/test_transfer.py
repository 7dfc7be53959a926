"""The measurement of transfer as a user gets it: what is left out is said, finished parts are not repeated."""

import dataclasses
import json
import logging
import re
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from paraisite.config import Config
from paraisite.core.row_format import RowFormat, tables_as
from paraisite.data.datasets.table import Dataset
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.evaluation.transfer import TransferSplit, tabulate_predictions
from paraisite.training.recipe_training import StartingWeights
from paraisite.training.recipes import RECIPES, InitialWeights, Recipe
from paraisite.workflows import transfer
from tests.pipeline import params_text
from tests.synthetic_result import make_dataset
from tests.training.tiny import CONFIG

SEEN = "NaCl"
"""The formula that an earlier stage has seen."""

CORRECTING = "LiF"
"""The formula whose known conductivity has corrected the labels that an earlier stage has seen."""

ERROR = {"RW": 0.9, "LFE": 0.6, "FELAB": 0.5, "LFEKAPPA": 0.4}


def fake_start(recipe: Recipe, config: Config, **_: Any) -> StartingWeights:
    if recipe.name == "FEPHONIX":
        raise MissingInputError("no MEGNet here")
    return StartingWeights({"weights": np.zeros((9, 1), np.float32)}, None, recipe.name)


def fake_tuning(
    n_label: int,
    starts: dict[str, Any],
    splits: Sequence[TransferSplit],
    *,
    dataset: Dataset,
    training: int,
    **_: Any,
) -> pd.DataFrame:
    """Return predictions that get better with each stage and the number of labels, and worse with each training."""
    known = np.log(dataset.table["kappa_w_per_m_k"].to_numpy())
    return pd.concat(
        [
            tabulate_predictions(
                name,
                split,
                dataset,
                n_label=n_label,
                ln_kappa=known + ERROR[name] * (10.0 / n_label) ** 0.5 + 0.1 * (training - 1),
                training=training,
            )
            for name in starts
            for split in splits
        ]
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with three splits, no training, no store and no AFLOW."""
    (tmp_path / "params.yaml").write_text(re.sub(r"seeds: \[1, 2, .*\]", "seeds: [1, 2, 3]", params_text("lab")))
    monkeypatch.chdir(tmp_path)

    known = make_dataset("phonix", n_row=95)
    formulas = known.table["formula"]
    table = known.table.assign(prototype=formulas.map({name: f"type {k % 12}" for k, name in enumerate(set(formulas))}))
    phonix = dataclasses.replace(known, table=table)

    def load(name: str, config: Config) -> Dataset:
        if name == "aflow":
            raise MissingInputError("no AFLOW here")
        return phonix if name == "phonix" else phonix.take(np.flatnonzero(formulas == SEEN))

    correcting = {"dataset": "togo15", "formula": [CORRECTING], "reason": "", "selected_by_label": False}
    monkeypatch.setattr(transfer, "load_known_rows", lambda _: pd.DataFrame(correcting))
    monkeypatch.setattr(transfer, "load_data", load)
    monkeypatch.setattr(transfer, "attach_graphs", lambda dataset, _: (dataset, np.zeros(len(dataset))))
    monkeypatch.setattr(transfer, "resolve_starting_weights", fake_start)
    monkeypatch.setattr(transfer, "_draw_members", lambda start, weights, splits, model, training: [{}] * len(splits))
    monkeypatch.setattr(transfer, "_predict_by_process", lambda *_args, **_options: None)
    monkeypatch.setattr(transfer, "fine_tune_on", fake_tuning)
    monkeypatch.setattr(transfer, "recipe_run", lambda _: nullcontext("run"))
    monkeypatch.setattr(transfer, "log_selection", lambda *_args, **_options: None)
    return tmp_path


def test_a_measurement_leaves_tables_and_a_figure(
    folder: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO), tables_as(RowFormat.JSON):
        transfer.measure_transfer("phonix", [10, 20], n_training=1)

    result = folder / "build" / "transfer_phonix"
    scores = pd.read_csv(result / "scores.csv")
    assert scores["start"].unique().tolist() == list(ERROR)
    assert scores["protocol"].unique().tolist() == ["grouped", "structure-type"]
    assert scores.groupby("protocol")["n_label"].nunique().tolist() == [3, 3]
    predictions = pd.read_csv(result / "predictions.csv.gz")
    known = make_dataset("phonix", n_row=95).table
    assert set(predictions["material_id"]) < set(known["material_id"])
    assert {SEEN, CORRECTING} < set(known["formula"])
    assert not set(predictions["material_id"]) & set(known["material_id"][known["formula"].isin([SEEN, CORRECTING])])
    comparisons = pd.read_csv(result / "comparisons.csv")
    assert set(zip(comparisons["start"], comparisons["reference"], strict=True)) == {
        ("LFE", "RW"),
        ("FELAB", "LFE"),
        ("FELAB", "RW"),
        ("LFEKAPPA", "LFE"),
        ("LFEKAPPA", "RW"),
    }
    needed = pd.read_csv(result / "labels_needed.csv").set_index(["protocol", "start"])["times_fewer_labels"]
    assert needed["grouped", "FELAB"] > needed["grouped", "LFE"] > 2
    assert {file.name for file in (result / "figures").iterdir()} == {
        f"transfer.{ending}" for ending in ("png", "svg", "pdf")
    }
    rows = pd.DataFrame(map(json.loads, capsys.readouterr().out.splitlines()))
    assert rows["table"].str.contains("new structure types").any()
    means = scores.groupby(["protocol", "start", "n_label"])["mean_abs_ln_ratio"].mean()
    pd.testing.assert_series_equal(
        rows.set_index(["protocol", "start", "n_label"])["mean_abs_ln_ratio"].sort_index(), means, rtol=1e-5
    )
    assert "FE is left out: no MEGNet here" in caplog.text
    assert "FEAF is left out: no AFLOW here" in caplog.text


def test_a_splits_trainings_are_one_observation(folder: Path) -> None:
    transfer.measure_transfer("phonix", [10, 20], n_training=3)

    result = folder / "build" / "transfer_phonix"
    predictions = pd.read_csv(result / "predictions.csv.gz")
    assert predictions.groupby(["protocol", "start", "n_label"])["training"].nunique().eq(3).all()
    scores = pd.read_csv(result / "scores.csv").set_index(["protocol", "start", "n_label", "split_seed"])
    assert scores.index.is_unique
    # Errors of 0.9, 1.0 and 1.1.
    assert scores.loc[("grouped", "RW", 10, 1), "mean_abs_ln_ratio"] == pytest.approx(1.0, rel=1e-4)


def test_each_training_starts_from_another_head_or_another_member() -> None:
    splits = [
        TransferSplit.draw("grouped", seed=seed, train=np.arange(8), test=np.arange(8, 12), seen=np.zeros(12, np.bool_))
        for seed in (1, 2)
    ]
    of_recipe = StartingWeights({"weights": np.arange(3, dtype=np.float32)[:, None]}, None, "three members")
    members = [
        transfer._draw_members(RECIPES["FELAB"], of_recipe, splits, CONFIG, training=training) for training in (1, 2)
    ]
    assert [[float(each["weights"][0]) for each in some] for some in members] == [[0.0, 1.0], [1.0, 2.0]]
    random = [
        transfer._draw_members(InitialWeights.RANDOM, of_recipe, splits, CONFIG, training=training)
        for training in (1, 2)
    ]
    (name, *_) = sorted(key for key, value in random[0][0].items() if np.ptp(value) > 0)
    drawn = {some[name].tobytes() for each in random for some in each}
    assert len(drawn) == 4


def test_a_killed_measurement_repeats_nothing_that_is_finished(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def killed(n_label: int, *args: Any, **options: Any) -> pd.DataFrame:
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(n_label)
        return fake_tuning(n_label, *args, **options)

    monkeypatch.setattr(transfer, "fine_tune_on", killed)
    with pytest.raises(KeyboardInterrupt):
        transfer.measure_transfer("phonix", [10, 20], n_training=1)
    again: list[int] = []
    monkeypatch.setattr(
        transfer, "fine_tune_on", lambda n, *args, **options: again.append(n) or fake_tuning(n, *args, **options)
    )
    transfer.measure_transfer("phonix", [10, 20], n_training=1)
    assert done == [10, 20]
    assert len(again) == 4
    assert again[1:3] == [10, 20]
    assert not (folder / "build" / "checkpoints" / "transfer-phonix").exists()


def test_further_trainings_repeat_none_of_the_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed_in_second(n_label: int, *args: Any, training: int, **options: Any) -> pd.DataFrame:
        if training == 2:
            raise KeyboardInterrupt
        return fake_tuning(n_label, *args, training=training, **options)

    monkeypatch.setattr(transfer, "fine_tune_on", killed_in_second)
    with pytest.raises(KeyboardInterrupt):
        transfer.measure_transfer("phonix", [10, 20], n_training=2)
    done: list[tuple[int, int]] = []

    def count(n_label: int, *args: Any, training: int, **options: Any) -> pd.DataFrame:
        done.append((n_label, training))
        return fake_tuning(n_label, *args, training=training, **options)

    monkeypatch.setattr(transfer, "fine_tune_on", count)
    transfer.measure_transfer("phonix", [10, 20], n_training=2)
    assert {training for _, training in done} == {2}
    assert len(done) == 6


def test_starts_that_were_registered_meanwhile_are_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What came from a file comes from the registry when the run is resumed: everything was measured again."""
    done: list[int] = []

    def count(n_label: int, *args: Any, **options: Any) -> pd.DataFrame:
        done.append(n_label)
        if len(done) == 3:
            raise KeyboardInterrupt
        return fake_tuning(n_label, *args, **options)

    monkeypatch.setattr(transfer, "fine_tune_on", count)
    with pytest.raises(KeyboardInterrupt):
        transfer.measure_transfer("phonix", [10, 20], n_training=1)

    def registered(recipe: Recipe, config: Config, **given: Any) -> StartingWeights:
        return dataclasses.replace(fake_start(recipe, config, **given), description=f"registry {recipe.name} version 1")

    monkeypatch.setattr(transfer, "resolve_starting_weights", registered)
    transfer.measure_transfer("phonix", [10, 20], n_training=1)
    assert len(done) == 3 + 4
    assert done[:2] == [10, 20]
    assert done[3] == done[2]


def test_what_other_settings_have_left_is_not_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[int] = []

    def killed(n_label: int, *args: Any, **options: Any) -> pd.DataFrame:
        done.append(n_label)
        if len(done) == 2:
            raise KeyboardInterrupt
        return fake_tuning(n_label, *args, **options)

    monkeypatch.setattr(transfer, "fine_tune_on", killed)
    with pytest.raises(KeyboardInterrupt):
        transfer.measure_transfer("phonix", [10, 20])
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("seeds: [1, 2, 3]", "seeds: [1, 2, 4]"))
    transfer.measure_transfer("phonix", [10, 20])
    assert done[:3] == [10, 20, 10]


def test_rows_that_earlier_stages_have_all_seen_are_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "load_data", lambda *_: make_dataset("phonix", n_row=95))
    with pytest.raises(DataError, match="each of the 95 rows has a formula that an earlier stage was trained on"):
        transfer.measure_transfer("phonix", [10, 20])


def test_more_labels_than_there_are_is_one_sentence(folder: Path) -> None:
    with pytest.raises(ConfigError, match="5000 labels: expected at most"):
        transfer.measure_transfer("phonix", [10, 5000])
