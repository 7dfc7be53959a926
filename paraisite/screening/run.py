"""A screening: chunks handed out to workers, a bounded number ahead, and their rows written as they come back."""

import logging
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack
from multiprocessing import get_context
from typing import Final

import pyarrow as pa

from paraisite.core.progress import CountProgress
from paraisite.core.workers import end_with_parent, one_thread_each
from paraisite.errors import DataError, ParaisiteError
from paraisite.screening.chunks import Chunk, Source
from paraisite.screening.output import Output, Summary
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import Scorer

logger = logging.getLogger(__name__)

LOST: Final = "a worker was ended from outside (out of memory?); the same command goes on where it stopped"

Submit = Callable[[Chunk], Future[pa.Table]]


class Workers(AbstractContextManager["Workers"]):
    """Processes that score chunks: here, or on other machines.

    Attributes:
        n_ahead: How many chunks are handed out at once; more would only fill the memory.
        submit: Hands out one.
    """

    n_ahead: int
    submit: Submit


def screen(source: Source, scorer: Scorer, *, output: Output, workers: Workers, chunk_size: int) -> Summary:
    """Score every row of a source that has not been scored yet.

    Args:
        source: What to read.
        scorer: The model.
        output: Where the rows go; work that was begun there goes on.
        workers: Who does it.
        chunk_size: Rows of a part.

    Raises:
        DataError: The folder holds another screening; or the source cannot be read to its end, after everything
            before has been written.
        ParaisiteError: A worker died.
    """
    output.begin(source, scorer, chunk_size=chunk_size)
    try:
        with CountProgress("screen", unit="rows") as progress, workers:
            n_row, failure = _work_off(source.chunks(chunk_size), workers, output=output, progress=progress)
    except KeyboardInterrupt:
        logger.warning("stopped; whole parts are kept, and the same command goes on")
        raise
    if failure is not None:
        raise failure
    return output.finish(n_row)


def _work_off(
    chunks: Iterator[Chunk], workers: Workers, *, output: Output, progress: CountProgress
) -> tuple[int, DataError | None]:
    """Write all chunks' rows; return how many there are, and what keeps the source from being read to its end."""
    running: dict[Future[pa.Table], Chunk] = {}
    tally = _Tally(progress)
    failure: DataError | None = None
    for item in _with_failure(chunks):
        if isinstance(item, DataError):
            failure = item
        elif output.has(item):
            tally.skip(item)
        else:
            tally.begin(item)
            running[workers.submit(item)] = item
        if len(running) >= workers.n_ahead:
            _collect(running, output, tally)
    while running:
        _collect(running, output, tally)
    return tally.n_seen, failure


def _with_failure(chunks: Iterator[Chunk]) -> Iterator[Chunk | DataError]:
    """Yield the chunks, and at last the error that ends them if one does: those before it must be written first."""
    try:
        yield from chunks
    except DataError as error:
        yield error


def _collect(running: dict[Future[pa.Table], Chunk], output: Output, tally: "_Tally") -> None:
    """Wait for at least one chunk, and write what has come."""
    for future in wait(running, return_when=FIRST_COMPLETED).done:
        chunk = running.pop(future)
        output.write(chunk, future.result())
        tally.done(chunk)


class _Tally:
    """Counts rows for the progress bar; of how many, is known from the share of the source that has been read."""

    def __init__(self, progress: CountProgress) -> None:
        self._progress = progress
        self.n_seen = self._n_done = self._n_total = 0

    def skip(self, chunk: Chunk) -> None:
        """Take note of a chunk that was done before."""
        self.n_seen = chunk.end_row
        self._n_done += chunk.n_row

    def begin(self, chunk: Chunk) -> None:
        """Take note of a chunk that is handed out."""
        self.n_seen = chunk.end_row
        self._n_total = max(round(chunk.end_row / max(chunk.share_read, 1e-9)), chunk.end_row)
        self._show()

    def done(self, chunk: Chunk) -> None:
        """Take note of a chunk whose rows are written."""
        self._n_done += chunk.n_row
        self._show()

    def _show(self) -> None:
        note = f"{self._progress.per_second:,.0f} rows/s"
        self._progress.update(n_done=self._n_done, n_total=self._n_total, note=note)


class LocalWorkers(Workers):
    """Processes of this machine, one thread each, every one with the model: none of them waits for another."""

    def __init__(self, scorer: Scorer, *, n_process: int) -> None:
        self.n_ahead = 2 * n_process
        self._scorer, self._n_process = scorer, n_process
        self._opened = ExitStack()

    def __enter__(self) -> "LocalWorkers":
        """Make them ready; they start with the first chunks."""
        self._opened.enter_context(one_thread_each())
        pool = ProcessPoolExecutor(self._n_process, get_context("spawn"), _open_worker, (self._scorer,))
        self._opened.callback(pool.shutdown, wait=False, cancel_futures=True)
        self.submit = lambda chunk: pool.submit(_score_here, chunk)
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Let nothing begin any more.

        Raises:
            ParaisiteError: A process was lost.
        """
        self._opened.close()
        if isinstance(error, BrokenProcessPool):
            raise ParaisiteError(LOST) from error


_scorer: Scorer | None = None  # of a worker's process


def _open_worker(scorer: Scorer) -> None:
    global _scorer
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the main one says what happens
    end_with_parent()
    warnings.filterwarnings("ignore")  # libraries warn per structure; what matters becomes a row's reason
    scorer.prepare()
    _scorer = scorer


def _score_here(chunk: Chunk) -> pa.Table:
    if _scorer is None:
        raise ParaisiteError("a chunk came before the model")
    return score_chunk(chunk, _scorer)
