"""Rows of a file or reply of AFLUX records: JSON lines or one JSON array, plain or gzip, each an object or an error."""

import gzip
import json
import re
import reprlib
import zlib
from pathlib import Path
from typing import Any, Final

from paraisite.errors import DataError, MissingInputError

_NUMBERED: Final = re.compile(r"(\d+) of (\d+)")


_GZIP_MAGIC: Final = b"\x1f\x8b"


_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_raw_rows(path: Path) -> list[Any]:
    """Return the rows of a file of records unchanged, to be kept; for a row that is no record, the error as text.

    Raises:
        MissingInputError: The file is absent.
        DataError: As ``split_rows``.
    """
    return [str(row) if isinstance(row, DataError) else row for _, row in split_rows(path)]


def _read_bytes(path: Path) -> bytes:
    """Return the file's content, unpacked."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        from paraisite.config import AFLOW_TABLE_VARIABLE  # with pydantic

        raise MissingInputError(
            f"AFLOW table {path} not found: `python -m paraisite data fetch aflow` downloads it; a file of AFLUX "
            f"records that you have is imported by `data fetch aflow --from FILE`, or named in params.yaml "
            f"(data.aflow_table) or in the environment variable {AFLOW_TABLE_VARIABLE}"
        ) from error
    except OSError as error:
        raise DataError(f"AFLOW table {path} cannot be read, expected a file of AFLUX records: {error}") from error
    if not content.startswith(_GZIP_MAGIC):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(
            f"AFLOW table {path} is a damaged or truncated gzip file ({error}): download it again"
        ) from error


def split_rows(path: Path) -> list[tuple[str, dict[str, Any] | DataError]]:
    """Return (place in the file, record or error) for every row.

    Raises:
        MissingInputError: The file is absent; the message says how to get it.
        DataError: The file as a whole cannot be read: a folder, damaged gzip, a web page, nothing that is a record.
    """
    content = _read_bytes(path).removeprefix(_BYTE_ORDER_MARK).strip()
    if content.startswith(b"<"):
        raise DataError(f"AFLOW table {path} holds a web page, expected AFLUX records as JSON: download it again")
    rows = _try_reply(content)
    if rows is None:
        lines = enumerate(content.split(b"\n"), start=1)
        rows = [(f"line {number}", _parse_line(line)) for number, line in lines if line.strip()]
    if all(isinstance(row, DataError) for _, row in rows):
        raise DataError(f"AFLOW table {path} holds no AFLUX record: none of its {len(rows)} rows is a JSON object")
    return rows


def _try_reply(content: bytes) -> list[tuple[str, dict[str, Any] | DataError]] | None:
    """Return the rows of a reply as AFLUX gives it, or None if the content is not one."""
    try:
        items, _ = split_reply(json.loads(content))
    except (ValueError, RecursionError, DataError):
        return None
    return [(f"item {number}", _check_object(item)) for number, item in enumerate(items, start=1)]


def split_reply(reply: object) -> tuple[list[Any], int | None]:
    """Return the rows of a parsed reply, and how many there are in all if it says so.

    Args:
        reply: A list of records, or an object whose keys number them, "1 of 5578"; null or nothing in either if there
            is none.

    Raises:
        DataError: It is neither.
    """
    if isinstance(reply, list):
        return reply, None
    if not reply and (reply is None or isinstance(reply, dict)):
        return [], None
    places = [_NUMBERED.fullmatch(key) for key in reply] if isinstance(reply, dict) else [None]
    if not isinstance(reply, dict) or not all(places):
        raise DataError(f"{reprlib.repr(reply)} is no reply of AFLUX, expected a list, or records under '1 of N'")
    numbered = sorted((int(place[1]), int(place[2]), reply[place[0]]) for place in places if place)
    return [row for *_, row in numbered], max(total for _, total, _ in numbered)


def _parse_line(line: bytes) -> dict[str, Any] | DataError:
    try:
        return _check_object(json.loads(line))
    except (ValueError, RecursionError) as error:
        return DataError(f"unreadable JSON: {error}")


def _check_object(item: object) -> dict[str, Any] | DataError:
    return item if isinstance(item, dict) else DataError(f"{reprlib.repr(item)}, expected a JSON object")
