"""Commands in processes that share what is imported: forked, so that a hundred of them start within a second each."""

import atexit
import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SECONDS: Final = 120.0
"""After which a command hangs."""

_PAUSE_SECONDS: Final = 0.01


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: Its exit code; negative: the signal that ended it; None: it hung.
        said: What it printed.
    """

    code: int | None
    said: str


def run_apart(
    action: Callable[[], object],
    *,
    folder: Path,
    variables: Mapping[str, str] | None = None,
    reader_is_gone: bool = False,
    progress: Path | None = None,
) -> Ended:
    """Run something in a process of its own, as a command runs.

    Args:
        action: It may raise SystemExit.
        folder: Where it works.
        variables: Environment variables.
        reader_is_gone: Nobody reads what it prints: its standard output is a closed pipe.
        progress: A file; for as long as it grows, the process does not hang.
    """
    log = folder.with_name(f"{folder.name}.log")
    pid = os.fork()
    if pid == 0:
        _become_command(action, folder, log, variables or {}, reader_is_gone=reader_is_gone)
    code = _wait(pid, progress)
    said = log.read_text(errors="replace")
    log.unlink()
    return Ended(code, said)


def _become_command(
    action: Callable[[], object], folder: Path, log: Path, variables: Mapping[str, str], *, reader_is_gone: bool
) -> None:
    code = 1
    try:
        os.setsid()
        atexit._clear()  # what the parent cleans up when it ends is not for this process
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, 2)
        if reader_is_gone:
            reader, output = os.pipe()
            os.close(reader)
        os.dup2(output, 1)
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        os.environ.update(variables)
        action()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _wait(pid: int, progress: Path | None) -> int | None:
    deadline, size = time.monotonic() + SECONDS, 0
    while time.monotonic() < deadline:
        if progress is not None and progress.exists() and progress.stat().st_size > size:
            deadline, size = time.monotonic() + SECONDS, progress.stat().st_size
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_PAUSE_SECONDS)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None
