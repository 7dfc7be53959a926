"""Snapshots: what was fetched or imported, in one file, beside a card that says from where, when and how much.

A folder holds ``records.jsonl.gz`` (or another file that the card names) and ``snapshot.json``.
"""

import dataclasses
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq

from paraisite.core.files import file_sha256
from paraisite.core.folders import folder_written_whole
from paraisite.core.parquet_files import COMPACT
from paraisite.core.secrets import hide_secrets
from paraisite.errors import DataError, MissingInputError

CARD_FILE: Final = "snapshot.json"
RECORDS_FILE: Final = "records.jsonl.gz"
MATERIALS_FILE: Final = "materials.parquet"
REJECTED_FILE: Final = "rejected.parquet"


@dataclass(frozen=True)
class Snapshot:
    """The card.

    Attributes:
        file: Name of the table, in the card's folder.
        source: Where the data come from, for people.
        query: What was asked: an address with its query, or the file that was imported.
        fetched_at: Time of the last answer, UTC, ISO 8601.
        n_row: Rows that came, good and bad ones.
        sha256: Of the table's file.
        database_version: As the source names it, or None where it names none.
    """

    file: str
    source: str
    query: str
    fetched_at: str
    n_row: int
    sha256: str
    database_version: str | None = None

    @classmethod
    def of(
        cls, folder: Path, file: str, *, n_row: int, source: str, query: str, database_version: str | None = None
    ) -> Self:
        """Return the card of a table that was just written into ``folder``."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        shown = hide_secrets(source), hide_secrets(query)
        return cls(file, *shown, now, n_row, file_sha256(folder / file), database_version)

    @property
    def provenance(self) -> str:
        """Time and digest, for people."""
        return f"snapshot of {self.fetched_at}, SHA-256 {self.sha256[:12]}…"

    def save(self, folder: Path) -> None:
        """Write the card.

        Raises:
            OSError: The folder cannot be written.
        """
        (folder / CARD_FILE).write_text(json.dumps(dataclasses.asdict(self), indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a card and check that the table is the one it describes.

        Raises:
            MissingInputError: There is no card.
            DataError: Card or table are damaged.
        """
        try:
            snapshot = cls(**json.loads((folder / CARD_FILE).read_text()))
            sha256 = file_sha256(folder / snapshot.file)
        except FileNotFoundError as error:
            raise MissingInputError(f"{error.filename} not found: there is no snapshot in {folder}") from error
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"{folder / CARD_FILE} is no card of a snapshot ({error}): fetch it anew") from error
        if sha256 != snapshot.sha256:
            raise DataError(
                f"{folder / snapshot.file} has SHA-256 {sha256[:12]}…, {CARD_FILE} names {snapshot.sha256[:12]}…: "
                "fetch it anew"
            )
        return snapshot


@contextmanager
def snapshot_written_whole(folder: Path) -> Iterator[Path]:
    """Hold a folder open that takes the place of ``folder`` at the end, as ``folder_written_whole`` does.

    Raises:
        DataError: The folder cannot be written; what was there before stays.
    """
    try:
        with folder_written_whole(folder) as new:
            yield new
    except OSError as error:
        raise DataError(f"{folder} cannot be written ({error}): what was there before stays") from error


def write_records(folder: Path, records: Sequence[Any], *, source: str, query: str) -> Snapshot:
    """Write records as gzipped JSON lines with their card, in place of whatever is in the folder.

    Equal records give an equal file, whenever it is written.

    Raises:
        DataError: The folder cannot be written; a snapshot that was there before stays.
    """
    lines = "".join(json.dumps(record) + "\n" for record in records)
    with snapshot_written_whole(folder) as new:
        (new / RECORDS_FILE).write_bytes(gzip.compress(lines.encode(), mtime=0))
        snapshot = Snapshot.of(new, RECORDS_FILE, n_row=len(records), source=source, query=query)
        snapshot.save(new)
    return snapshot


def write_tables(
    folder: Path,
    tables: Mapping[str, pa.Table],
    main: str,
    *,
    source: str,
    query: str,
    database_version: str | None = None,
) -> Snapshot:
    """Write parquet tables with the card of the one that is ``main``, in place of whatever is in the folder.

    Raises:
        DataError: The folder cannot be written; a snapshot that was there before stays.
    """
    n_row = sum(table.num_rows for table in tables.values())
    with snapshot_written_whole(folder) as new:
        for name, table in tables.items():
            pq.write_table(table, new / name, **COMPACT)
        snapshot = Snapshot.of(new, main, n_row=n_row, source=source, query=query, database_version=database_version)
        snapshot.save(new)
    return snapshot
