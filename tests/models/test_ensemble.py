"""The file of trained members: what is written comes back, and what is not such a file is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from paraisite.core.files import file_sha256
from paraisite.errors import CheckpointError
from paraisite.models.architecture import ModelConfig
from paraisite.models.ensemble import FORMAT, Ensemble
from paraisite.models.target_scaler import TargetScaler
from paraisite.training.initial_parameters import draw_parameters, stack

CONFIG = ModelConfig(
    embedding_dim=4,
    gaussian_centers_angstrom=(0.0, 0.1 + 0.2, 2.5),
    n_block=1,
    wide=6,
    narrow=5,
    n_set2set_hidden=3,
    head_hidden=(7, 4),
    output_activation="sigmoid",
)
SCALER = TargetScaler(mean=np.array([0.7, 0.1 + 0.2, 1.4]), std=np.array([0.3, 0.5, 1 / 3]))


@pytest.fixture
def ensemble() -> Ensemble:
    return Ensemble(
        config=CONFIG,
        parameters=stack([draw_parameters(CONFIG, seed=seed) for seed in range(3)]),
        scaler=SCALER,
        target="kappa",
        unit="W/m/K",
        metadata={"recipe": "FEAF", "digest": "é" * 8, "epochs": "300"},
    )


def assert_equal(first: Ensemble, second: Ensemble) -> None:
    assert set(first.parameters) == set(second.parameters)
    for name, value in first.parameters.items():
        assert second.parameters[name].dtype == value.dtype
        np.testing.assert_array_equal(second.parameters[name], value, err_msg=name)
    assert (first.scaler is None) == (second.scaler is None)
    if first.scaler is not None and second.scaler is not None:
        np.testing.assert_array_equal(first.scaler.mean, second.scaler.mean)
        np.testing.assert_array_equal(first.scaler.std, second.scaler.std)
    for field in ("config", "target", "unit", "metadata"):
        assert getattr(first, field) == getattr(second, field)


def test_half_precision_halves_the_file_and_rounds_to_eleven_bits(ensemble: Ensemble, tmp_path: Path):
    full, half = tmp_path / "full.safetensors", tmp_path / "half.safetensors"
    ensemble.save(full)
    ensemble.save(half, half_precision=True)
    loaded = Ensemble.load(half)
    for name, value in ensemble.parameters.items():
        assert loaded.parameters[name].dtype == np.float32
        np.testing.assert_allclose(loaded.parameters[name], value, rtol=2.0**-11, atol=2.0**-24, err_msg=name)
    assert_equal(loaded, replace(ensemble, parameters=loaded.parameters))
    n_byte = sum(value.nbytes for value in ensemble.parameters.values())
    assert full.stat().st_size - half.stat().st_size == pytest.approx(n_byte / 2, rel=0.05)
    loaded.save(full, half_precision=True)
    assert full.read_bytes() == half.read_bytes()


@pytest.mark.parametrize("scaler", [SCALER, None], ids=["scaler", "no scaler"])
def test_saving_and_loading_changes_nothing(ensemble: Ensemble, scaler: TargetScaler | None, tmp_path: Path):
    path = tmp_path / "new folder" / "members.safetensors"
    written = replace(ensemble, scaler=scaler)
    written.save(path)
    loaded = Ensemble.load(path)
    assert_equal(loaded, written)
    assert hash(loaded.config) == hash(CONFIG)  # tuples, not JSON's lists
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_equal_ensembles_are_equal_files(ensemble: Ensemble, tmp_path: Path):
    reordered = replace(
        ensemble,
        parameters=dict(reversed(ensemble.parameters.items())),
        metadata=dict(reversed(ensemble.metadata.items())),
    )
    for number, one in enumerate((ensemble, ensemble, reordered)):
        one.save(tmp_path / str(number))
    contents = {(tmp_path / str(number)).read_bytes() for number in range(3)}
    assert len(contents) == 1
    replace(ensemble, unit="mW/m/K").save(tmp_path / "other")
    assert file_sha256(tmp_path / "other") != file_sha256(tmp_path / "0")


def test_saving_again_replaces_the_file(ensemble: Ensemble, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    ensemble.select_member(1).save(path)
    assert_equal(Ensemble.load(path), ensemble.select_member(1))


def test_member_is_an_ensemble_of_one(ensemble: Ensemble):
    assert ensemble.n_member == 3
    for k in range(3):
        one = ensemble.select_member(k)
        assert one.n_member == 1
        assert one.scaler is not None
        assert (one.scaler.mean.item(), one.scaler.std.item()) == (SCALER.mean[k], SCALER.std[k])
        for name, value in one.parameters.items():
            np.testing.assert_array_equal(value[0], ensemble.parameters[name][k])
    assert replace(ensemble, scaler=None).select_member(2).scaler is None


def test_an_absent_file_is_named(tmp_path: Path):
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors not found"):
        Ensemble.load(tmp_path / "nowhere.safetensors")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_is_refused(ensemble: Ensemble, kept: float, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(CheckpointError, match=r"members\.safetensors is damaged"):
        Ensemble.load(path)


def test_text_and_folders_are_refused(tmp_path: Path):
    path = tmp_path / "notes.txt"
    path.write_text("not weights")
    with pytest.raises(CheckpointError, match="damaged or not a safetensors file"):
        Ensemble.load(path)
    with pytest.raises(CheckpointError, match="damaged or not a safetensors file"):
        Ensemble.load(tmp_path)


def rewrite(path: Path, change_header: str, header: str | None) -> None:
    """Write the file's tensors again, under another header."""
    save_file(load_file(path), path, metadata=None if header is None else {change_header: header})


@pytest.mark.parametrize(
    ("key", "header", "message"),
    [
        ("other", "{}", "expected format paraisite-ensemble-1, found None"),
        ("paraisite_ensemble", '{"format": "paraisite-ensemble-0"}', "found 'paraisite-ensemble-0'"),
        ("paraisite_ensemble", None, "found None"),
    ],
)
def test_another_format_is_refused(ensemble: Ensemble, key: str, header: str | None, message: str, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    rewrite(path, key, header)
    with pytest.raises(CheckpointError, match=message):
        Ensemble.load(path)


@pytest.mark.parametrize(
    "header",
    [
        "no JSON",
        "[]",
        '{"format": "paraisite-ensemble-1"}',
        json.dumps({"format": FORMAT, "config": {"n_blok": 3}, "target": "", "unit": "", "metadata": {}}),
    ],
    ids=["no JSON", "a list", "no config", "unknown key"],
)
def test_a_damaged_header_is_refused(ensemble: Ensemble, header: str, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    rewrite(path, "paraisite_ensemble", header)
    with pytest.raises(CheckpointError, match=r"members\.safetensors"):
        Ensemble.load(path)


def test_a_flipped_bit_is_noticed(ensemble: Ensemble, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    content = bytearray(path.read_bytes())
    content[-100] ^= 64
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        Ensemble.load(path)


@pytest.mark.parametrize("lost", ["mean", "std"])
def test_half_a_scaler_is_refused(ensemble: Ensemble, lost: str, tmp_path: Path):
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    with safe_open(path, framework="np") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    del tensors[f"target_scaler/{lost}"]
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(CheckpointError):
        Ensemble.load(path)


def test_a_missing_parameter_is_named(ensemble: Ensemble):
    parameters = dict(ensemble.parameters)
    del parameters["head/2/bias"]
    with pytest.raises(CheckpointError, match="head/2/bias"):
        replace(ensemble, parameters=parameters)


def test_an_unknown_parameter_is_named(ensemble: Ensemble):
    parameters = ensemble.parameters | {"head/3/bias": np.zeros((3, 1), np.float32)}
    with pytest.raises(CheckpointError, match="head/3/bias"):
        replace(ensemble, parameters=parameters)


@pytest.mark.parametrize("shape", [(3, 5, 7), (2, 3, 7), (3, 7)], ids=["width", "members", "axes"])
def test_a_parameter_of_another_shape_is_named(ensemble: Ensemble, shape: tuple[int, ...]):
    parameters = ensemble.parameters | {"head/0/kernel": np.zeros(shape, np.float32)}
    with pytest.raises(CheckpointError, match=r"head/0/kernel: expected \(3, 3, 7\)"):
        replace(ensemble, parameters=parameters)


def test_a_scaler_for_other_members_is_refused(ensemble: Ensemble):
    with pytest.raises(CheckpointError):
        replace(ensemble, scaler=TargetScaler(mean=SCALER.mean[:2], std=SCALER.std[:2]))


@pytest.fixture
def two_outputs() -> Ensemble:
    config = replace(CONFIG, n_output=2, output_activation="linear")
    return Ensemble(
        config=config,
        parameters=stack([draw_parameters(config, seed=0)]),
        scaler=None,
        target=("formation energy", "log10 of the bulk modulus"),
        unit=("eV/atom", "log10(GPa)"),
    )


def test_several_outputs_keep_their_names_and_units(two_outputs: Ensemble, tmp_path: Path):
    two_outputs.save(tmp_path / "two")
    loaded = Ensemble.load(tmp_path / "two")
    assert_equal(loaded, two_outputs)
    assert (loaded.targets, loaded.units) == (two_outputs.target, two_outputs.unit)


def test_one_output_has_one_name_and_unit(ensemble: Ensemble):
    assert (ensemble.targets, ensemble.units) == (("kappa",), ("W/m/K",))


def test_a_name_or_unit_too_few_is_refused(ensemble: Ensemble, two_outputs: Ensemble):
    with pytest.raises(CheckpointError, match="2 outputs, but 2 targets and 1 units"):
        replace(two_outputs, unit="eV/atom")
    with pytest.raises(CheckpointError, match="1 outputs, but 2 targets and 1 units"):
        replace(ensemble, target=("kappa", "kappa"))


def test_kappas_scaler_after_several_outputs_is_refused(two_outputs: Ensemble):
    with pytest.raises(CheckpointError, match="a scaler of kappa after 2 outputs"):
        replace(two_outputs, scaler=TargetScaler(mean=np.ones(1), std=np.ones(1)))


def test_a_file_from_before_several_outputs_loads(ensemble: Ensemble, tmp_path: Path):
    """Its header names no number of outputs, and has no digest."""
    path = tmp_path / "members.safetensors"
    ensemble.save(path)
    with safe_open(path, framework="np") as file:
        header = json.loads(file.metadata()["paraisite_ensemble"])
    assert header["config"].pop("n_output") == 1
    del header["sha256"]
    rewrite(path, "paraisite_ensemble", json.dumps(header))
    assert_equal(Ensemble.load(path), ensemble)
