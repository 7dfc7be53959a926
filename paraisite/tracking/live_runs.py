"""Which runs have a living process: those of killed ones are closed by the next command.

A process holds a lock for as long as it lives, and each of its runs names the lock in a tag from the moment that it is
made. The system releases the lock of a process however that ends, so that another one on the same machine can tell.
"""

import atexit
import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout
from mlflow import MlflowClient
from mlflow.entities import Run, RunStatus
from mlflow.exceptions import MlflowException
from mlflow.utils.mlflow_tags import MLFLOW_PROJECT_ENTRY_POINT, MLFLOW_RUN_NOTE

from paraisite.core.files import cache_folder
from paraisite.errors import TrackingError
from paraisite.tracking.promotion import SHOWN_DIGEST_LENGTH
from paraisite.tracking.run_descriptions import add_ending, describe_failure

logger = logging.getLogger(__name__)

PROCESS_TAG: Final = "process"
"""Tag of a run: the lock that its process holds."""

SECONDS_BETWEEN_SIGNS: Final = 20.0
_FOLDER: Final = "processes"
_KEPT_SECONDS: Final = 90 * 24 * 3600
_PAGE: Final = 1000

_held: dict[int, tuple[str, FileLock]] = {}
"""This process's lock with its name, by process id: a forked process has one of its own."""

_with_open_runs: set[int] = set()
"""Processes whose store failed while they had runs."""


def hold_process_lock() -> str:
    """Return the name of the lock of this process, which holds it from now on until it ends.

    Where no file can be written, the name is empty: nobody can tell then whether the process lives.
    """
    known = _held.get(os.getpid())
    if known is not None:
        return known[0]
    name = uuid.uuid4().hex[:SHOWN_DIGEST_LENGTH]  # on every run's page
    path = _lock_file(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(blocking=False)
    except OSError as error:
        logger.debug("no lock for this process: %s", error)
        return ""
    _held[os.getpid()] = (name, lock)
    atexit.register(_release, os.getpid())
    threading.Thread(target=_show_life, args=(path,), daemon=True).start()
    return name


@contextmanager
def open_runs_left_to_next() -> Iterator[None]:
    """Keep this process's lock file where the store fails inside: its runs may be open, and the next command ends them.

    Raises:
        TrackingError: As inside.
    """
    try:
        yield
    except TrackingError:
        _with_open_runs.add(os.getpid())
        raise


_CHECKS: Final = ("test", "lint")
"""Entry points of ``MLproject`` that check the code."""


def close_killed_runs(client: MlflowClient) -> list[str]:
    """Close the runs of this machine whose process is gone, and their nested ones; return their ids.

    A run ends as KILLED when its process last gave a sign of life, not now; its description says so.

    Args:
        client: Of the store.
    """
    closed = []
    for run in _list_runs(client, "attributes.status = 'RUNNING'"):
        name = run.data.tags.get(PROCESS_TAG, "")
        if not name or (last_sign := _find_last_sign(name)) is None:
            continue
        end = max(int(1000 * last_sign), run.info.start_time)
        client.set_terminated(run.info.run_id, status=RunStatus.to_string(RunStatus.KILLED), end_time=end)
        client.set_tag(run.info.run_id, MLFLOW_RUN_NOTE, _describe_killed(run, last_sign))
        closed.append(run.info.run_id)
        logger.info("run %s (%s) was killed: closed", run.info.run_name, run.info.run_id)
    _remove_old_locks()
    return closed


def _describe_killed(run: Run, last_sign: float) -> str:
    moment = datetime.fromtimestamp(last_sign, UTC)
    reason = f"**Killed:** its process ended without closing it; last sign of life {moment:%Y-%m-%d %H:%M} UTC."
    return add_ending(run.data.tags.get(MLFLOW_RUN_NOTE), reason)


@contextmanager
def failures_described(client: MlflowClient, run_id: str) -> Iterator[None]:
    """Add to a run's description why it failed, where something inside does; the failure goes on.

    Args:
        client: Of the store.
        run_id: The run, open.
    """
    try:
        yield
    except BaseException as error:
        try:
            note = client.get_run(run_id).data.tags.get(MLFLOW_RUN_NOTE)
            client.set_tag(run_id, MLFLOW_RUN_NOTE, add_ending(note, describe_failure(error)))
        except MlflowException as of_store:  # it may be the store that failed
            logger.debug("run %s does not tell why it failed: %s", run_id, of_store)
        raise


def delete_runs_of_checks(client: MlflowClient) -> None:
    """Take the runs that ``mlflow run . -e test`` and ``-e lint`` have left out of the list: they are no experiments.

    It is done by the next command that tracks a run, because MLflow ends its own run after the entry point and refuses
    to if that is deleted.

    Args:
        client: Of the store.
    """
    for entry_point in _CHECKS:
        condition = f"tags.`{MLFLOW_PROJECT_ENTRY_POINT}` = '{entry_point}' AND attributes.status != 'RUNNING'"
        for run in _list_runs(client, condition):
            client.delete_run(run.info.run_id)


def _list_runs(client: MlflowClient, condition: str) -> list[Run]:
    """Return the runs of all experiments that meet a condition."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments(max_results=_PAGE)]
    return list(client.search_runs(experiments, condition, max_results=_PAGE)) if experiments else []


def _find_last_sign(name: str) -> float | None:
    """Return when a process of this machine that is gone last gave a sign; None if it lives, or lived elsewhere."""
    path = _lock_file(name)
    if any(name == held for held, _ in _held.values()) or not path.exists():
        return None
    last_sign = path.stat().st_mtime
    try:
        with FileLock(path, blocking=False):
            os.utime(path, (last_sign, last_sign))
            return last_sign
    except (Timeout, OSError):
        return None


def _show_life(path: Path) -> None:
    while path.exists():
        os.utime(path)
        time.sleep(SECONDS_BETWEEN_SIGNS)


def _release(process: int) -> None:
    """Leave no lock behind, in the process that took it; its file stays where its runs may be open."""
    if process == os.getpid() and (held := _held.pop(process, None)) is not None:
        if process not in _with_open_runs:
            _lock_file(held[0]).unlink(missing_ok=True)
        held[1].release()


def _remove_old_locks() -> None:
    for path in cache_folder(_FOLDER).glob("*.lock"):
        if time.time() - path.stat().st_mtime > _KEPT_SECONDS:
            path.unlink(missing_ok=True)


def _lock_file(name: str) -> Path:
    return cache_folder(_FOLDER) / f"{Path(name).name}.lock"
