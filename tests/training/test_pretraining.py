"""Pretraining on properties: from a table to a network that predicts in units, and its errors on rows never seen."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from paraisite.config import TrainingConfig
from paraisite.errors import DataError
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig
from paraisite.models.ensemble import CARD_FILE, Ensemble
from paraisite.models.ensemble_prediction import predict
from paraisite.schema import FORMATION_ENERGY, LOG_BULK, LOG_SHEAR
from paraisite.training.initial_parameters import replace_head
from paraisite.training.pretraining import build_targets, pretrain
from paraisite.training.pretraining_result import ERRORS, Pretraining
from tests.training.tiny import CONFIG, tiny_data

MODEL = replace(CONFIG, head_hidden=())
SETTINGS = TrainingConfig(epochs=30, batch_size=8, learning_rate=1e-2, seed=3)
PROPERTIES = (FORMATION_ENERGY, LOG_BULK)
N_COPY = 4


def graphs() -> GraphCollection:
    """Return each of the tiny crystals four times, and one without values."""
    return tiny_data().graphs.take([*np.tile(np.arange(12), N_COPY), 0])


def table() -> pd.DataFrame:
    """Return properties that the elements decide; every copy has its crystal's formula."""
    rng = np.random.default_rng(0)
    energy = np.append(np.tile(rng.normal(-4.0, 2.0, 12), N_COPY), np.nan)
    bulk = np.append(np.tile(rng.uniform(20.0, 300.0, 12), N_COPY), np.nan)
    bulk[12:24] = np.nan  # the second copies have an energy only
    return pd.DataFrame(
        {
            "material_id": [f"m-{row}" for row in range(len(energy))],
            "formula": [f"X{row % 12}" for row in range(len(energy) - 1)] + ["X0"],
            FORMATION_ENERGY.column: energy,
            LOG_BULK.column: bulk,
        }
    )


@pytest.fixture(scope="module")
def result() -> Pretraining:
    return pretrain(table(), graphs(), PROPERTIES, settings=SETTINGS, dataset_digest="abc", model=MODEL)


def test_the_network_predicts_in_units(result: Pretraining):
    """Its errors on the validation rows, divided by the deviations, are what the training reported; 1e-3 relative."""
    predicted = predict(result.ensemble, graphs())[0]
    assert predicted.shape == (49, 2)
    true, rows = build_targets(table(), PROPERTIES), result.split.validation
    error = np.abs(predicted - true)[rows] / np.nanstd(true[result.split.train], axis=0)
    assert np.nanmean(error) == pytest.approx(result.curves["validation_error"].min(), rel=1e-3)


def test_metrics_are_those_of_the_predictions(result: Pretraining):
    predictions = result.predictions.set_index("property")
    for item in PROPERTIES:
        rows = predictions.loc[item.name]
        true, predicted = rows["true"].to_numpy(), rows["predicted"].to_numpy()
        found = result.metrics.loc[(item.name, "network")]
        assert found["unit"] == item.unit
        assert found["n_test"] == len(rows)
        assert found["mae"] == pytest.approx(np.abs(predicted - true).mean())
        assert found["rmse"] == pytest.approx(np.sqrt(((predicted - true) ** 2).mean()))
        assert found["r2"] == pytest.approx(1 - ((predicted - true) ** 2).sum() / ((true - true.mean()) ** 2).sum())
        assert found["spearman"] == pytest.approx(spearmanr(true, predicted).statistic)
    assert np.isnan(result.metrics.loc[(FORMATION_ENERGY.name, "network"), "mape"])
    rows = predictions.loc[LOG_BULK.name]
    bulk = table().set_index("material_id")[LOG_BULK.column].loc[rows["material_id"]].to_numpy()
    np.testing.assert_allclose(10 ** rows["true"], bulk)
    mape = np.mean(np.abs(10 ** rows["predicted"].to_numpy() - bulk) / bulk)
    assert result.metrics.loc[(LOG_BULK.name, "network"), "mape"] == pytest.approx(mape)


def test_the_baseline_is_the_training_rows_median(result: Pretraining):
    true = build_targets(table(), PROPERTIES)
    for k, item in enumerate(PROPERTIES):
        test = true[result.split.test, k]
        expected = np.nanmean(np.abs(test - np.nanmedian(true[result.split.train, k])))
        assert result.metrics.loc[(item.name, "constant"), "mae"] == pytest.approx(expected)


def test_predictions_are_those_of_the_test_rows(result: Pretraining):
    energies = result.predictions[result.predictions["property"] == FORMATION_ENERGY.name]
    assert energies["material_id"].tolist() == [f"m-{row}" for row in result.split.test]
    np.testing.assert_allclose(
        energies["predicted"], predict(result.ensemble, graphs().take(result.split.test))[0, :, 0], rtol=1e-5
    )
    assert (result.predictions["property"] == LOG_BULK.name).sum() < len(energies)  # not every copy has one
    assert not result.predictions.isna().any(axis=None)


def test_formulas_stay_together_and_unknown_rows_stay_out(result: Pretraining):
    parts = (result.split.train, result.split.validation, result.split.test)
    assert sorted(np.concatenate(parts)) == list(range(48))
    formulas = [set(table()["formula"].iloc[part]) for part in parts]
    assert sum(map(len, formulas)) == 12


def test_the_best_epoch_is_kept(result: Pretraining):
    assert result.best_epoch == result.curves["validation_error"].argmin() + 1
    assert list(result.curves["epoch"]) == list(range(1, 31))


def test_the_ensemble_says_what_it_is(result: Pretraining, tmp_path: Path):
    result.ensemble.save(tmp_path / "property.safetensors")
    loaded = Ensemble.load(tmp_path / "property.safetensors")
    assert loaded.targets == ("formation energy", "log10 of the bulk modulus")
    assert loaded.units == ("eV/atom", "log10(GPa)")
    assert loaded.scaler is None
    expected = {
        "pretrained_on": "formation_energy_ev_per_atom (48 values), bulk_gpa (36 values)",
        "dataset_digest": "abc",
        "n_train": str(len(result.split.train)),
        "best_epoch": str(result.best_epoch),
        "training.epochs": "30",
        "training.seed": "3",
    }
    assert expected.items() <= loaded.metadata.items()
    json.dumps(loaded.metadata)


def test_the_card_leaves_out_what_is_not_known(result: Pretraining, tmp_path: Path):
    result.save(tmp_path)
    errors = json.loads((tmp_path / CARD_FILE).read_text())[ERRORS]
    network = {row["property"]: row for row in errors if row["predictor"] == "network"}
    assert "mape" not in network[FORMATION_ENERGY.name]  # a relative error has no meaning there
    assert network[LOG_BULK.name]["mape"] == pytest.approx(result.metrics.loc[(LOG_BULK.name, "network"), "mape"])


def test_the_backbone_takes_a_head_for_kappa(result: Pretraining):
    backbone = {name: value[0] for name, value in result.ensemble.parameters.items()}
    member = replace_head(backbone, CONFIG, seed=0)
    np.testing.assert_array_equal(member["atom_embedding"], result.ensemble.parameters["atom_embedding"][0])
    assert member["head/2/kernel"].shape == (256, 1)


def test_one_property_is_one_plain_output():
    found = pretrain(
        table(), graphs(), (FORMATION_ENERGY,), settings=replace(SETTINGS, epochs=2), dataset_digest="", model=MODEL
    )
    assert (found.ensemble.target, found.ensemble.unit) == ("formation energy", "eV/atom")
    assert predict(found.ensemble, graphs()).shape == (1, 49)
    assert list(found.metrics.index) == [("formation energy", "network"), ("formation energy", "constant")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shear_gpa": 1.0}, None),
        ({}, "no column shear_gpa"),
        ({"shear_gpa": [1.0] * 48 + [0.0]}, "m-48: shear_gpa is 0.0, expected a positive number or nothing"),
        ({"shear_gpa": [np.inf] + [1.0] * 48}, "m-0: shear_gpa is inf, expected a positive number or nothing"),
        ({"shear_gpa": 1.0, FORMATION_ENERGY.column: -np.inf}, "m-0: formation_energy_ev_per_atom is -inf, expected a"),
    ],
)
def test_impossible_values_are_refused(change: dict[str, object], message: str | None):
    properties = (FORMATION_ENERGY, LOG_SHEAR)
    if message is None:
        assert build_targets(table().assign(**change), properties).shape == (49, 2)
        return
    with pytest.raises(DataError, match=message):
        build_targets(table().assign(**change), properties)


def test_a_part_without_any_value_is_refused():
    bulk = [100.0] + [np.nan] * 48
    with pytest.raises(DataError, match=r"none of the .* rows that .* has a value of bulk_gpa"):
        pretrain(
            table().assign(bulk_gpa=bulk),
            graphs(),
            PROPERTIES,
            settings=SETTINGS,
            dataset_digest="",
            model=ModelConfig(),
        )


def test_a_table_of_other_crystals_is_refused():
    with pytest.raises(DataError, match="the table has 48 rows, expected one for each of the 49 graphs"):
        pretrain(table().iloc[:48], graphs(), PROPERTIES, settings=SETTINGS, dataset_digest="")
