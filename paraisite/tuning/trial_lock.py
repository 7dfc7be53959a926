"""Who works on a trial: a lock that its process holds, and that the system releases however the process ends."""

import fcntl
import platform
import time
from pathlib import Path
from typing import IO, Final

from optuna.trial import FrozenTrial

WORKER: Final = "worker"
"""A trial's attribute: machine and lock of the process that works on it."""

_NAMELESS_SECONDS: Final = 60.0
"""A trial whose worker has not signed it for so long has none."""


class WorkerLock:
    """Held by a process from its start to its end."""

    def __init__(self, path: Path) -> None:
        """Take the lock."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path.resolve()
        self._file: IO[bytes] = self._path.open("ab")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    @property
    def signature(self) -> list[str]:
        """What a trial is signed with."""
        return [platform.node(), str(self._path)]


def is_lost(trial: FrozenTrial) -> bool:
    """Return whether the process that worked on a trial is gone.

    Of a trial on another machine nothing is known here, so it is not lost: a database's heartbeat tells.
    """
    signature = trial.user_attrs.get(WORKER)
    if signature is None:
        start = trial.datetime_start
        return start is not None and time.time() - start.timestamp() > _NAMELESS_SECONDS
    host, path = signature
    return host == platform.node() and not _is_held(Path(path))


def _is_held(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    path.unlink(missing_ok=True)
    return False


def is_of_this_host(trial: FrozenTrial) -> bool:
    """Return whether a process of this machine works or worked on a trial."""
    return bool(trial.user_attrs.get(WORKER, [None])[0] == platform.node())
