"""Folders on disk that are whole or not there: written beside their place, then renamed."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from paraisite.core.files import name_temporary, remove_leftovers

_OLD: Final = ".old"
_ATTEMPTS: Final = 100
_OVERTAKEN: Final = (errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY)


@contextmanager
def folder_written_whole(folder: Path) -> Iterator[Path]:
    """Hold a temporary folder open beside ``folder`` that takes its place at the end, if all went well.

    A reader sees the old folder or the new one, never a part of either; if the process is killed, or something is
    raised inside, the old one stays. What a killed process left beside it is removed.

    Args:
        folder: What is to be written; whatever is in it is replaced.

    Yields:
        The folder to write into.

    Raises:
        OSError: It cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    restore_folder(folder)
    remove_leftovers(folder)
    temporary = name_temporary(folder)
    temporary.mkdir()
    try:
        yield temporary
        _write_through_all(temporary)
        _put_in_place(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_writable(folder: Path) -> None:
    """Raise if files cannot be written into a folder, there or yet to be made: asked before what takes long.

    Nothing is made or changed. Writing can still fail, as on a disk that is full by then.

    Raises:
        OSError: They cannot.
    """
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not there.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        # The question has no answer but no; which it is decides what the user can do about it.
        read_only = hasattr(os, "statvfs") and os.statvfs(there).f_flag & os.ST_RDONLY
        number = errno.EROFS if read_only else errno.EACCES
        raise OSError(number, os.strerror(number), str(folder))


def restore_folder(folder: Path) -> None:
    """Put a folder back whose writer was killed between moving the old one away and the new one in its place."""
    if not folder.exists() and (aside := _aside(folder)).is_dir():
        try:
            aside.rename(folder)
        except OSError:
            if not folder.exists():  # nobody else has put it back
                raise


def restore_folders(parent: Path) -> None:
    """Put all folders of a parent back that ``restore_folder`` would."""
    for aside in parent.glob(f".*{_OLD}"):
        restore_folder(parent / aside.name[1 : -len(_OLD)])


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Rename a complete folder to its name; the one that has it is moved aside for that moment, and then removed."""
    aside = _aside(folder)
    for attempt in range(_ATTEMPTS):
        shutil.rmtree(aside, ignore_errors=True)
        try:
            if folder.exists():
                folder.rename(aside)
            temporary.rename(folder)
            break
        except OSError as error:
            # Another process has moved or written the same folder between the two calls: the last one wins.
            if error.errno not in _OVERTAKEN or attempt == _ATTEMPTS - 1:
                restore_folder(folder)
                raise
    _write_through(folder.parent)
    shutil.rmtree(aside, ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}{_OLD}")


def _write_through_all(folder: Path) -> None:
    """Have the system write a folder to the disk: its name must not get there before the content."""
    for path in (*folder.rglob("*"), folder):
        _write_through(path)


def _write_through(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
