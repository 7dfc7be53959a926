"""The result of a screening: a folder that is a parquet data set, one part per chunk, with its plan and a summary.

A part is written whole and holds nothing that depends on time or load: a screening that was killed and started again
ends with the same files as one that ran through.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

import paraisite
from paraisite.core.files import write_whole
from paraisite.core.parquet_files import write_parquet
from paraisite.core.plan_file import claim_plan
from paraisite.errors import DataError, MissingInputError
from paraisite.schema import REASON, ROW
from paraisite.screening.chunks import Chunk, Source
from paraisite.screening.score import table_schema
from paraisite.screening.scorer import Scorer

# Readers of parquet data sets pass over names that begin so.
PLAN_FILE: Final = "_plan.json"
SUMMARY_FILE: Final = "_summary.json"

SOURCE_KEY: Final = "source"
"""In the summary: what was screened, an absolute path or a data set's name."""

FORMAT: Final = 3
"""Of the parts, and of what their columns mean: raise it when rows of the same crystals and model change."""

_COMPRESSION: Final = "zstd"


@dataclass(frozen=True)
class Summary:
    """What a complete screening holds.

    Attributes:
        n_row: Rows.
        n_scored: Of these, rows with a prediction; the others have a reason.
    """

    n_row: int
    n_scored: int


@dataclass(frozen=True)
class ScreeningFolder:
    """The folder of a screening.

    Attributes:
        folder: Where it lies.
        source_name: Absolute path or data set that was screened, written beside the summary; None: not written.
    """

    folder: Path
    source_name: str | None = None

    def begin(self, source: Source, scorer: Scorer, *, chunk_size: int) -> None:
        """Claim the folder.

        Raises:
            DataError: It was begun with another source, model or chunk size, or holds other parquet files.
        """
        if not (self.folder / PLAN_FILE).exists() and any(self.folder.glob("*.parquet")):
            raise DataError(f"{self.folder} holds parquet files that are no screening's: choose another folder")
        plan: dict[str, Any] = {
            "format": FORMAT,
            "source_sha256": source.digest,
            "model_sha256": scorer.digest,
            "chunk_size": chunk_size,
            "columns": table_schema(scorer).names,
        }
        claim_plan(
            self.folder / PLAN_FILE,
            plan,
            metadata={"paraisite_version": paraisite.__version__},
            remedy="choose another folder (--output), or move this one away to start anew",
        )
        (self.folder / SUMMARY_FILE).unlink(missing_ok=True)

    def part(self, number: int) -> Path:
        """Return where a chunk's rows lie; in order of the names, parts are in order of the rows."""
        return self.folder / f"part-{number:07d}.parquet"

    def has(self, chunk: Chunk) -> bool:
        """Return whether a chunk's rows are written."""
        return self.part(chunk.number).exists()

    def write(self, chunk: Chunk, table: pa.Table) -> None:
        """Write a chunk's rows."""
        self._write_part(chunk.number, table)

    def write_empty(self, scorer: Scorer) -> None:
        """Write a part without rows, so that the folder of a source that holds none has the columns."""
        self._write_part(0, table_schema(scorer).empty_table())

    def _write_part(self, number: int, table: pa.Table) -> None:
        write_parquet(table, self.part(number), compression=_COMPRESSION, write_page_checksum=True)

    def finish(self, n_row: int) -> Summary:
        """Count the rows and write the summary.

        Raises:
            DataError: A part is damaged, or the rows are not 0 to ``n_row`` - 1, each once and in order.
        """
        n_scored = end = 0
        for table in self._parts():
            rows = table.column(ROW).to_numpy()
            if rows.size and (rows[0] != end or rows[-1] != end + rows.size - 1):
                raise DataError(f"{self.folder}: rows {rows[0]} to {rows[-1]} follow row {end - 1}")
            end += rows.size
            n_scored += table.column(REASON).null_count
        if end != n_row:
            raise DataError(f"{self.folder} holds {end} rows, expected {n_row}")
        summary = Summary(n_row, n_scored)
        content = asdict(summary) | ({SOURCE_KEY: self.source_name} if self.source_name is not None else {})
        write_whole(self.folder / SUMMARY_FILE, (json.dumps(content, indent=2) + "\n").encode())
        return summary

    @property
    def is_complete(self) -> bool:
        """Whether all rows are there; a name that no folder can have holds none."""
        try:
            return (self.folder / SUMMARY_FILE).exists()
        except OSError:
            return False

    def require_complete(self) -> None:
        """Refuse a folder that holds no complete screening.

        Raises:
            MissingInputError: It does not.
        """
        if not self.is_complete:
            raise MissingInputError(
                f"{self.folder} holds no complete screening: `python -m paraisite screen …` makes one"
            )

    def list_parts(self) -> list[Path]:
        """Return the files of the parts, in order of their rows."""
        return sorted(self.folder.glob("part-*.parquet"))

    def _parts(self) -> Iterator[pa.Table]:
        for file in self.list_parts():
            try:
                yield pq.read_table(file, columns=[ROW, REASON], page_checksum_verification=True)
            except (OSError, ValueError, pa.ArrowException) as error:
                raise DataError(f"{file} is damaged ({error}): delete it and start the screening again") from error
