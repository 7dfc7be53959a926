"""A fit leaves a predictor with its card, registered under its name."""

import json
from pathlib import Path

import mlflow
import pandas as pd
import pytest

from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.predictors import find_predictor
from paraisite.errors import MissingInputError
from paraisite.inference import process_model
from paraisite.inference.predictor import Predictor
from paraisite.workflows import fit
from tests.graphs.crystals import rocksalt
from tests.inference.known_predictors import tiny_ensemble
from tests.pipeline import params_text, two_splits


@pytest.fixture
def folder(tmp_path: Path, own_store: None, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with one small network, two splits and one process."""
    (tmp_path / "params.yaml").write_text(two_splits(params_text("lab")))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(EarlierStages, "load_conductivity_networks", lambda *_: {"FELAB": tiny_ensemble()})
    monkeypatch.setattr(process_model, "GAUSSIAN_PROCESSES", process_model.GAUSSIAN_PROCESSES[:1])
    return tmp_path


def test_a_fit_leaves_a_registered_predictor_with_a_card(folder: Path) -> None:
    fit.fit_processes("togo15")
    made = folder / "build" / "gptg15" / "predictor"
    found = find_predictor("GPTG15")
    assert found.digest == Predictor.load(made).digest
    predictions = found.predict([rocksalt(5.64)])
    assert predictions.lower[0, 0] < predictions.value[0] < predictions.upper[2, 0]
    card = json.loads((made / "card.json").read_text())
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[0]
    assert run.info.run_name == "GPTG15"
    assert run.data.metrics["mape_test"] == pytest.approx(card["metrics_on_validation_rows"]["mape_test"]["mean"])
    assert run.data.params["networks"] == "FELAB"
    version = mlflow.MlflowClient().get_model_version_by_alias("GPTG15", "champion")
    answered = mlflow.pyfunc.load_model("models:/GPTG15@champion").predict(
        pd.DataFrame({"structure": [rocksalt(5.64).to(fmt="cif")]})
    )
    assert version.tags["dataset"] == "togo15"
    assert answered["value"][0] == pytest.approx(predictions.value[0], rel=1e-4)


def test_without_networks_there_is_no_fit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EarlierStages, "load_conductivity_networks", lambda *_: {})
    with pytest.raises(MissingInputError, match="lineage lab has no networks for conductivities"):
        fit.fit_processes("togo15")
