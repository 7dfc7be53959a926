"""Refusals of the system as sentences."""

import errno
import os
from pathlib import Path

import pytest

from paraisite.core.system_errors import describe_system_error


def test_a_full_disk_is_a_sentence_with_file_and_remedy() -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "a/b.parquet")
    assert describe_system_error(error) == (
        "a/b.parquet: No space left on device: the disk is full; make room, and the same command goes on"
    )


def test_a_name_that_is_too_long_can_be_shortened() -> None:
    error = OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), "b" * 300)
    assert str(describe_system_error(error)).endswith("b: File name too long: shorten the name")


def test_a_place_where_nothing_can_be_made_is_a_sentence() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        Path("/proc/nothing-can-be-made-here").mkdir()
    assert str(describe_system_error(caught.value)).startswith("/proc/nothing-can-be-made-here: No such file")


def test_a_package_that_names_the_reason_in_words_only_is_understood() -> None:
    error = OSError("[Errno 28] Error writing bytes to file. Detail: [errno 28] No space left on device")
    assert str(describe_system_error(error)).startswith("No space left on device: the disk is full")


@pytest.mark.parametrize(
    "error", [OSError("no number"), OSError(errno.EPIPE, "a closed pipe"), FileNotFoundError(2, "x")]
)
def test_other_errors_are_not_the_systems_refusal(error: OSError) -> None:
    assert describe_system_error(error) is None


def test_names_in_bytes_are_shown_as_text() -> None:
    error = OSError(errno.EROFS, os.strerror(errno.EROFS), b"a/b")
    assert describe_system_error(error) == (
        "a/b: Read-only file system: it lies on a disk that is read-only: work in another folder"
    )
