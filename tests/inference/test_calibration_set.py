"""A calibration set comes back as it was written, and belongs to one ensemble only."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from paraisite.errors import CheckpointError, DataError
from paraisite.inference.build_predictor import make_calibration_set
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.inference.network_model import NetworkModel, compute_digest
from paraisite.models.ensemble_prediction import predict
from tests.inference.known_predictors import materials, tiny_crystals, tiny_ensemble, tiny_graphs, tiny_predictor
from tests.training.tiny import tiny_data, tiny_splits


def calibration_set() -> CalibrationSet:
    found = tiny_predictor().calibration_set
    assert found is not None
    return found


def test_it_holds_predictions_and_training_rows_of_each_member():
    found = calibration_set()
    np.testing.assert_array_equal(found.members_w_per_m_k, predict(tiny_ensemble(), tiny_graphs()))
    for trained, split in zip(found.trained, tiny_splits(), strict=True):
        assert set(np.flatnonzero(trained)) == set(split.train)
    assert set(np.flatnonzero(found.elements[0])) == {8, 12}  # MgO


def test_a_file_holds_all_of_it_and_equal_ones_are_equal_files(tmp_path: Path):
    written = calibration_set()
    written.save(tmp_path / "a.safetensors")
    written.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    found = CalibrationSet.load(tmp_path / "a.safetensors")
    assert found.materials.prototype == written.materials.prototype
    assert found.materials.material_id == written.materials.material_id
    np.testing.assert_array_equal(found.materials.kappa_w_per_m_k, written.materials.kappa_w_per_m_k)
    for name in ("elements", "embedding", "members_w_per_m_k", "trained"):
        np.testing.assert_array_equal(getattr(found, name), getattr(written, name))
    found.check(NetworkModel(tiny_ensemble()))


def test_a_file_keeps_which_rows_train_only(tmp_path: Path):
    plain = calibration_set()
    trains_only = np.arange(len(plain.materials.material_id)) % 3 == 0
    written = dataclasses.replace(plain, materials=dataclasses.replace(plain.materials, trains_only=trains_only))
    written.save(tmp_path / "a.safetensors")
    found = CalibrationSet.load(tmp_path / "a.safetensors")
    np.testing.assert_array_equal(found.materials.trains_only, trains_only)
    assert found.digest == written.digest != plain.digest
    assert plain.materials.trains_only is None


def test_a_file_keeps_which_values_are_labels(tmp_path: Path):
    plain = calibration_set()
    is_label = np.arange(len(plain.materials.material_id)) == 2
    dataclasses.replace(plain, materials=dataclasses.replace(plain.materials, is_label=is_label)).save(tmp_path / "a")
    found = CalibrationSet.load(tmp_path / "a").materials
    np.testing.assert_array_equal(found.is_label, is_label)
    assert found.trains_only is None
    assert plain.materials.is_label is None


def test_another_ensemble_is_refused():
    ensemble = tiny_ensemble()
    other = dataclasses.replace(
        ensemble, parameters=ensemble.parameters | {"head/0/bias": np.ones((3, 256), np.float32)}
    )
    with pytest.raises(CheckpointError, match="the calibration set belongs to a model with digest"):
        calibration_set().check(NetworkModel(other))


def test_the_digest_survives_a_file(tmp_path: Path):
    tiny_ensemble().save(tmp_path / "e.safetensors")
    assert compute_digest(tiny_ensemble().load(tmp_path / "e.safetensors")) == compute_digest(tiny_ensemble())


@pytest.mark.parametrize("content", [b"", b"nothing of the kind"])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes):
    path = tmp_path / "reference.safetensors"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=r"reference\.safetensors is damaged"):
        CalibrationSet.load(path)


def test_a_changed_number_is_noticed(tmp_path: Path):
    path = tmp_path / "reference.safetensors"
    calibration_set().save(path)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="its digest does not match"):
        CalibrationSet.load(path)


def test_an_ensembles_file_is_no_reference(tmp_path: Path):
    tiny_ensemble().save(tmp_path / "e.safetensors")
    with pytest.raises(CheckpointError, match="expected format paraisite-reference-2"):
        CalibrationSet.load(tmp_path / "e.safetensors")


def test_a_diverged_member_makes_no_reference():
    ensemble = tiny_ensemble()
    broken = np.array(ensemble.parameters["head/2/bias"])
    broken[1] = np.inf
    diverged = dataclasses.replace(ensemble, parameters=ensemble.parameters | {"head/2/bias": broken})
    with pytest.raises(DataError, match="it has diverged"):
        make_calibration_set(
            NetworkModel(diverged),
            tiny_graphs(),
            crystals=tiny_crystals(),
            materials=materials(tiny_data().target),
            trained_rows=[split.train for split in tiny_splits()],
        )
