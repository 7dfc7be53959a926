"""Processes that work for another one, and DVC as one of them."""

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path


def end_with_parent() -> None:
    """Leave when the parent is gone: killed with SIGKILL it says no goodbye, and this process would wait for ever."""
    threading.Thread(target=_wait_and_leave, daemon=True).start()


def _wait_and_leave() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_dvc(*arguments: str, project: Path = Path()) -> str | None:
    """Run a verb of DVC in a project's folder; return the end of what it said if it failed, else None."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dvc", *arguments],
            cwd=project,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return str(error)
    return " ".join((done.stderr or done.stdout).split())[-300:] if done.returncode != 0 else None
