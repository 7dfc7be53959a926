"""Tests of predicting for structure files."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pymatgen.core import Lattice, Structure
from typer.testing import CliRunner

from paraisite.cli import app
from paraisite.errors import MissingInputError, WeightsError
from paraisite.evaluation import predict_files as module
from paraisite.evaluation.predict_files import predict_files, read_model
from paraisite.graphs.crystal_graph import GraphCollection
from paraisite.models.architecture import ModelConfig, parameter_shapes
from paraisite.models.ensemble import Ensemble
from paraisite.models.target_scaler import TargetScaler
from tests.models.reference import PUBLISHED_MODELS, reference_crystals, reference_predictions

runner = CliRunner()

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])


def make_ensemble(n_member: int) -> Ensemble:
    config = ModelConfig()
    parameters = {name: np.zeros((n_member, *shape), np.float32) for name, shape in parameter_shapes(config).items()}
    scaler = TargetScaler(mean=np.ones(n_member), std=np.ones(n_member))
    return Ensemble(config=config, parameters=parameters, scaler=scaler, target="kappa", unit="W/m/K")


@pytest.fixture
def atomic_number_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Member k of every model predicts the first atom's atomic number plus k."""

    def predict(ensemble: Ensemble, graphs: GraphCollection) -> npt.NDArray[np.float64]:
        first = np.array([graphs.take([row]).atomic_number[0] for row in range(len(graphs.n_atom))], np.float64)
        return first + np.arange(ensemble.n_member)[:, None]

    monkeypatch.setattr(module, "predict", predict)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A CIF, a POSCAR, and files without a usable structure."""
    paths = {
        name: tmp_path / name for name in ("NaCl.cif", "POSCAR_Si", "bad.cif", "notes.txt", "far.cif", "mixed.cif")
    }
    NACL.to(filename=str(paths["NaCl.cif"]))
    SILICON.to(filename=str(paths["POSCAR_Si"]), fmt="poscar")
    paths["bad.cif"].write_text("data_x\n_cell_length_a what\n")
    paths["notes.txt"].write_text("not a structure")
    Structure(Lattice.cubic(12), ["Ar"], [[0, 0, 0]]).to(filename=str(paths["far.cif"]))
    Structure(Lattice.cubic(3), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]).to(filename=str(paths["mixed.cif"]))
    return paths


def run(model: Path, paths: Sequence[Path], *options: str) -> tuple[int, str]:
    result = runner.invoke(app, ["predict", "--model", str(model), *options, *map(str, paths)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout


def test_several_outputs_are_a_row_each(files: dict[str, Path]) -> None:
    """Real predictions of a network whose last bias alone is not zero."""
    config = ModelConfig(n_output=2)
    parameters = {name: np.zeros((1, *shape), np.float32) for name, shape in parameter_shapes(config).items()}
    parameters["head/0/bias"][0] = -3.0, 2.0
    ensemble = Ensemble(config, parameters, None, ("formation energy", "log10 K"), ("eV/atom", "log10(GPa)"))
    rows = predict_files(ensemble, [files["NaCl.cif"], files["notes.txt"]])
    assert [row.file.name for row in rows] == ["NaCl.cif"] * 2 + ["notes.txt"] * 2
    assert [row.target for row in rows] == ["formation energy", "log10 K"] * 2
    assert [row.unit for row in rows] == ["eV/atom", "log10(GPa)"] * 2
    assert [row.value for row in rows] == [-3.0, 2.0, None, None]
    assert rows[2].reason == rows[3].reason is not None


@pytest.mark.usefixtures("atomic_number_model")
def test_rows_keep_the_order_of_the_files(files: dict[str, Path]) -> None:
    paths = [files[name] for name in ("POSCAR_Si", "notes.txt", "NaCl.cif", "far.cif", "POSCAR_Si")]
    rows = predict_files(make_ensemble(1), paths)
    assert [row.file for row in rows] == paths
    assert [row.formula for row in rows] == ["Si", None, "NaCl", "Ar", "Si"]
    assert [row.value for row in rows] == [14.0, None, 11.0, None, 14.0]
    assert {row.unit for row in rows} == {"W/m/K"}


@pytest.mark.usefixtures("atomic_number_model")
def test_an_ensemble_gives_mean_and_standard_deviation(files: dict[str, Path]) -> None:
    (row,) = predict_files(make_ensemble(3), [files["POSCAR_Si"]])
    assert row.value == pytest.approx(15.0)
    assert row.std == pytest.approx(1.0)
    assert row.as_text() == "Si  kappa 15 ± 1 W/m/K"


@pytest.mark.usefixtures("atomic_number_model")
def test_one_member_has_no_standard_deviation(files: dict[str, Path]) -> None:
    (row,) = predict_files(make_ensemble(1), [files["POSCAR_Si"]])
    assert row.std is None
    assert row.as_text() == "Si  kappa 14 W/m/K"


@pytest.mark.usefixtures("atomic_number_model")
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bad.cif", "not a readable structure file: "),
        ("notes.txt", "not a readable structure file: "),
        ("absent.cif", "file not found"),
        ("far.cif", "no neighbour within 4.0 Å"),
        ("mixed.cif", "not fully occupied by one element"),
    ],
)
def test_a_file_without_a_usable_structure_is_a_row_with_a_reason(
    files: dict[str, Path], tmp_path: Path, name: str, reason: str
) -> None:
    bad, good = predict_files(make_ensemble(2), [tmp_path / name, files["NaCl.cif"]])
    assert bad.reason is not None
    assert reason in bad.reason
    assert "\n" not in bad.reason
    assert bad.value is bad.std is None
    assert good.value == pytest.approx(11.5)
    assert good.reason is None


@pytest.mark.usefixtures("atomic_number_model")
def test_a_folder_stands_for_its_structure_files(files: dict[str, Path], tmp_path: Path) -> None:
    rows = predict_files(make_ensemble(1), [tmp_path])
    assert {row.file for row in rows} == set(files.values()) - {files["notes.txt"]}


@pytest.mark.usefixtures("atomic_number_model")
def test_an_empty_folder_is_a_row_with_a_reason(tmp_path: Path) -> None:
    (row,) = predict_files(make_ensemble(1), [tmp_path])
    assert row.reason == "the folder holds no structure file"


def test_an_infinite_output_is_a_row_with_a_reason(files: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "predict", lambda ensemble, _graphs: np.array([[1.0], [np.inf]]))
    (row,) = predict_files(make_ensemble(2), [files["NaCl.cif"]])
    assert row.reason == "the model's output is not a finite number"
    assert row.value is None


@pytest.mark.usefixtures("atomic_number_model")
def test_the_verb_prints_all_rows_and_exits_with_1_if_one_has_no_prediction(
    files: dict[str, Path], tmp_path: Path
) -> None:
    model = tmp_path / "model.safetensors"
    make_ensemble(2).save(model)
    assert run(model, [files["NaCl.cif"]]) == (0, f"{files['NaCl.cif']}  NaCl  kappa 11.5 ± 0.707 W/m/K\n")
    code, text = run(model, [files["notes.txt"], files["NaCl.cif"]])
    assert code == 1
    first, second = text.splitlines()
    assert "no prediction: not a readable structure file" in first
    assert second.endswith("NaCl  kappa 11.5 ± 0.707 W/m/K")


@pytest.mark.usefixtures("atomic_number_model")
def test_json_is_a_list_with_one_object_per_file(files: dict[str, Path], tmp_path: Path) -> None:
    model = tmp_path / "model.safetensors"
    make_ensemble(1).save(model)
    code, text = run(model, [files["NaCl.cif"], files["notes.txt"]], "--json")
    assert code == 1
    good, bad = json.loads(text)
    assert good == {
        "file": str(files["NaCl.cif"]),
        "formula": "NaCl",
        "target": "kappa",
        "value": 11.0,
        "std": None,
        "unit": "W/m/K",
        "reason": None,
    }
    assert set(bad) == set(good)
    assert bad["value"] is None


def test_an_absent_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingInputError, match=r"absent\.hdf5 not found"):
        read_model(tmp_path / "absent.hdf5")


def test_a_model_of_unknown_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"")
    with pytest.raises(
        WeightsError, match=r"unknown model format '\.pkl', expected one of \.hdf5, \.h5, \.safetensors"
    ):
        read_model(tmp_path / "model.pkl")


@pytest.mark.parametrize("name", PUBLISHED_MODELS)
def test_published_models_give_megnets_own_numbers(
    shared_weights: Path, shared_reference: Path, tmp_path: Path, name: str
) -> None:
    """Origin: megnet 1.3.2 itself; tolerance 1e-5 and what a CIF's rounded coordinates cost."""
    paths = []
    for formula, structure in reference_crystals().items():
        paths.append(tmp_path / f"{formula}.cif")
        structure.to(filename=str(paths[-1]))
    code, text = run(shared_weights / f"{name}.hdf5", paths, "--json")
    assert code == 0
    rows = json.loads(text)
    assert [row["formula"] for row in rows] == list(reference_crystals())
    np.testing.assert_allclose([row["value"] for row in rows], reference_predictions(shared_reference, name), atol=5e-5)
