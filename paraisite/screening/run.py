"""A screening: chunks handed out to workers, a bounded number ahead, and their rows written as they come back."""

import logging
import warnings
from abc import abstractmethod
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

from paraisite.core.heap import keep_freed_memory
from paraisite.core.progress import CountProgress
from paraisite.core.workers import WorkerPool, results_as_they_come
from paraisite.errors import DataError
from paraisite.screening.chunks import Chunk, Source
from paraisite.screening.output import ScreeningFolder, Summary
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import Scorer

logger = logging.getLogger(__name__)

LOST: Final = "a worker was ended from outside (out of memory?); the same command goes on where it stopped"


class Workers(AbstractContextManager["Workers"]):
    """Processes that score chunks: here, or on other machines.

    Attributes:
        n_ahead: How many chunks are handed out at once; more would only fill the memory.
    """

    n_ahead: int

    @abstractmethod
    def submit(self, chunk: Chunk) -> Future[pa.Table]:
        """Hand out a chunk; the future holds its rows."""


def screen(source: Source, scorer: Scorer, *, output: ScreeningFolder, workers: Workers, chunk_size: int) -> Summary:
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
            missing = _MissingChunks(source.chunks(chunk_size), output, progress)
            for chunk, table in results_as_they_come(workers.submit, missing, n_ahead=workers.n_ahead):
                output.write(chunk, table)
                missing.take_note_of(chunk)
    except KeyboardInterrupt:
        logger.warning("stopped; whole parts are kept, and the same command goes on")
        raise
    if missing.failure is not None:
        raise missing.failure
    if not missing.n_seen:
        output.write_empty(scorer)
    return output.finish(missing.n_seen)


class _MissingChunks:
    """The chunks that have no part yet, and the rows done so far for the progress bar.

    Of how many rows, is known from the share of the source that has been read.

    Attributes:
        n_seen: Rows of the source up to here.
        failure: What keeps the source from being read to its end: the chunks before it are written first.
    """

    def __init__(self, chunks: Iterator[Chunk], output: ScreeningFolder, progress: CountProgress) -> None:
        self._chunks, self._output, self._progress = chunks, output, progress
        self.n_seen = self._n_done = self._n_total = 0
        self.failure: DataError | None = None

    def __iter__(self) -> Iterator[Chunk]:
        """Yield them."""
        try:
            for chunk in self._chunks:
                self.n_seen = chunk.end_row
                if self._output.has(chunk):
                    self._n_done += chunk.n_row
                    continue
                self._n_total = max(round(chunk.end_row / max(chunk.share_read, 1e-9)), chunk.end_row)
                self._show()
                yield chunk
        except DataError as error:
            self.failure = error

    def take_note_of(self, chunk: Chunk) -> None:
        """Count a chunk whose rows are written."""
        self._n_done += chunk.n_row
        self._show()

    def _show(self) -> None:
        note = f"{self._progress.per_second:,.0f} rows/s"
        self._progress.update(n_done=self._n_done, n_total=self._n_total, note=note)


class LocalWorkers(Workers):
    """Processes of this machine, every one with the model."""

    def __init__(self, scorer: Scorer, *, n_process: int) -> None:
        self._pool = WorkerPool(n_process, partial(_prepare, scorer), if_lost=LOST)
        self.n_ahead = self._pool.n_ahead

    def __enter__(self) -> Self:
        """Make them ready; they start with the first chunks."""
        self._pool.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End them.

        Raises:
            ParaisiteError: A process was lost.
        """
        self._pool.__exit__(kind, error, traceback)

    def submit(self, chunk: Chunk) -> Future[pa.Table]:
        """Hand out a chunk."""
        return self._pool.submit(_score, chunk)


def _prepare(scorer: Scorer) -> Scorer:
    warnings.filterwarnings("ignore")  # libraries warn per structure; what matters becomes a row's reason
    keep_freed_memory()
    scorer.prepare()
    return scorer


def _score(scorer: Scorer, chunk: Chunk) -> pa.Table:
    return score_chunk(chunk, scorer)
