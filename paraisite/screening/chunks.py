"""Chunks: consecutive rows of a source, as they lie on disk, small enough to be handed to another process."""

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple, Protocol

import pyarrow as pa

from paraisite.data.structure_files.content import MAX_FILE_BYTES
from paraisite.data.structure_files.extended_xyz import count_lines, is_atom_line
from paraisite.errors import DataError

GZIP_SUFFIX: Final = ".gz"
_BUFFER_BYTES: Final = 1 << 20


class Form(StrEnum):
    """How the rows of a span are written."""

    LINES = "JSON lines"
    FRAMES = "extended XYZ"
    FILE = "structure file"
    TABLE = "record batch"


@dataclass(frozen=True, eq=False)
class Span:
    """Some consecutive rows of one file.

    Attributes:
        form: How they are written.
        path: The file.
        first: Number of the first of them within the file, from 0.
        start: Byte where they start.
        stop: Byte where they end; None for the end of the file.
        content: The rows themselves, where a worker could not find them by bytes: in compressed files and in tables.
        is_only: Whether the file holds no other row.
    """

    form: Form
    path: Path
    first: int = 0
    start: int = 0
    stop: int | None = None
    content: tuple[bytes, ...] | pa.RecordBatch | None = None
    is_only: bool = False

    def rows(self) -> Iterator[bytes]:
        """Yield the bytes of each row of a text file.

        Raises:
            OSError: The file cannot be read any more.
            ValueError: A frame does not begin with its number of atoms.
        """
        if isinstance(self.content, tuple):
            yield from self.content
            return
        with self.path.open("rb", buffering=_BUFFER_BYTES) as file:
            file.seek(self.start)
            for row in _split(self.form, file):
                yield row.content
                if self.stop is not None and self.start + row.start + row.n_byte >= self.stop:
                    return


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive rows of a source.

    Attributes:
        number: From 0.
        first_row: Number of its first row within the source, from 0.
        n_row: How many rows it has.
        spans: Where they lie, in order.
        share_read: Share of the source that ends with this chunk, 0 to 1.
    """

    number: int
    first_row: int
    n_row: int
    spans: tuple[Span, ...]
    share_read: float

    @property
    def end_row(self) -> int:
        """Number of the row behind its last one."""
        return self.first_row + self.n_row


class Source(Protocol):
    """Where structures come from."""

    @property
    def digest(self) -> str:
        """SHA-256, in hex, over what the rows depend on."""

    def chunks(self, n_row: int) -> Iterator[Chunk]:
        """Yield all rows in chunks of ``n_row``, the last one smaller.

        Raises:
            DataError: The rest cannot be read; everything before it has been yielded.
        """


class RawRow(NamedTuple):
    """One row of a text file.

    Attributes:
        start: Byte where it starts.
        content: Its bytes; of a row with more than ``MAX_FILE_BYTES`` only the first, but more than those.
        n_byte: How many bytes it has.
    """

    start: int
    content: bytes
    n_byte: int


@dataclass(frozen=True)
class TextFile:
    """A file of JSON lines or extended XYZ frames, compressed by gzip or not."""

    path: Path
    form: Form

    @property
    def is_compressed(self) -> bool:
        """Whether its name ends in .gz."""
        return self.path.suffix == GZIP_SUFFIX

    def records(self) -> Iterator[tuple[RawRow, float]]:
        """Yield each row, and the share of the file that has been read.

        Raises:
            DataError: The rest cannot be read: the compressed stream is cut off or damaged, or a frame does not begin
                with its number of atoms.
        """
        n_done = 0
        try:
            with self.path.open("rb", buffering=_BUFFER_BYTES) as file:
                size = max(self.path.stat().st_size, 1)
                lines = io.BufferedReader(_Unpacked(file), _BUFFER_BYTES) if self.is_compressed else file
                for record in _split(self.form, lines):
                    n_done += 1
                    read = file.tell() if self.is_compressed else record.start + record.n_byte
                    yield record, read / size
        except (EOFError, OSError, zlib.error, ValueError) as error:
            raise DataError(f"{self.path} cannot be read behind its row {n_done}: {error}") from error

    @cached_property
    def has_one_row(self) -> bool:
        """Whether the file holds one row and no other."""
        try:
            return len(list(islice(self.records(), 2))) == 1
        except DataError:  # behind the first one
            return False

    def span(self, first: int, records: list[RawRow]) -> Span:
        """Return the span of consecutive records, the first of them number ``first``."""
        if self.is_compressed:
            content = tuple(record.content for record in records)
            return Span(self.form, self.path, first, content=content, is_only=self.has_one_row)
        end = records[-1].start + records[-1].n_byte
        return Span(self.form, self.path, first, records[0].start, end, is_only=self.has_one_row)


class _Unpacked(io.RawIOBase):
    """A gzip stream that hands over all it can before it fails: ``GzipFile.read`` would lose the last part."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._gzip = gzip.GzipFile(fileobj=file)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._gzip.read1(len(buffer))
        buffer[: len(content)] = content
        return len(content)


def _split(form: Form, lines: BinaryIO) -> Iterator[RawRow]:
    return _lines(lines) if form is Form.LINES else _frames(lines)


def _read_line(lines: BinaryIO) -> tuple[bytes, int]:
    """Return a line and how many bytes it has; of one with more than ``MAX_FILE_BYTES`` only the first are kept.

    A packed file of kilobytes can hold a line that no memory does.
    """
    line = lines.readline(MAX_FILE_BYTES + 1)
    n_byte, end = len(line), line
    while n_byte > MAX_FILE_BYTES and end and not end.endswith(b"\n"):
        end = lines.readline(_BUFFER_BYTES)
        n_byte += len(end)
    return line, n_byte


def _lines(lines: BinaryIO) -> Iterator[RawRow]:
    """Yield the lines that are not blank."""
    start = 0
    line, n_byte = _read_line(lines)
    while line:
        if not line.isspace():
            yield RawRow(start, line, n_byte)
        start += n_byte
        line, n_byte = _read_line(lines)


def _frames(lines: BinaryIO) -> Iterator[RawRow]:
    """Yield the frames: a number of atoms, a comment, and a line for each atom."""
    start = 0
    first, n_byte = _read_line(lines)
    while first:
        if first.isspace():
            start += n_byte
            first, n_byte = _read_line(lines)
            continue
        try:
            n_line = count_lines(first.decode(errors="replace"))
        except ValueError:
            raise ValueError(f"{first[:40]!r} at byte {start} is no number of atoms") from None
        frame, n_frame = [first], n_byte
        first, n_byte = _read_line(lines)
        # Atoms behind those that are counted are of the same frame, which the reader then refuses.
        while first and (n_line > 0 or is_atom_line(first.decode(errors="replace"))):
            if n_frame <= MAX_FILE_BYTES:
                frame.append(first)
            n_line, n_frame = n_line - 1, n_frame + n_byte
            first, n_byte = _read_line(lines)
        yield RawRow(start, b"".join(frame), n_frame)
        start += n_frame
