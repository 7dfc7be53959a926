"""A screening ends with the same rows whatever happens on the way."""

import gzip
import os
import signal
import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path

import pyarrow as pa
import pytest

from paraisite.errors import DataError, ParaisiteError
from paraisite.schema import MATERIAL_ID, REASON, ROW
from paraisite.screening.chunks import Chunk
from paraisite.screening.output import PLAN_FILE, SUMMARY_FILE, ScreeningFolder, Summary
from paraisite.screening.run import LocalWorkers, Workers, screen
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import Scorer
from paraisite.screening.sources import open_source
from tests.screening.materials import PlainScorer, json_lines, rows_of, structures, write_json_lines
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
N_ROW, CHUNK_SIZE = 20, 3


class HereWorkers(Workers):
    """Scores in this process, some chunks late, as other processes would."""

    def __init__(
        self,
        scorer: Scorer,
        *,
        n_ahead: int = 4,
        fail_at: int | None = None,
        failure: BaseException | None = None,
    ) -> None:
        self.scorer, self.n_ahead, self.fail_at, self.failure = (
            scorer,
            n_ahead,
            fail_at,
            failure or ParaisiteError("lost"),
        )
        self.chunks: list[int] = []

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, chunk: Chunk) -> Future[pa.Table]:
        self.chunks.append(chunk.number)
        future: Future[pa.Table] = Future()
        if chunk.number == self.fail_at:
            future.set_exception(self.failure)
        else:
            future.set_result(score_chunk(chunk, self.scorer))
        return future


def run(path: Path, folder: Path, workers: Workers | None = None, *, chunk_size: int = CHUNK_SIZE) -> Summary:
    scorer = PlainScorer()
    workers = workers or HereWorkers(scorer)
    return screen(open_source(path), scorer, output=ScreeningFolder(folder), workers=workers, chunk_size=chunk_size)


def test_ctrl_c_says_that_the_same_command_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    workers = HereWorkers(PlainScorer(), n_ahead=1, fail_at=3, failure=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        run(path, tmp_path / "out", workers)
    assert "the same command goes on" in caplog.text
    goes_on = HereWorkers(PlainScorer())
    run(path, tmp_path / "out", goes_on)
    assert goes_on.chunks == [3, 4, 5, 6]


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_a_data_set_has_every_row_once_and_in_order(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    assert run(path, tmp_path / "out") == Summary(n_row=N_ROW, n_scored=N_ROW)
    table = rows_of(tmp_path / "out")
    assert table.column(ROW).to_pylist() == list(range(N_ROW))
    assert table.column(MATERIAL_ID).to_pylist() == [f"mp-{number}" for number in range(N_ROW)]
    assert table.column(REASON).null_count == N_ROW


def test_parts_that_are_there_are_not_made_again(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    run(path, tmp_path / "out")
    before = content(tmp_path / "out")
    for number in (1, 4):
        (tmp_path / "out" / f"part-{number:07d}.parquet").unlink()
    workers = HereWorkers(PlainScorer())
    run(path, tmp_path / "out", workers)
    assert workers.chunks == [1, 4]
    assert content(tmp_path / "out") == before


def test_what_was_done_before_an_error_stays(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    with pytest.raises(ParaisiteError, match="lost"):
        run(path, tmp_path / "out", HereWorkers(PlainScorer(), n_ahead=1, fail_at=3))
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 3
    assert not (tmp_path / "out" / SUMMARY_FILE).exists()
    run(path, tmp_path / "out")
    run(path, tmp_path / "whole")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_never_more_chunks_are_out_than_allowed(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    done = tmp_path / "out"

    class Watching(HereWorkers):
        def submit(self, chunk: Chunk) -> Future[pa.Table]:
            assert chunk.number - len(list(done.glob("part-*.parquet"))) < self.n_ahead
            return super().submit(chunk)

    run(path, done, Watching(PlainScorer(), n_ahead=2))


@pytest.mark.parametrize("change", ["source", "chunk size"])
def test_another_screening_does_not_mix_with_what_is_there(change: str, tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    run(path, tmp_path / "out")
    if change == "source":
        write_json_lines(path, N_ROW + 1)
    with pytest.raises(DataError, match=r"begun with (source_sha256|chunk_size) = .*another folder \(--output\)"):
        run(path, tmp_path / "out", chunk_size=CHUNK_SIZE if change == "source" else 5)


def test_a_folder_with_other_parquet_files_is_refused(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    (tmp_path / "mine.parquet").touch()
    with pytest.raises(DataError, match="choose another folder"):
        run(path, tmp_path)
    assert not (tmp_path / PLAN_FILE).exists()


def test_a_damaged_part_is_named(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    run(path, tmp_path / "out")
    (tmp_path / "out" / "part-0000002.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"part-0000002\.parquet is damaged"):
        run(path, tmp_path / "out")


def test_what_can_be_read_of_a_truncated_file_is_written_before_the_error(tmp_path: Path):
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(json_lines(structures(N_ROW)))[:-150])
    with pytest.raises(DataError, match="cannot be read behind its row"):
        run(path, tmp_path / "out")
    rows = rows_of(tmp_path / "out").column(ROW).to_pylist()
    assert rows == list(range(len(rows)))
    assert len(rows) > N_ROW / 2
    assert not (tmp_path / "out" / SUMMARY_FILE).exists()


def test_processes_give_the_same_bytes(tmp_path: Path):
    path = write_json_lines(tmp_path / "rows.jsonl", N_ROW)
    run(path, tmp_path / "here")
    run(path, tmp_path / "out", LocalWorkers(PlainScorer(), n_process=2))
    assert content(tmp_path / "out") == content(tmp_path / "here")


def test_a_screening_that_is_killed_goes_on_to_the_same_bytes(tmp_path: Path):
    path, out = write_json_lines(tmp_path / "rows.jsonl", N_ROW), tmp_path / "out"
    killed = subprocess.Popen(
        [sys.executable, __file__, str(path), str(out)], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    wait_until(lambda: len(list(out.glob("part-*.parquet"))) >= 2, is_alive=lambda: killed.poll() is None)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    n_part = len(list(out.glob("part-*.parquet")))
    assert 2 <= n_part < 7
    workers = HereWorkers(PlainScorer())
    run(path, out, workers)
    assert len(workers.chunks) == 7 - n_part
    run(path, tmp_path / "whole")
    assert content(out) == content(tmp_path / "whole")


if __name__ == "__main__":
    slow = PlainScorer(seconds_per_chunk=1.0)
    screen(
        open_source(Path(sys.argv[1])),
        slow,
        output=ScreeningFolder(Path(sys.argv[2])),
        workers=LocalWorkers(slow, n_process=1),
        chunk_size=CHUNK_SIZE,
    )
