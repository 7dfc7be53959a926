"""A training killed with SIGKILL and started again ends, bit for bit, as one that was never stopped."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paraisite.models.target_scaler import TargetScaler
from paraisite.training import worker_processes
from paraisite.training.engine import FitResult, fit
from tests.training.tiny import SETTINGS, tiny_data, tiny_initial, tiny_scaler, tiny_splits
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
N_MEMBER = 2
EPOCHS = 6
KILL_AFTER_EPOCH = 3  # checkpoints are written every two
CURVES = ("train_error", "validation_error", "gradient_norm", "n_skipped", "best_epoch")


class Watcher:
    """Notes what a training still had to do; kills its process, once all members are past an epoch, if asked to."""

    def __init__(self, *, kill_after_epoch: int | None = None) -> None:
        self.kill_after_epoch = kill_after_epoch
        self.n_epoch_done = -1
        self.epoch = [0] * N_MEMBER

    def on_start(self, *, n_member: int, n_epoch: int, n_epoch_done: int) -> None:
        self.n_epoch_done = n_epoch_done

    def on_epoch(self, *, member: int, epoch: int, train_error: float, validation_error: float) -> None:
        self.epoch[member] = epoch
        if min(self.epoch) == self.kill_after_epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    def on_end(self) -> None:
        pass


def train(folder: Path | None, *, watcher: Watcher, n_worker: int) -> FitResult:
    scaler = tiny_scaler()
    return fit(
        {name: value[:N_MEMBER] for name, value in tiny_initial().items()},
        data=tiny_data(),
        splits=tiny_splits()[:N_MEMBER],
        scaler=TargetScaler(mean=scaler.mean[:N_MEMBER], std=scaler.std[:N_MEMBER]),
        settings=replace(SETTINGS, epochs=EPOCHS),
        checkpoint_folder=folder,
        callbacks=[watcher],
        n_worker=n_worker,
    )


def processes_that_mention(text: str) -> list[int]:
    """Return the ids of running processes with this text in their command or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and text.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue  # it ended, or is somebody else's
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc to look for lost processes")
def test_a_killed_training_ends_as_if_never_stopped(tmp_path: Path):
    """Two workers, killed in epoch 3 and resumed by one, against one that never stopped: bit-identical."""
    never_stopped = train(None, watcher=Watcher(), n_worker=1)  # first: what it compiles the workers load
    mark = f"PARAISITE_TEST_{tmp_path.name}_{os.getpid()}"
    killed = subprocess.run(
        [sys.executable, __file__, str(tmp_path)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PARAISITE_TEST_MARK": mark},
        capture_output=True,
        text=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr[-2000:]
    assert len(list(tmp_path.iterdir())) == N_MEMBER

    wait_until(lambda: not processes_that_mention(mark))  # no worker outlives the process that started it

    watcher = Watcher()
    resumed = train(tmp_path, watcher=watcher, n_worker=1)
    assert 2 * N_MEMBER <= watcher.n_epoch_done <= 2 + EPOCHS  # the slower member had saved its second epoch
    for name in CURVES:
        np.testing.assert_array_equal(getattr(resumed, name), getattr(never_stopped, name), err_msg=name)
    for kind in ("last", "best"):
        for name, value in getattr(never_stopped, kind).items():
            assert getattr(resumed, kind)[name].tobytes() == value.tobytes(), f"{kind} {name}"


if __name__ == "__main__" or __name__ == "__mp_main__":
    # In the process that is killed and in its workers: one epoch a turn, so that the kill falls between checkpoints.
    worker_processes.SECONDS_PER_TURN = 0.0

if __name__ == "__main__":
    train(Path(sys.argv[1]), watcher=Watcher(kill_after_epoch=KILL_AFTER_EPOCH), n_worker=2)
