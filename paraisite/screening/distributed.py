"""Workers of a Dask cluster: the same chunks, scored on other machines.

Text files and folders are read by the workers, which must see them under the same path; compressed files and tables are
read here and sent. Only this process writes.
"""

import warnings
from concurrent.futures import Future
from typing import Any, Final

import pyarrow as pa

from paraisite.core.extras import install_command
from paraisite.errors import ConfigError, MissingInputError, ParaisiteError
from paraisite.screening.chunks import Chunk
from paraisite.screening.run import LOST, Workers
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import Scorer

_RETRIES: Final = 3


class DaskWorkers(Workers):
    """The workers of a scheduler; a chunk whose worker is lost goes to another one."""

    def __init__(self, scorer: Scorer, *, address: str) -> None:
        """Prepare.

        Args:
            scorer: The model.
            address: Of the scheduler, e.g. ``tcp://10.0.0.1:8786``.
        """
        self._scorer, self._address = scorer, address
        self._client: Any = None
        self._executor: Any = None
        self._model: Any = None

    def __enter__(self) -> "DaskWorkers":
        """Connect.

        Raises:
            MissingInputError: Dask is not installed.
            ConfigError: The scheduler cannot be reached, or has no worker.
        """
        try:
            from distributed import Client
        except ImportError as error:
            raise MissingInputError(f"--scheduler needs Dask: `{install_command('cluster')}`") from error
        try:
            self._client = Client(self._address)
        except (OSError, ValueError) as error:
            raise ConfigError(f"no Dask scheduler answers at {self._address}: {error}") from error
        n_thread = sum(self._client.nthreads().values())
        if n_thread == 0:
            self._client.close()
            raise ConfigError(f"the Dask scheduler at {self._address} has no workers yet")
        self.n_ahead = 2 * n_thread
        # As a task's result, so that it can be made again when the worker that holds it is lost.
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r"\s*Sending large graph")  # once, some 10 MB
            self._model = self._client.submit(_return_scorer, self._scorer, pure=False)
        self._executor = self._client.get_executor(pure=False, retries=_RETRIES)
        return self

    def submit(self, chunk: Chunk) -> Future[pa.Table]:
        """Hand out a chunk."""
        future: Future[pa.Table] = self._executor.submit(_score, chunk, self._model)
        return future

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Disconnect; the cluster goes on.

        Raises:
            ParaisiteError: A chunk was given up, because every worker that had it was lost.
        """
        from distributed import KilledWorker

        if self._client is not None:
            self._client.close()
        if isinstance(error, KilledWorker):
            raise ParaisiteError(LOST) from error


def _return_scorer(scorer: Scorer) -> Scorer:
    return scorer


def _score(chunk: Chunk, scorer: Scorer) -> pa.Table:
    scorer.prepare()
    return score_chunk(chunk, scorer)
