"""A fit leaves a predictor with its card, registered under its name."""

import json
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from paraisite.artifacts.earlier_stages import EarlierStages
from paraisite.artifacts.predictors import find_predictor
from paraisite.config import load_config
from paraisite.data.datasets.accurate import join_labels
from paraisite.data.datasets.loaders import load_dataset
from paraisite.data.datasets.table import Dataset, build_dataset
from paraisite.data.record import Record
from paraisite.data.sources.lab_tables import SOURCES
from paraisite.errors import ConfigError, MissingInputError
from paraisite.inference import process_model
from paraisite.inference.calibration import Calibration
from paraisite.inference.predictor import Predictor
from paraisite.models.estimate import Estimate
from paraisite.workflows import fit
from tests.graphs.crystals import diamond, rocksalt
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


def own_rows(*formulas: str) -> Dataset:
    pairs = {"LiF": (4.03, ("Li", "F")), "TlBr": (6.6, ("Tl", "Br")), "NaCl": (5.64, ("Na", "Cl"))}
    records = [
        Record(f"own-{number}", rocksalt(*pairs[formula]), 2.0 + number, None, "measured here")
        for number, formula in enumerate(formulas)
    ]
    return build_dataset("mine", records)


LABELS = build_dataset("kappa", [Record("silicon:Si", diamond(), 120.0, "silicon", SOURCES["kappa"])])


@pytest.mark.parametrize(("formulas", "n_part"), [(("LiF", "TlBr", "NaCl", "TlBr"), 3), (("TlBr", "TlBr"), 1)])
def test_rows_of_a_user_join_the_accurate_ones(
    formulas: tuple[str, ...], n_part: int, folder: Path, bundled_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accurate = load_dataset("togo15", load_config().data, bundled_data.resolve())  # few of them, of the same schema
    monkeypatch.setattr(fit, "load_data", lambda *_: own_rows(*formulas))
    monkeypatch.setattr(fit, "load_training_rows", lambda _: join_labels(accurate, LABELS))
    fit.fit_processes("mine")
    found = Predictor.load(folder / "build" / "gp_mine" / "predictor")
    known = found.calibration_set
    assert known is not None
    assert known.materials.formula == (*accurate.table["formula"], "Si", *formulas), "both rows of one formula stay"
    assert np.flatnonzero(known.materials.trains_only).tolist() == [len(accurate)], "the label"
    assert np.flatnonzero(known.materials.is_label).tolist() == [len(accurate)]
    assert known.materials.material_id[-1] == f"own-{len(formulas) - 1}"
    # The error is that of the user's rows, each without those of its formula.
    card = json.loads((folder / "build" / "gp_mine" / "predictor" / "card.json").read_text())
    value = Calibration.fit(known).compute_value(Estimate(np.log10(known.members_w_per_m_k[0]), known.std_dex[0]))
    own = np.arange(len(accurate), len(accurate) + len(formulas)) + 1
    error = pd.Series(np.abs(value / known.materials.kappa_w_per_m_k - 1.0)[own]).groupby(np.array(formulas)).mean()
    assert len(error) == n_part
    assert card["metrics_on_validation_rows"]["mape_test"]["mean"] == pytest.approx(error.mean(), rel=0.1)
    run = mlflow.search_runs(search_all_experiments=True, output_format="list")[0]
    assert run.data.params["joined"] == "accurate"
    assert card["dataset"] == "togo15-with-kappa-with-mine"
    assert f"the default model's {len(accurate) + 1} rows, 1 of them computed under a potential" in card["members"]
    assert mlflow.MlflowClient().get_model_version_by_alias("GP_MINE", "champion").tags["dataset"] == "mine"


def test_rows_of_a_user_can_be_fitted_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = []
    monkeypatch.setattr(fit, "load_data", lambda name, _: fitted.append(name) or own_rows("LiF", "NaCl"))
    monkeypatch.setattr(EarlierStages, "load_conductivity_networks", lambda *_: {})
    with pytest.raises(MissingInputError, match="has no networks"):  # which the default model does without
        fit.fit_processes("mine", alone=True)
    assert fitted == ["mine"]


def test_the_accurate_rows_are_no_users_own(folder: Path) -> None:
    with pytest.raises(ConfigError, match="--alone is for a data set of your own"):
        fit.fit_processes("accurate", alone=True)


def test_without_networks_there_is_no_fit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EarlierStages, "load_conductivity_networks", lambda *_: {})
    with pytest.raises(MissingInputError, match="lineage lab has no networks for conductivities"):
        fit.fit_processes("togo15")
