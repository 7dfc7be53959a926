"""The saved training state: exact, and never the reason for a wrong or a failed training."""

import logging
import uuid
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from paraisite.core.files import name_temporary
from paraisite.training.checkpoint import TrainingState

FULL_DEVICE = Path("/dev/full")


@pytest.fixture
def state() -> TrainingState:
    rng = np.random.default_rng(0)
    weights, momentum, variance, best = rng.normal(size=(4, 2, 300)).astype(np.float32)
    weights[0, :3] = np.nan, np.inf, -0.0  # a diverged member is saved as it is
    return TrainingState(
        weights=weights,
        momentum=momentum,
        variance=variance,
        n_update=np.array([3.0, 5.0], np.float32),
        best_weights=best,
        best_epoch=np.array([0, 2]),
        curves=np.where(rng.uniform(size=(5, 4, 2)) < 0.1, np.nan, rng.uniform(size=(5, 4, 2))),
    )


def assert_equal(first: TrainingState, second: TrainingState) -> None:
    for field in fields(TrainingState):
        expected, found = getattr(first, field.name), getattr(second, field.name)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape), field.name
        assert found.tobytes() == expected.tobytes(), field.name


def test_saving_and_loading_changes_no_bit(state: TrainingState, tmp_path: Path):
    path = tmp_path / "run" / "members.safetensors"
    state.save(path)
    loaded = TrainingState.load(path)
    assert loaded is not None
    assert_equal(loaded, state)
    assert loaded.n_epoch_done == 5
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_state_before_the_first_epoch_is_kept(state: TrainingState, tmp_path: Path):
    fresh = replace(state, curves=np.zeros((0, 4, 2)))
    fresh.save(tmp_path / "state")
    loaded = TrainingState.load(tmp_path / "state")
    assert loaded is not None
    assert_equal(loaded, fresh)


def test_no_file_is_no_state_and_no_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert TrainingState.load(tmp_path / "none") is None
    assert not caplog.records


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_a_truncated_file_warns_and_starts_over(
    state: TrainingState, kept: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "state"
    state.save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(kept * len(content))])
    assert TrainingState.load(path) is None
    assert "state is damaged, its members start over" in caplog.text


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_a_flipped_bit_warns_and_starts_over(
    state: TrainingState, place: float, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "state"
    state.save(path)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 1
    path.write_bytes(content)
    assert TrainingState.load(path) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "digest does not match" in caplog.text


def test_another_programs_file_warns_and_starts_over(
    state: TrainingState, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    path = tmp_path / "state"
    state.save(path)
    tensors = load_file(path)
    save_file(tensors, path)  # the same arrays without the header
    assert TrainingState.load(path) is None
    del tensors["curves"]
    save_file(tensors, path)
    assert TrainingState.load(path) is None
    assert caplog.text.count("is damaged") == 2


def test_a_folder_in_the_files_place_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    assert TrainingState.load(tmp_path) is None
    assert "is damaged" in caplog.text


def test_a_kill_while_writing_leaves_the_last_state(state: TrainingState, tmp_path: Path):
    path = tmp_path / "state"
    state.save(path)
    (tmp_path / "state.part").write_bytes(path.read_bytes()[:1000])
    loaded = TrainingState.load(path)
    assert loaded is not None
    assert_equal(loaded, state)
    later = replace(state, n_update=state.n_update + 1)
    later.save(path)
    loaded = TrainingState.load(path)
    assert loaded is not None
    assert_equal(loaded, later)


@pytest.mark.skipif(not FULL_DEVICE.exists(), reason="this system has no /dev/full")
def test_a_full_disk_warns_and_leaves_the_last_state(
    state: TrainingState, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "state"
    state.save(path)
    name = uuid.uuid4()
    monkeypatch.setattr(uuid, "uuid4", lambda: name)
    name_temporary(path).symlink_to(FULL_DEVICE)
    replace(state, n_update=state.n_update + 1).save(path)
    assert "was not written, training goes on" in caplog.text
    loaded = TrainingState.load(path)
    assert loaded is not None
    assert_equal(loaded, state)


def test_an_impossible_folder_warns(state: TrainingState, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").write_text("in the way")
    state.save(tmp_path / "file" / "state")
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "was not written, training goes on" in caplog.text
