"""A Dask cluster gives the same files as this machine's processes, even when it loses a worker."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from paraisite.errors import ConfigError
from paraisite.screening.distributed import DaskWorkers
from paraisite.screening.output import ScreeningFolder, Summary
from paraisite.screening.run import screen
from paraisite.screening.sources import open_source
from tests.screening.materials import PlainScorer, write_json_lines
from tests.screening.test_run import HereWorkers, content

distributed = pytest.importorskip("distributed")
N_ROW, CHUNK_SIZE = 40, 4


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_writes_the_same_files(tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    scorer = PlainScorer(seconds_per_chunk=0.5)
    out = tmp_path / "out"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        victim = next(iter(cluster.workers.values())).process.process.pid
        threading.Thread(target=_kill_after_two_parts, args=(victim, out), daemon=True).start()
        workers = DaskWorkers(scorer, address=cluster.scheduler_address)
        summary = screen(open_source(path), scorer, output=ScreeningFolder(out), workers=workers, chunk_size=CHUNK_SIZE)
    assert summary == Summary(N_ROW, N_ROW)
    plain = PlainScorer()
    screen(
        open_source(path),
        plain,
        output=ScreeningFolder(tmp_path / "here"),
        workers=HereWorkers(plain),
        chunk_size=CHUNK_SIZE,
    )
    assert content(out) == content(tmp_path / "here")
    assert not _alive(victim)


def _kill_after_two_parts(victim: int, out: Path) -> None:
    while len(list(out.glob("part-*.parquet"))) < 2:
        time.sleep(0.02)
    os.kill(victim, signal.SIGKILL)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: str) -> None:
        raise OSError(f"timed out connecting to {address}")

    monkeypatch.setattr(distributed, "Client", refuse)
    with pytest.raises(ConfigError, match="no Dask scheduler answers at tcp://localhost:1"):
        DaskWorkers(PlainScorer(), address="tcp://localhost:1").__enter__()
