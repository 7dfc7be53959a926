"""A fit leaves what predicts; what it says of its members' errors rests on rows that they have not learnt from."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from paraisite import schema
from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.predictors import find_predictor
from paraisite.data.datasets.splits import random_splits
from paraisite.errors import MissingInputError
from paraisite.inference import process_model
from paraisite.inference.predictor import Predictor
from paraisite.metrics.kappa_errors import summarise_metrics
from paraisite.workflows import fit
from tests.graphs.crystals import rocksalt
from tests.inference.planted import planted_calibration_set, tiny_ensemble
from tests.pipeline import params_text, two_splits

N_ROW = 200
SPLITS = random_splits(N_ROW, seeds=range(1, 6), train_fraction=0.8)
TRAINED = np.stack([np.isin(np.arange(N_ROW), split.train) for split in SPLITS])


def errors(error_dex: float) -> pd.DataFrame:
    """Return the metrics of members that are right on what taught them and off elsewhere."""
    rng = np.random.default_rng(9)
    kappa = 10 ** rng.normal(1.0, 0.5, N_ROW)
    off = np.where(TRAINED, 0.0, rng.normal(0.0, error_dex, N_ROW))
    spread = np.full((len(SPLITS), N_ROW), error_dex)
    return fit.errors_of_held_out(planted_calibration_set(kappa, kappa * 10**off, TRAINED, std_dex=spread), SPLITS)


def test_only_held_out_rows_count() -> None:
    found = errors(0.2)
    assert list(found.index) == [1, 2, 3, 4, 5]
    assert found[schema.MAPE_TEST].between(0.2, 0.6).all()
    assert errors(0.02)[schema.MAPE_TEST].max() < 0.06


def test_intervals_hold_as_often_as_promised() -> None:
    shares = summarise_metrics(errors(0.2))["mean"]
    for coverage in schema.COVERAGES:
        assert shares[schema.coverage_name(coverage)] == pytest.approx(coverage, abs=0.08)


@pytest.fixture
def folder(tmp_path: Path, own_store: None, bundled_data: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder with one small network, two splits and one process."""
    (tmp_path / "params.yaml").write_text(two_splits(params_text("lab")))
    (tmp_path / "data").symlink_to(bundled_data.resolve(), target_is_directory=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(EarlierStages, "conductivity_networks", lambda *_: {"FELAB": tiny_ensemble()})
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
    monkeypatch.setattr(EarlierStages, "conductivity_networks", lambda *_: {})
    with pytest.raises(MissingInputError, match="lineage lab has no networks for conductivities"):
        fit.fit_processes("togo15")
