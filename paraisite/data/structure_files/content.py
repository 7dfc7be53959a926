"""What a file holds: its bytes, unpacked, and the text that they are."""

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from pathlib import Path
from typing import AnyStr, BinaryIO, Final

MAX_FILE_BYTES: Final = 50_000_000
"""A crystal of this size would have a million atoms and more: a parser would be busy with it for many minutes."""

_HANDED_OVER: Final = ("/dev/fd/", "/dev/stdin", "/proc/self/fd/")
PACKED_SUFFIXES: Final = (".gz", ".bz2", ".xz")
_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # which begins as that of UTF-16 does
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_LINE_END: Final = re.compile(r"\r*\n|\r")
_MAGIC: Final = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\x00": "xz"}
_OTHER_MAGIC: Final = {
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf": "7-Zip",
    b"\x1f\x9d": "compress",
    b"\x1f\xa0": "compress",
}


def read_content(path: Path) -> bytes:
    """Return what a file holds, unpacked if it is packed by gzip, bzip2 or xz.

    Raises:
        ValueError: It is larger than ``MAX_FILE_BYTES``, packed or not, damaged, or no file: nobody may ever write into
            a pipe, and a device has no end. What a shell hands over as a file, such as ``<(zcat a.cif.gz)``, is read.
        OSError: It cannot be read.
    """
    if not path.is_file() and path.exists() and not str(path).startswith(_HANDED_OVER):
        raise ValueError("it is a pipe or a device, expected a file")
    with path.open("rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    return unpack(limited(content))


def unpack(content: bytes) -> bytes:
    """Return what packed bytes hold, or the bytes themselves where they are not packed.

    Raises:
        ValueError: They are more than ``MAX_FILE_BYTES``, or damaged.
    """
    kind = next((kind for magic, kind in (_MAGIC | _OTHER_MAGIC).items() if content.startswith(magic)), None)
    if kind is None:
        return content
    if kind not in _MAGIC.values():
        raise ValueError(f"it is packed by {kind}, expected gzip, bzip2 or xz")
    try:
        with _open_packed(kind, io.BytesIO(content)) as file:
            return limited(file.read(MAX_FILE_BYTES + 1))
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        raise ValueError(f"damaged {kind}: {error}") from error


def _open_packed(kind: str, file: BinaryIO) -> BinaryIO:
    if kind == "gzip":
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    return bz2.BZ2File(file) if kind == "bzip2" else lzma.LZMAFile(file)  # type: ignore[return-value]


def limited(content: AnyStr) -> AnyStr:
    """Return a content that may be parsed.

    Raises:
        ValueError: It is more than ``MAX_FILE_BYTES``.
    """
    if len(content) > MAX_FILE_BYTES:
        raise ValueError(f"the file has more than the {MAX_FILE_BYTES / 1e6:g} MB expected at most")
    return content


def decode(content: bytes) -> str:
    """Return the text that bytes are: UTF-8 or UTF-16, with or without byte order mark, or UTF-32 with one.

    What is none of these is replaced. Lines end as ``end_lines`` has them end.
    """
    return end_lines(_decode(content))


def end_lines(text: str) -> str:
    """Return a text whose lines end with a line feed alone: parsers differ on what a carriage return ends."""
    return _LINE_END.sub("\n", text) if "\r" in text else text


def _decode(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, errors="replace")
    if content[:200].count(b"\0") > len(content[:200]) // 3:  # text of two bytes per character, without mark
        return content.decode("utf-16-be" if content[:1] == b"\0" else "utf-16-le", errors="replace")
    return content.decode("utf-8", errors="replace")


def plain_name(name: str) -> str:
    """Return a file's name without the suffix of its packing."""
    for suffix in PACKED_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name
