"""Where a predictor comes from, and the verb that asks it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from typer.testing import CliRunner

import paraisite
from paraisite.artifacts.predictors import find_predictor
from paraisite.cli import app
from paraisite.errors import MissingInputError, TrackingError, WeightsError
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.ensemble import Ensemble
from tests.inference.known_predictors import tiny_predictor
from tests.models.reference import PUBLISHED_MODELS, reference_crystals, reference_predictions

runner = CliRunner()

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])


@pytest.fixture(autouse=True)
def empty_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, without a registry."""
    monkeypatch.chdir(tmp_path)
    NACL.to(filename="NaCl.cif")


def run(*arguments: str, text: str | None = None) -> tuple[int, str]:
    result = runner.invoke(app, ["predict", *arguments], input=text)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def recipe_of(folder: str, name: str) -> None:
    """Write a predictor that names itself."""
    predictor = tiny_predictor()
    predictor.model.ensemble.metadata["recipe"] = name
    predictor.save(Path(folder))


def test_what_was_trained_here_comes_before_what_is_shipped():
    recipe_of("weights/gpaccurate", "shipped")
    assert paraisite.load_predictor().model.ensemble.metadata["recipe"] == "shipped"
    recipe_of("build/gpaccurate/predictor", "trained here")
    assert paraisite.load_predictor().model.ensemble.metadata["recipe"] == "trained here"
    assert find_predictor("gpaccurate").calibration_set is not None
    assert find_predictor("weights/gpaccurate").model.ensemble.metadata["recipe"] == "shipped"


def register_by_name(name: str) -> None:
    """Write a store that has a version of a model, as far as is asked without MLflow."""
    with closing(sqlite3.connect("mlflow.db")) as store:
        store.execute("CREATE TABLE model_versions (name TEXT)")
        store.execute("INSERT INTO model_versions VALUES (?)", (name,))
        store.commit()


def test_the_registrys_champion_comes_first(monkeypatch: pytest.MonkeyPatch):
    recipe_of("build/felabtg15/predictor", "trained here")
    recipe_of("champion", "champion")
    asked = []
    monkeypatch.setattr(
        "paraisite.tracking.fetching.fetch_champion", lambda name: asked.append(name) or Path("champion")
    )
    assert find_predictor("FELABTG15").model.ensemble.metadata["recipe"] == "trained here"
    Path("mlflow.db").touch()
    assert find_predictor("FELABTG15").model.ensemble.metadata["recipe"] == "trained here", "an empty file has none"
    register_by_name("FELABTG15")
    assert find_predictor("FELABTG15").model.ensemble.metadata["recipe"] == "champion"
    monkeypatch.setattr("paraisite.tracking.fetching.fetch_champion", lambda _name: None)
    assert find_predictor("FELABTG15").model.ensemble.metadata["recipe"] == "trained here"
    assert asked == ["FELABTG15"]


@pytest.mark.parametrize("name", ["FELABTG15@challenger", "models:/FELABTG15@challenger"])
def test_an_alias_asks_the_registry_alone(name: str, monkeypatch: pytest.MonkeyPatch):
    recipe_of("build/felabtg15/predictor", "trained here")

    def fetch(name: str, *, alias: str) -> Path:
        raise TrackingError(f"the registry has no {name}@{alias}")

    monkeypatch.setattr("paraisite.tracking.fetching.fetch_predictor", fetch)
    with pytest.raises(TrackingError, match="no FELABTG15@challenger: it has no version"):
        find_predictor(name)
    assert not Path("mlflow.db").exists(), "asking made a store"
    register_by_name("FELABTG15")
    with pytest.raises(TrackingError, match=r"no FELABTG15@challenger$"):
        find_predictor(name)


def test_an_unreachable_server_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch):
    def fetch(name: str) -> Path:
        raise TrackingError("the experiment store cannot be reached")

    monkeypatch.setattr("paraisite.tracking.fetching.fetch_champion", fetch)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    with pytest.raises(TrackingError, match="reached; without MLFLOW_TRACKING_URI the model that is here predicts"):
        find_predictor("GPACCURATE")


def test_a_model_that_is_nowhere_is_reported_with_what_makes_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paraisite.artifacts.dvc_files.run_dvc", lambda *_, **__: "no such target")
    Path("dvc.lock").touch()
    with pytest.raises(MissingInputError, match="`python -m paraisite train FELABTG15` trains it"):
        find_predictor("felabtg15")


def test_an_absent_file_is_named():
    with pytest.raises(MissingInputError, match=r"absent\.hdf5 not found"):
        find_predictor("absent.hdf5")
    with pytest.raises(MissingInputError, match=r"^Models/absent not found: expected a model's file or folder"):
        find_predictor("Models/absent")
    with pytest.raises(MissingInputError, match=r"absent\.safetensors not found"):
        find_predictor("absent.safetensors")


def test_a_model_of_unknown_format_is_refused():
    Path("model.pkl").write_bytes(b"")
    with pytest.raises(
        WeightsError, match=r"unknown model format '\.pkl', expected one of \.hdf5, \.h5, \.safetensors"
    ):
        find_predictor("model.pkl")


def test_the_verb_prints_a_json_object_per_line_and_fails_only_if_nothing_is_predicted():
    recipe_of("build/gpaccurate/predictor", "trained here")
    code, text = run("--json", "NaCl.cif", "absent.cif")
    first, second = map(json.loads, text.splitlines())
    assert code == 0
    assert (first["file"], first["formula"], first["reason"]) == ("NaCl.cif", "NaCl", None)
    assert len(first["members"]) == 3
    assert first["lower_50"] < first["value"] < first["upper_50"]
    assert (second["formula"], second["value"], second["reason"]) == (None, None, "file not found")
    assert run("absent.cif")[0] == 1


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_verb_reads_standard_input(arguments: tuple[str, ...]):
    recipe_of("build/gpaccurate/predictor", "trained here")
    code, text = run(*arguments, text=NACL.to(fmt="poscar"))
    assert code == 0
    assert "NaCl" in text


def test_several_outputs_are_a_row_each():
    """Real predictions of a network whose last bias alone is not zero."""
    config = ModelConfig(n_output=2)
    parameters = {name: np.zeros((1, *shape), np.float32) for name, shape in parameter_shapes(config).items()}
    parameters["head/0/bias"][0] = -3.0, 2.0
    ensemble = Ensemble(config, parameters, None, ("formation energy", "log10 K"), ("eV/atom", "log10(GPa)"))
    ensemble.save(Path("model.safetensors"))
    code, text = run("--json", "--model", "model.safetensors", "NaCl.cif", "absent.cif")
    rows = [json.loads(line) for line in text.splitlines()]
    assert code == 0
    assert [row["file"] for row in rows] == ["NaCl.cif"] * 2 + ["absent.cif"] * 2
    assert [row["target"] for row in rows] == ["formation energy", "log10 K"] * 2
    assert [row["unit"] for row in rows] == ["eV/atom", "log10(GPa)"] * 2
    assert [row["value"] for row in rows] == [-3.0, 2.0, None, None]


@pytest.mark.parametrize("name", PUBLISHED_MODELS)
def test_published_models_give_megnets_own_numbers(shared_weights: Path, shared_reference: Path, name: str) -> None:
    """Origin: megnet 1.3.2 itself; tolerance 1e-5 and what a CIF's rounded coordinates cost."""
    crystals = reference_crystals()
    for formula, structure in crystals.items():
        structure.to(filename=f"{formula}.cif")
    paths = [f"{formula}.cif" for formula in crystals]
    code, text = run("--json", "--model", str(shared_weights / f"{name}.hdf5"), *paths)
    assert code == 0
    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["formula"] for row in rows] == list(crystals)
    np.testing.assert_allclose([row["value"] for row in rows], reference_predictions(shared_reference, name), atol=5e-5)


def test_a_slip_in_a_models_name_is_told_from_a_model_that_is_not_here() -> None:
    """Regression: both were told to run `dvc pull` and `train NAME`, in an installation and for any name."""
    with pytest.raises(MissingInputError, match=r"FEAFTG16 is neither .* name: did you mean FEAFTG15"):
        find_predictor("feaftg16")
    with pytest.raises(MissingInputError, match=r"GPACURATE is neither .* name: did you mean GPACCURATE"):
        find_predictor("gpacurate")
    with pytest.raises(MissingInputError, match="the model has no name"):
        find_predictor("")
    with pytest.raises(MissingInputError, match=r"NOPE is neither .* name: `paraisite recipes` lists"):
        find_predictor("nope")
    for name in ("FEAFTG15", "GPTG15", "FEAF_MINE"):
        with pytest.raises(MissingInputError, match=rf"{name} is not here: an installation brings GPACCURATE alone"):
            find_predictor(name)
