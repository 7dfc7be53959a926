"""Moments at which a command is hit: it opens a file to write, renames, removes, makes a folder, commits.

Python tells of each of them before it happens (an audit hook), SQLAlchemy of commits. So the same number is the same
moment in every run, and together they are all between which something on the disk can differ.
"""

import errno
import os
import resource
import signal
import sqlite3
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

_EVENTS: Final = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FREES: Final = ("os.remove", "os.rmdir")
_TORN_BYTES: Final = 64


class Blow(StrEnum):
    """What happens at a moment."""

    KILL = "kill -9"
    TEAR = "kill -9 in the middle of a file"
    INTERRUPT = "Ctrl-C"
    FULL = "no space left from there on"


@dataclass(frozen=True)
class Hit:
    """A blow at the moment of a number, from 1."""

    number: int
    blow: Blow


class Moments:
    """Counts the moments of this process in a folder, notes them in a file, and strikes at one of them.

    An audit hook stays for the rest of a process: this is for processes that end with what is watched.
    """

    def __init__(self, folder: Path, hit: Hit | None, notes: Path | None) -> None:
        self._folder, self._hit, self._count = str(folder), hit, 0
        self._notes = None if notes is None else os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._pid = os.getpid()

    def watch(self) -> None:
        """Begin."""
        event.listen(Engine, "commit", lambda _: self._happen("commit", "store"))
        sys.addaudithook(self._audit)

    def _audit(self, name: str, arguments: tuple[Any, ...]) -> None:
        if name not in _EVENTS or not arguments or not isinstance(arguments[0], str | bytes | os.PathLike):
            return
        if name == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITES):
            return
        path = os.path.join(_folder_of(name, arguments), os.fsdecode(arguments[0]))  # noqa: PTH118, faster than a Path
        if path.startswith(self._folder):
            self._happen(name, path[len(self._folder) + 1 :])

    def _happen(self, name: str, path: str) -> None:
        if os.getpid() != self._pid:
            return
        self._count += 1
        if self._notes is not None:
            os.write(self._notes, f"{name} {path}\n".encode())
        if self._hit is None or self._count < self._hit.number:
            return
        if self._hit.blow is Blow.FULL:
            self._refuse(name, path)
        elif self._count > self._hit.number:
            return
        elif self._hit.blow is Blow.KILL:
            os.kill(self._pid, signal.SIGKILL)
        elif self._hit.blow is Blow.TEAR:
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_FSIZE, (_TORN_BYTES, _TORN_BYTES))
        else:
            signal.raise_signal(signal.SIGINT)

    def _refuse(self, name: str, path: str) -> None:
        if name == "commit":
            raise OperationalError("COMMIT", None, sqlite3.OperationalError("database or disk is full"))
        if name not in _FREES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)


def _folder_of(name: str, arguments: tuple[Any, ...]) -> str:
    """Return what a relative path is relative to: a folder that was opened, or the working one."""
    handle = arguments[-1] if name != "open" else -1
    is_open = isinstance(handle, int) and handle >= 0
    return str(Path(f"/proc/self/fd/{handle}").readlink() if is_open else Path.cwd())
