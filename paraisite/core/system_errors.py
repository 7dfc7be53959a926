"""What the system refuses, as sentences: a full disk, a read-only folder, too many open files."""

import errno
import os
import re
from typing import Final

_REMEDIES: Final = {
    errno.ENOSPC: "the disk is full; make room, and the same command goes on",
    errno.EDQUOT: "your share of the disk is used up; make room, and the same command goes on",
    errno.EFBIG: "files may not become that large here (ulimit -f)",
    errno.EROFS: "it lies on a disk that is read-only: work in another folder",
    errno.EACCES: "you have no right to that: work in another folder, or ask for the right",
    errno.EPERM: "you have no right to that: work in another folder, or ask for the right",
    errno.ENOTDIR: "a file is in the place of a folder: move it away, or name another folder",
    errno.EEXIST: "a file is in the place of a folder: move it away, or name another folder",
    errno.ENOENT: "it has been removed meanwhile, or no file can be made there: name another place",
    errno.ENAMETOOLONG: "shorten the name",
    errno.EIO: "the disk failed",
    errno.EMFILE: "too many files are open (ulimit -n)",
    errno.ENFILE: "too many files are open on this machine",
    errno.ENOMEM: "there is not enough memory",
}
_NUMBER: Final = re.compile(r"\[errno (\d+)\]", re.IGNORECASE)
"""How packages name the reason in an error that has no number itself."""


def describe_system_error(error: OSError) -> str | None:
    """Return a sentence with file and remedy; None for an error that is not the system's refusal."""
    number = error.errno
    if number is None and (named := _NUMBER.search(str(error))):
        number = int(named[1])
    if number not in _REMEDIES or (number == errno.ENOENT and not isinstance(error.filename, str | bytes)):
        return None
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    return f"{place}{os.strerror(number)}: {_REMEDIES[number]}"
