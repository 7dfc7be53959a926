"""Files on disk: written whole or not at all, known by their digest, and where those lie that can be made again."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from paraisite.core.process_names import is_gone, name_process
from paraisite.errors import ConfigError

CACHE_VARIABLE: Final = "PARAISITE_CACHE"
"""Environment variable that names the folder for everything that can be made or fetched again."""

_PART: Final = ".part"


def cache_folder(content: str) -> Path:
    """Return the user's folder for one kind of content: below PARAISITE_CACHE, else XDG_CACHE_HOME, else ~/.cache.

    Raises:
        ConfigError: None is set, and who runs this has no home.
    """
    if root := os.environ.get(CACHE_VARIABLE):
        return Path(root) / content
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "paraisite" / content
    except RuntimeError as error:
        raise ConfigError(f"the user has no home folder: {CACHE_VARIABLE} names one for what can be kept") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or an interruption, never sees half of it.

    What a killed process has left of it is removed.

    Raises:
        OSError: The file cannot be written; what was there before stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    temporary = name_temporary(path)
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def name_temporary(path: Path) -> Path:
    """Return a hidden name beside a file or folder for what becomes it; the name tells which process writes it."""
    return path.with_name(f".{path.name}.{name_process()}.{uuid.uuid4().hex[:16]}{_PART}")


def remove_leftovers(path: Path) -> None:
    """Remove what processes of this machine that are gone have left of a file or folder under temporary names."""
    prefix = f".{path.name}."
    with os.scandir(path.parent) as entries:
        left = [entry.name for entry in entries if entry.name.startswith(prefix) and entry.name.endswith(_PART)]
    for name in left:
        if not is_gone(name.removeprefix(prefix).partition(".")[0]):
            continue
        found = path.parent / name
        if found.is_dir():
            shutil.rmtree(found, ignore_errors=True)
        else:
            found.unlink(missing_ok=True)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_sha256(arrays: Mapping[str, npt.NDArray[np.generic]], texts: Mapping[str, str] | None = None) -> str:
    """Return the SHA-256, in hex, over named arrays and texts: a safetensors file has no checksum of its own."""
    content = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        content.update(f"{name} {array.dtype.str} {array.shape};".encode())
        content.update(array.data)
    for name in sorted(texts or {}):
        content.update(repr((name, (texts or {})[name])).encode())
    return content.hexdigest()
