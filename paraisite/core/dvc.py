"""DVC, run as a process of its own: nothing of the package imports it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from paraisite.core.extras import install_command
from paraisite.core.secrets import hide_secrets


def run_dvc(*arguments: str, project: Path = Path()) -> str | None:
    """Run a verb of DVC in a project's folder; return the end of its output if it failed, else None."""
    if importlib.util.find_spec("dvc") is None:
        return f"DVC is not installed: {install_command('train')}"
    try:
        done = _run(arguments, project)
    except OSError as error:
        return hide_secrets(str(error))
    return hide_secrets(" ".join((done.stderr or done.stdout).split())[-300:]) if done.returncode != 0 else None


def ask_dvc(*arguments: str, project: Path = Path()) -> str | None:
    """Run a verb of DVC in a project's folder; return what it answers, or None if it failed."""
    try:
        done = _run(arguments, project)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _run(arguments: tuple[str, ...], project: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "dvc", *arguments],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
