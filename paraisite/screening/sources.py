"""Sources that `screen` reads, as chunks of rows that are not parsed yet."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa

from paraisite.core.files import file_sha256
from paraisite.data.parquet_rows import check_sizes, iterate_batches, open_table
from paraisite.data.structure_columns import STRUCTURE_SCHEMA
from paraisite.data.structure_files.content import plain_name
from paraisite.data.structure_files.formats import (
    EXTENDED_XYZ_SUFFIXES,
    JSON_LINES_SUFFIXES,
    is_extended_xyz,
    is_structure_file,
    list_structure_files,
)
from paraisite.data.structure_files.json_documents import STRUCTURE, is_cif_key
from paraisite.data.structure_files.reading import count_crystals
from paraisite.data.structure_files.stated_facts import compared_columns
from paraisite.errors import DataError, MissingInputError
from paraisite.screening.chunks import GZIP_SUFFIX, Chunk, Form, RawRow, Source, Span, TextFile
from paraisite.screening.records import ID_KEYS

MAX_CHUNK_BYTES: Final = 64_000_000
"""Of a chunk's rows: a row more ends it, however few there are, as a chunk is held in memory."""

PARQUET_SUFFIX: Final = ".parquet"


def open_source(path: Path) -> Source:
    """Return the source that a path names.

    Args:
        path: A folder of structure files, or a single one; a parquet table; JSON lines or extended XYZ, compressed by
            gzip or not.

    Raises:
        MissingInputError: There is no such path.
        DataError: It is none of these, or holds no structures.
    """
    if not path.exists():
        raise MissingInputError(f"{path} not found: expected a data set, a folder or a file of structures")
    if path.is_dir():
        return FolderSource(path)
    if not path.is_file():
        raise DataError(f"{path} is a pipe or a device, expected a file or a folder")
    plain = Path(path.stem) if path.suffix == GZIP_SUFFIX else path
    if path.suffix == PARQUET_SUFFIX:
        return TableSource(path)
    if plain.suffix in JSON_LINES_SUFFIXES:
        return TextSource(TextFile(path, Form.LINES))
    if plain.suffix in EXTENDED_XYZ_SUFFIXES:
        return TextSource(TextFile(path, Form.FRAMES))
    if is_structure_file(path):
        return FolderSource(path)
    known = ", ".join((PARQUET_SUFFIX, *JSON_LINES_SUFFIXES, *EXTENDED_XYZ_SUFFIXES))
    raise DataError(
        f"{path}: expected a folder, a structure file, or a file whose name ends in {known}, or in one of these and .gz"
    )


@dataclass(frozen=True)
class TextSource:
    """One file of JSON lines or extended XYZ frames."""

    file: TextFile

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return file_sha256(self.file.path)

    def chunks(self, n_row: int) -> Iterator[Chunk]:
        """Yield its rows; see ``Source``."""
        records = self.file.records()
        failure: DataError | None = None
        number = first = 0
        while failure is None:
            rows: list[RawRow] = []
            share = 1.0
            n_byte = 0
            try:
                for record, share in records:  # noqa: B007 (the last share is the chunk's)
                    rows.append(record)
                    n_byte += len(record.content)
                    if len(rows) == n_row or n_byte >= MAX_CHUNK_BYTES:
                        break
            except DataError as error:
                failure = error
            if not rows:
                break
            yield Chunk(number, first, len(rows), (self.file.span(first, rows),), share)
            number, first = number + 1, first + len(rows)
        if failure is not None:
            raise failure


@dataclass(frozen=True)
class TableSource:
    """A parquet table with a column of structures, or the columns that this project writes."""

    path: Path

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return file_sha256(self.path)

    def chunks(self, n_row: int) -> Iterator[Chunk]:
        """Yield its rows; see ``Source``."""
        first = 0
        try:
            with open_table(self.path) as table:
                columns, n_total = self._columns(table.schema_arrow.names), max(table.metadata.num_rows, 1)
                check_sizes(self.path, table.metadata, columns)
                for number, batch in enumerate(iterate_batches(table, n_row, columns)):
                    span = Span(Form.TABLE, self.path, first, content=batch)
                    yield Chunk(number, first, len(batch), (span,), (first + len(batch)) / n_total)
                    first += len(batch)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{self.path} cannot be read behind its row {first}: {error}") from error

    def _columns(self, names: Sequence[str]) -> list[str]:
        """Return the columns that matter.

        Raises:
            DataError: There is no structure among them.
        """
        structure = STRUCTURE_SCHEMA.names if set(STRUCTURE_SCHEMA.names) <= set(names) else [STRUCTURE]
        if not set(structure) <= set(names):
            raise DataError(
                f"{self.path} has neither the columns {', '.join(STRUCTURE_SCHEMA.names)} nor {STRUCTURE!r}"
            )
        further = [*(name for name in (*ID_KEYS, STRUCTURE) if name in names), *filter(is_cif_key, names)]
        return list(dict.fromkeys([*structure, *further, *compared_columns(names)]))


@dataclass(frozen=True)
class FolderSource:
    """A folder of structure files, or a single one; each crystal of a file is a row."""

    path: Path

    @cached_property
    def files(self) -> list[Path]:
        """The files, in order of their names.

        Raises:
            DataError: There is none.
        """
        files = list_structure_files(self.path) if self.path.is_dir() else [self.path]
        if not files:
            raise DataError(f"{self.path} holds no structure file")
        return files

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the files' names, sizes and times of change: reading all of them twice would take too long."""
        content = hashlib.sha256()
        for file in self.files:
            state = file.stat() if file.exists() else file.lstat()
            content.update(os.fsencode(file.name) + f"\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
        return content.hexdigest()

    def chunks(self, n_row: int) -> Iterator[Chunk]:
        """Yield its rows; see ``Source``."""
        spans = self._spans()
        number = first = 0
        while rows := list(islice(spans, n_row)):
            share = (rows[-1][0] + 1) / len(self.files)
            yield Chunk(number, first, len(rows), tuple(span for _, span in rows), share)
            number, first = number + 1, first + len(rows)

    def _spans(self) -> Iterator[tuple[int, Span]]:
        """Yield each row's file, by number, and span; what is left of a file where no frame begins is one row."""
        for number, file in enumerate(self.files):
            if not is_extended_xyz(file) or not _is_stream(file):
                for first in range(count_crystals(file)):
                    yield number, Span(Form.FILE, file, first)
                continue
            text, first = TextFile(file, Form.FRAMES), 0
            try:
                for record, _ in text.records():
                    yield number, text.span(first, [record])
                    first += 1
            except DataError:
                yield number, Span(Form.FILE, file, first)


def _is_stream(file: Path) -> bool:
    """Return whether a file can be read frame by frame: no pipe can; other packing than gzip is undone as a whole."""
    return file.is_file() and (plain_name(file.name) == file.name or file.suffix == GZIP_SUFFIX)
