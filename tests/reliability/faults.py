"""What happens to a command from outside: a small or read-only file system, a closed pipe, a clock set back."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.reliability.interruptions import Failure, Rehearsal
from tests.reliability.moments import Blow, Hit

_KIBIBYTES_FREE: Final = (0, 4, 16, 64, 256, 1024)
_KIBIBYTES: Final = 65536
_DAY_SECONDS: Final = 86_400.0

Tries = Iterator[list[Failure]]


def small_disks(rehearsal: Rehearsal) -> Tries:
    """Try on file systems with little space left, real ones in memory."""
    with mounted(rehearsal.work):
        for free in _KIBIBYTES_FREE:
            folder = rehearsal.fresh()
            state = os.statvfs(folder)
            used = (state.f_blocks - state.f_bfree) * state.f_frsize // 1024
            remount(folder, f"size={max(used + free, 4)}k")  # 0 would be no limit
            ended = rehearsal.run(folder)
            remount(folder, f"size={_KIBIBYTES}k")
            yield rehearsal.judge(f"{rehearsal.name}, a disk with {free} kiB left", ended, (2,), folder)


def read_only_disks(rehearsal: Rehearsal) -> Tries:
    """Try on a file system that is read-only, for root, too."""
    with mounted(rehearsal.work):
        folder = rehearsal.fresh()
        remount(folder, "ro")
        ended = rehearsal.run(folder)
        remount(folder, "rw")
        yield rehearsal.judge(f"{rehearsal.name}, a disk that is read-only", ended, (2,), folder)


def closed_pipes(rehearsal: Rehearsal) -> Tries:
    """Try with nobody who reads the output, as behind `| head -0`."""
    folder = rehearsal.fresh()
    ended = rehearsal.run(folder, reader_is_gone=True)
    yield rehearsal.judge(f"{rehearsal.name}, a closed pipe", ended, (1,), folder)


def clocks_set_back(rehearsal: Rehearsal) -> Tries:
    """Try after a kill with a clock that is a day behind, and on finished work."""
    middle = len(rehearsal.moments) // 2
    for hit in (Hit(middle, Blow.KILL), None):
        folder = rehearsal.fresh()
        rehearsal.run(folder, hit)
        ended = rehearsal.run(folder, clock_is_back_seconds=_DAY_SECONDS)
        after = "a kill" if hit else "the same command"
        yield rehearsal.judge(f"{rehearsal.name}, a clock set back after {after}", ended, (), folder)


FAULTS: Final[dict[str, Callable[[Rehearsal], Tries]]] = {
    "small disk (tmpfs)": small_disks,
    "read-only disk (tmpfs)": read_only_disks,
    "closed pipe": closed_pipes,
    "clock set back a day": clocks_set_back,
}
NEED_MOUNT: Final = ("small disk (tmpfs)", "read-only disk (tmpfs)")


def can_mount(folder: Path) -> bool:
    """Return whether this user may mount a file system."""
    folder.mkdir(exist_ok=True)
    if subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(folder)], capture_output=True, check=False).returncode:
        return False
    subprocess.run(["umount", str(folder)], check=True)
    return True


@contextmanager
def mounted(folder: Path) -> Iterator[None]:
    """Hold a file system in memory at a folder."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_KIBIBYTES}k", "tmpfs", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def remount(folder: Path, option: str) -> None:
    """Give a file system that is mounted another option."""
    subprocess.run(["mount", "-o", f"remount,{option}", str(folder)], check=True)
