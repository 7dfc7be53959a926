"""Exchange with megnet: its published numbers, its own package on our files, and files that must be refused."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from paraisite.core.files import file_sha256
from paraisite.errors import ParaisiteError, WeightsError
from paraisite.models.architecture import ModelConfig
from paraisite.models.megnet_interop import layer_graph, prepare_megnet, read_published_model, write_megnet_model
from paraisite.models.target_scaler import TargetScaler
from tests.models.numpy_megnet import numpy_forward
from tests.models.reference import (
    PUBLISHED_MODELS,
    random_member,
    reference_graphs,
    reference_predictions,
)

ROOT = Path(__file__).parents[2]
SMALL = ModelConfig(
    n_element=90,
    embedding_dim=4,
    gaussian_centers_angstrom=(0.0, 1.0, 2.0, 3.5),
    gaussian_width_angstrom=0.8,
    cutoff_angstrom=4.5,
    n_block=2,
    wide=6,
    narrow=5,
    n_set2set_hidden=3,
    n_set2set_pass=2,
    head_hidden=(7, 4),
)
SCALER = TargetScaler(mean=np.array([0.9]), std=np.array([0.4]))


@pytest.mark.parametrize("quotient", [False, True], ids=["full", "quotient"])
@pytest.mark.parametrize("model", PUBLISHED_MODELS)
def test_published_models_give_megnets_own_numbers(
    model: str, quotient: bool, shared_weights: Path, shared_reference: Path
):
    """Golden: megnet 1.3.2's predictions; 1e-5 absolute, in the model's unit."""
    published = read_published_model(shared_weights / f"{model}.hdf5")
    found = numpy_forward(published.config, published.parameters, reference_graphs(quotient=quotient))
    np.testing.assert_allclose(found, reference_predictions(shared_reference, model), rtol=0, atol=1e-5)


def test_settings_are_read_from_the_published_files(shared_weights: Path):
    energy = read_published_model(shared_weights / "formation_energy.hdf5")
    assert energy.config == ModelConfig()
    assert (energy.target, energy.unit, energy.scaler) == ("Formation energy", "eV/atom", None)
    assert energy.metadata["training dataset"] == "mp-2018.6.1"
    assert energy.sha256 == file_sha256(shared_weights / "formation_energy.hdf5")
    # The moduli were trained with a single Set2Set step, unlike the energies.
    moduli = read_published_model(shared_weights / "log10K.hdf5")
    assert moduli.config == replace(ModelConfig(), n_set2set_pass=1)
    # This file says "unit": 1.
    assert read_published_model(shared_weights / "band_gap_regression.hdf5").unit == "eV"


def test_without_the_json_file_the_usual_settings_are_assumed_with_a_warning(
    shared_weights: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "energy.hdf5"
    path.write_bytes((shared_weights / "formation_energy.hdf5").read_bytes())
    with caplog.at_level(logging.WARNING):
        published = read_published_model(path)
    assert published.config == ModelConfig()
    assert (published.target, published.unit) == ("energy", "")
    assert "energy.hdf5.json is absent" in caplog.text


@pytest.mark.parametrize("model", PUBLISHED_MODELS)
def test_export_of_a_published_model_reads_back_identical(model: str, shared_weights: Path, tmp_path: Path):
    published = read_published_model(shared_weights / f"{model}.hdf5")
    write_megnet_model(tmp_path / "copy.hdf5", published.to_ensemble())
    copy = read_published_model(tmp_path / "copy.hdf5")
    assert copy.config == published.config
    assert (copy.target, copy.unit) == (published.target, published.unit)
    assert list(copy.parameters) == list(published.parameters)
    for name, values in published.parameters.items():
        np.testing.assert_array_equal(copy.parameters[name], values, err_msg=name, strict=True)


@pytest.mark.parametrize(
    "config",
    [
        SMALL,
        replace(SMALL, n_block=1, head_hidden=()),
        replace(SMALL, n_block=4, n_set2set_pass=1),
        replace(SMALL, head_hidden=(2,), output_activation="sigmoid"),
        ModelConfig(head_hidden=(450, 350, 350)),
    ],
    ids=["small", "one_block", "four_blocks", "sigmoid", "ours"],
)
def test_every_architecture_survives_writing_and_reading(config: ModelConfig, tmp_path: Path):
    member = random_member(config)
    write_megnet_model(tmp_path / "a.hdf5", member)
    again = read_published_model(tmp_path / "a.hdf5").to_ensemble()
    assert again.config == config
    for name, values in member.parameters.items():
        np.testing.assert_array_equal(again.parameters[name], values, err_msg=name)


def test_target_scaler_survives_writing_and_reading(tmp_path: Path):
    write_megnet_model(tmp_path / "a.hdf5", random_member(SMALL, scaler=SCALER))
    again = read_published_model(tmp_path / "a.hdf5")
    assert again.config == SMALL
    assert again.unit == "W/m/K"
    assert again.scaler is not None
    # Kept as float32 inside a layer.
    np.testing.assert_allclose([again.scaler.mean, again.scaler.std], [SCALER.mean, SCALER.std], rtol=1e-6)


def test_a_stack_of_members_cannot_be_one_megnet_file(tmp_path: Path):
    member = random_member(SMALL)
    stack = replace(member, parameters={name: np.repeat(v, 2, axis=0) for name, v in member.parameters.items()})
    with pytest.raises(WeightsError, match="one member, found 2"):
        write_megnet_model(tmp_path / "a.hdf5", stack)
    assert not list(tmp_path.iterdir())


def test_several_outputs_cannot_be_one_megnet_file(tmp_path: Path):
    with pytest.raises(WeightsError, match="one output, found kappa, kappa"):
        write_megnet_model(tmp_path / "a.hdf5", random_member(replace(SMALL, n_output=2)))
    assert not list(tmp_path.iterdir())


def _run_megnet(folder: Path, whose: str) -> Path:
    pytest.importorskip("tf_keras", reason="the megnet package is not installed")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(ROOT / "tests" / "models" / "run_megnet.py"), str(folder), whose],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def our_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that we wrote, with what the megnet package predicts from them."""
    folder = tmp_path_factory.mktemp("ours")
    ours = ModelConfig(head_hidden=(450, 350, 350))
    write_megnet_model(folder / "kappa.hdf5", random_member(ours, seed=1, scaler=SCALER, scale=1.4))
    sigmoid = replace(SMALL, output_activation="sigmoid")
    write_megnet_model(folder / "sigmoid.hdf5", random_member(sigmoid, seed=3, scale=1.4))
    return _run_megnet(folder, "ours")


@pytest.fixture(scope="module")
def their_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files that the megnet package wrote, with its own predictions."""
    return _run_megnet(tmp_path_factory.mktemp("theirs"), "theirs")


def _predict_as_megnet_did(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the NumPy reference's predictions from a file, and megnet's own."""
    published = read_published_model(folder / f"{name}.hdf5")
    graphs = reference_graphs(quotient=False, cutoff_angstrom=published.config.cutoff_angstrom)
    found = numpy_forward(published.config, published.parameters, graphs)
    if published.scaler is not None:
        found = published.scaler.inverse_transform(found[None])[0]
    assert np.ptp(found) > 1e-3 * np.abs(found).max()  # else the crystals would not be told apart
    return found, np.array(json.loads((folder / "predictions.json").read_text())[name])


@pytest.mark.parametrize("name", ["kappa", "sigmoid"])
def test_megnet_package_predicts_the_same_from_a_file_of_ours(name: str, our_files: Path):
    """Parity with megnet 1.3.2; 1e-4 relative (float32 there, float64 here)."""
    found, expected = _predict_as_megnet_did(our_files, name)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dropout", "standard_scaler", "classifier", "distance_input"])
def test_files_of_the_megnet_package_predict_what_it_predicts(name: str, their_files: Path):
    """Parity with megnet 1.3.2 on models as it saves them today; 1e-4 relative."""
    found, expected = _predict_as_megnet_did(their_files, name)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("no_block", "0 MEGNet layers"),
        ("state_input", "of width 3"),
        ("bond_types", "Embedding bond_embedding"),
        ("atom_features", "27 features"),
        ("state_types", "Embedding state_embedding"),
        ("two_targets", r"shape \(16, 2\)"),
        ("dropout_on_predict", "dropout at prediction"),
    ],
)
def test_other_kinds_of_megnet_are_refused_by_name(name: str, found: str, their_files: Path):
    with pytest.raises(WeightsError, match=found):
        read_published_model(their_files / f"{name}.hdf5")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>", "not an HDF5 file: it begins with b'<!DOCTYPE html"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer to the file"),
        (b"", "not an HDF5 file"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 500, "damaged"),
    ],
    ids=["html", "lfs_pointer", "empty", "signature_only"],
)
def test_what_is_not_a_model_is_refused(content: bytes, message: str, tmp_path: Path):
    path = tmp_path / "model.hdf5"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=message):
        read_published_model(path)


def test_an_absent_file_and_a_file_of_weights_alone_are_refused(tmp_path: Path):
    with pytest.raises(WeightsError, match="cannot be read"):
        read_published_model(tmp_path / "absent.hdf5")
    with h5py.File(tmp_path / "weights.hdf5", "w") as file:
        file["dense/kernel"] = np.zeros(3)
    with pytest.raises(WeightsError, match=r"no network description inside.* dense"):
        read_published_model(tmp_path / "weights.hdf5")


@pytest.mark.parametrize(
    ("program", "what"), [("while True: pass", "comes to no end"), ("import os; os.kill(os.getpid(), 11)", "crashes")]
)
def test_damage_that_the_library_does_not_survive_is_refused(
    program: str, what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Stands for a file with which HDF5's library does so: such are among those of ``python -m tests.reliability``."""
    write_megnet_model(tmp_path / "a.hdf5", random_member(SMALL))
    monkeypatch.setattr(layer_graph, "_OPEN", program)
    monkeypatch.setattr(layer_graph, "_OPEN_SECONDS", 0.5)
    with pytest.raises(WeightsError, match=f"damaged: HDF5's library {what}"):
        read_published_model(tmp_path / "a.hdf5")


def test_a_damaged_file_never_raises_anything_but_weights_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(layer_graph, "_check_end", lambda _: None)  # a process for each would take long
    write_megnet_model(tmp_path / "good.hdf5", random_member(SMALL, scaler=SCALER))
    good = (tmp_path / "good.hdf5").read_bytes()
    (tmp_path / "bad.hdf5.json").write_bytes((tmp_path / "good.hdf5.json").read_bytes())
    generator = np.random.default_rng(0)
    n_refused = 0
    for case in range(60):
        content = bytearray(good)
        if case % 3 == 0:
            content = content[: generator.integers(9, len(good))]
        for position in generator.integers(8, len(content), size=40):
            content[position] = generator.integers(256)
        (tmp_path / "bad.hdf5").write_bytes(content)
        try:
            read_published_model(tmp_path / "bad.hdf5")
        except WeightsError:
            n_refused += 1
    assert n_refused > 40


def _layer(config: dict[str, Any], name: str) -> dict[str, Any]:
    return next(layer for layer in config["config"]["layers"] if layer["name"] == name)


def _set(layer: str, key: str, value: object) -> Callable[[dict[str, Any]], None]:
    def edit(config: dict[str, Any]) -> None:
        assert key in _layer(config, layer)["config"]
        _layer(config, layer)["config"][key] = value

    return edit


def _is_embedding(layer: str) -> Callable[[dict[str, Any]], None]:
    def edit(config: dict[str, Any]) -> None:
        _layer(config, layer)["class_name"] = "Embedding"

    return edit


def _rewire(layer: str, n_input: int, source: list[object]) -> Callable[[dict[str, Any]], None]:
    def edit(config: dict[str, Any]) -> None:
        _layer(config, layer)["inbound_nodes"][0][n_input] = source

    return edit


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (_set("preblock_bond_0", "activation", "relu"), "preblock_bond_0 .* activation 'relu', expected 'softplus2'"),
        (_set("readout_2", "activation", "tanh"), "readout_2 .* expected 'relu'"),
        (_set("set2set_bond", "recurrent_activation", "sigmoid"), "recurrent_activation 'sigmoid', .*'hard_sigmoid'"),
        (_set("set2set_atom", "T", 3), r"take \[2, 3\] steps"),
        (_set("megnet_1", "pool_method", "sum"), "pool_method 'sum'"),
        (_set("bond_feature_input", "batch_input_shape", [None, None, 9]), "9 features .* 4 Gaussians"),
        (_set("state_default_input", "batch_input_shape", [None, None, 3]), "state_default_input of width 3"),
        (_is_embedding("bond_feature_input"), r"Embedding bond_feature_input \(bond types"),
        (_rewire("block_1_add_atom", 1, ["megnet_1", 0, 1, {}]), "adds output 1 of megnet_1"),
        (_rewire("block_1_add_bond", 1, ["megnet_0", 0, 1, {}]), "bond"),
        (_rewire("set2set_atom", 1, ["bond_graph_index_input", 0, 0, {}]), "indexed by bond_graph_index_input"),
        (_rewire("megnet_0", 3, ["bond_index_2_input", 0, 0, {}]), "megnet_0 is indexed by"),
        (_rewire("readout_0", 0, ["no_such_layer", 0, 0, {}]), "damaged .*no_such_layer"),
        (_rewire("concatenate", 0, ["set2set_bond", 0, 0, {}]), "bond_graph_index_input"),
        (_rewire("preblock_atom_0", 0, ["preblock_atom_1", 0, 0, {}]), "feeds itself"),
    ],
)
def test_a_network_that_computes_something_else_is_refused(
    edit: Callable[[dict[str, Any]], None], message: str, tmp_path: Path
):
    """Each of these has the right weights in the right shapes, and would give other numbers in megnet than here."""
    path = tmp_path / "a.hdf5"
    write_megnet_model(path, random_member(SMALL))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        edit(config)
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(WeightsError, match=message):
        read_published_model(path)


@pytest.mark.parametrize(
    ("layer", "values", "message"),
    [
        ("megnet_0/megnet_0/phi_e/weight_e_0:0", np.zeros((20, 7)), r"block_0/phi_e/0/kernel has shape \(20, 7\)"),
        ("megnet_0/megnet_0/phi_e/weight_e_0:0", np.full((20, 6), np.nan), "not finite"),
        ("megnet_0/megnet_0/phi_e/weight_e_0:0", None, "missing or unknown: block_0/phi_e/0/kernel"),
        ("megnet_0/megnet_0/phi_e/weight_e_3:0", np.zeros((5, 5)), "missing or unknown: block_0/phi_e/3/kernel"),
        ("readout_1/readout_1/bias:0", None, "readout_1 .* no usable weight bias"),
    ],
)
def test_wrong_weights_are_refused(layer: str, values: np.ndarray | None, message: str, tmp_path: Path):
    path = tmp_path / "a.hdf5"
    write_megnet_model(path, random_member(SMALL))
    with h5py.File(path, "r+") as file:
        if layer in file["model_weights"]:
            del file["model_weights"][layer]
        if values is not None:
            file["model_weights"][layer] = values
    with pytest.raises(WeightsError, match=message):
        read_published_model(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"graph_converter": {"@class": "CrystalGraphWithBondTypes"}}, "CrystalGraphWithBondTypes"),
        ({"graph_converter": {"@class": "SimpleMolGraph"}}, "SimpleMolGraph"),
        ({"graph_converter": {"nn_strategy": "VoronoiNN"}}, "VoronoiNN"),
        ({"graph_converter": {"cutoff": -1.0}}, "cutoff -1.0"),
        ({"graph_converter": {"bond_converter": {"@class": "OneHot"}}}, "OneHot"),
        ({"graph_converter": None}, "damaged or not a MEGNet graph converter"),
        ({"target_scaler": {"@class": "StandardScaler", "is_intensive": False}}, "grows with the number of atoms"),
        ({"target_scaler": {"@class": "LogScaler"}}, "LogScaler"),
    ],
)
def test_a_json_file_that_says_something_else_is_refused(change: dict[str, Any], message: str, tmp_path: Path):
    write_megnet_model(tmp_path / "a.hdf5", random_member(SMALL))
    json_path = tmp_path / "a.hdf5.json"
    content = json.loads(json_path.read_text())
    for key, value in change.items():
        content[key] = {**content[key], **value} if value is not None else None
    json_path.write_text(json.dumps(content))
    with pytest.raises(WeightsError, match=message):
        read_published_model(tmp_path / "a.hdf5")


def test_the_spelling_of_2018_is_understood(tmp_path: Path):
    write_megnet_model(tmp_path / "a.hdf5", random_member(SMALL))
    json_path = tmp_path / "a.hdf5.json"
    old = json_path.read_text().replace("converter", "convertor").replace("Converter", "Convertor")
    json_path.write_text(old)
    assert read_published_model(tmp_path / "a.hdf5").config == SMALL


def test_a_file_cannot_be_read_into_the_megnet_package_beside_keras_3(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    with pytest.raises(ParaisiteError, match="use a new process"):
        prepare_megnet()
    assert "TF_USE_LEGACY_KERAS" not in os.environ


def test_reading_and_writing_import_neither_tensorflow_nor_megnet(tmp_path: Path):
    write_megnet_model(tmp_path / "a.hdf5", random_member(SMALL))
    code = (
        "import sys; from pathlib import Path; from paraisite.models.megnet_interop import *;"
        "p = Path(sys.argv[1]); write_megnet_model(p, read_published_model(p).to_ensemble());"
        "sys.exit(str({'tensorflow', 'keras', 'tf_keras', 'megnet'} & set(sys.modules)) if "
        "{'tensorflow', 'keras', 'tf_keras', 'megnet'} & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.hdf5")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
