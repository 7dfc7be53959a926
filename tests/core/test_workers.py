"""The pool of processes: order, bounds, and an end that is told as what it was."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from paraisite.core.workers import WorkerPool
from paraisite.errors import DataError, ParaisiteError

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 120.0


def load(summand: int) -> int:
    return summand


class Meeting:
    """Is unpickled once two processes are at it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return meet, (self.folder,)


def meet(folder: Path) -> Meeting:
    (folder / str(os.getpid())).touch()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(list(folder.iterdir())) < 2:
        assert time.monotonic() < deadline, "the other process has not come"
        time.sleep(0.02)
    return Meeting(folder)


def load_after_meeting(_met: Meeting, _large: bytes) -> int:
    return 0


def refuse() -> int:
    raise DataError("no such potential")


def add(loaded: int, task: int) -> int:
    time.sleep(0.05 * (task % 3))  # so that they do not end in their order
    return loaded + task


def thread_variable(_loaded: int, name: str) -> str | None:
    return os.environ.get(name)


def kill_itself(_loaded: int, _task: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def note_and_sleep(_loaded: int, file: Path) -> None:
    file.write_text(str(os.getpid()))
    time.sleep(600)


def pool(n_worker: int = 2) -> WorkerPool[int]:
    return WorkerPool(n_worker, partial(load, 100), if_lost="a worker was ended from outside")


def await_pid(file: Path) -> int:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return int(file.read_text())


def is_gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_results_come_in_order_and_each_with_its_task() -> None:
    with pool() as workers:
        assert list(workers.imap(add, range(8))) == [100 + task for task in range(8)]
        assert sorted(workers.imap_unordered(add, range(8))) == [(task, 100 + task) for task in range(8)]


def test_tasks_are_read_a_bounded_number_ahead() -> None:
    n_read = 0

    def tasks() -> Iterator[int]:
        nonlocal n_read
        for task in range(20):
            n_read += 1
            yield task

    with pool() as workers:
        for n_done, _ in enumerate(workers.imap_unordered(add, tasks()), start=1):
            assert n_read <= n_done - 1 + workers.n_ahead
    assert n_read == 20


def test_processes_load_at_the_same_time(tmp_path: Path) -> None:
    """The first does not keep the second one waiting until it has taken what is sent to both."""
    meeting = partial(load_after_meeting, Meeting(tmp_path), bytes(1 << 20))
    with WorkerPool(2, meeting, if_lost="lost") as met:
        assert list(met.imap(add, range(4))) == [0, 1, 2, 3]


def test_a_process_has_one_thread_and_this_one_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with pool(1) as workers:
        names = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
        assert list(workers.imap(thread_variable, names)) == ["1", "1"]
    assert [os.environ.get(name) for name in names] == ["7", None]


def test_a_process_that_was_killed_is_told_as_such() -> None:
    with pytest.raises(ParaisiteError, match="ended from outside"), pool() as workers:
        list(workers.imap_unordered(kill_itself, range(3)))


def test_what_cannot_be_loaded_is_told_as_what_it_is() -> None:
    refusing = WorkerPool(1, refuse, if_lost="a worker was ended from outside")
    with pytest.raises(DataError, match="no such potential"), refusing as workers:
        list(workers.imap(add, range(3)))


def test_ctrl_c_ends_all_processes_at_once(tmp_path: Path) -> None:
    pids = []

    def work_until_ctrl_c() -> None:
        with pool() as workers:
            files = [tmp_path / "one", tmp_path / "two"]
            for file in files:
                workers.submit(note_and_sleep, file)
            pids.extend(await_pid(file) for file in files)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work_until_ctrl_c()
    assert len(pids) == 2
    assert all(is_gone(pid) for pid in pids)


def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    file, environment = tmp_path / "pid", os.environ | {"PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, __file__, str(file)], cwd=ROOT, env=environment)
    worker = await_pid(file)
    parent.kill()
    parent.wait()
    assert is_gone(worker)


def main(*arguments: Any) -> None:
    with pool(1) as workers:
        workers.submit(note_and_sleep, *arguments).result()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
