"""The rows of a screening, part by part, with further columns of their source, and their structures."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.plan_file import read_plan
from paraisite.data.structure_columns import STRUCTURE_SCHEMA
from paraisite.errors import ConfigError, DataError
from paraisite.schema import FORMER_SCREENING_COLUMNS, ROW, present_names
from paraisite.screening.chunks import Source
from paraisite.screening.output import PLAN_FILE, ScreeningFolder
from paraisite.screening.records import ScreenedCrystal, read_chunk
from paraisite.screening.sources import TableSource

_CHUNK_SIZE: Final = "chunk_size"
_ANEW: Final = "delete it and start the screening again"


@dataclass(frozen=True, eq=False)
class ScreenedRows:
    """A complete screening and what it was made of.

    Attributes:
        folder: Its folder.
        source: What was screened.
        chunk_size: Rows of a part.
    """

    folder: Path
    source: Source
    chunk_size: int

    @classmethod
    def open(cls, folder: Path, source: Source) -> Self:
        """Check a screening's folder and that it is of this source.

        Raises:
            MissingInputError: There is no complete screening.
            DataError: It is of something else, or its plan is damaged.
        """
        ScreeningFolder(folder).require_complete()
        plan = read_plan(folder / PLAN_FILE)
        if plan.get("source_sha256") != source.digest:
            raise DataError(f"{folder} is no screening of this source, or the source has changed since")
        with refuse_damaged(folder / PLAN_FILE, remedy=_ANEW):
            return cls(folder, source, int(plan[_CHUNK_SIZE]))

    @cached_property
    def columns(self) -> list[str]:
        """Columns of the screening, former names as they are now."""
        with refuse_damaged(self.folder, remedy=_ANEW):
            written = list(pq.read_schema(self._parts[0]).names) if self._parts else []
        renamed = present_names(written, FORMER_SCREENING_COLUMNS)
        return [renamed.get(name, name) for name in written]

    @cached_property
    def source_columns(self) -> list[str]:
        """Columns that a table has beside structures; none for other sources."""
        if not isinstance(self.source, TableSource):
            return []
        names = pq.read_schema(self.source.path).names
        return [name for name in names if name not in {*STRUCTURE_SCHEMA.names, *self.columns}]

    @cached_property
    def _planned_columns(self) -> list[str] | None:
        """Columns of all parts, former names as they are now; None where the plan does not say."""
        planned = read_plan(self.folder / PLAN_FILE).get("columns")
        if not isinstance(planned, list):
            return None
        renamed = present_names(planned, FORMER_SCREENING_COLUMNS)
        return [renamed.get(str(name), str(name)) for name in planned]

    @cached_property
    def _parts(self) -> list[Path]:
        return ScreeningFolder(self.folder).list_parts()

    def batches(self, extra: Sequence[str] = ()) -> Iterator[pd.DataFrame]:
        """Yield all rows in their order, a part at a time.

        Args:
            extra: Columns of the source to put beside them.

        Raises:
            ConfigError: The source has no such column.
            DataError: It has other rows than were screened.
        """
        if absent := [name for name in extra if name not in self.source_columns]:
            known = ", ".join(sorted({*self.columns, *self.source_columns}))
            raise ConfigError(
                f"neither {self.folder} nor what was screened has a column {absent[0]!r}; there are {known}"
            )
        beside = _SourceColumns(self._source_batches(extra)) if extra else None
        for part in self._parts:
            with refuse_damaged(part, remedy=_ANEW):
                rows = pq.read_table(part, page_checksum_verification=True).to_pandas()
            rows = rows.rename(columns=present_names(rows.columns, FORMER_SCREENING_COLUMNS))
            if self._planned_columns not in (None, list(rows.columns)):
                raise DataError(f"{part} is damaged: it has the columns {', '.join(rows.columns)}: {_ANEW}")
            yield rows if beside is None else _join_columns(rows, beside.take(len(rows)), part)
        if beside is not None and beside.take(1) is not None:
            raise DataError(f"{self.source}: the source has other rows than were screened")

    def _source_batches(self, extra: Sequence[str]) -> Iterator[pd.DataFrame]:
        """Yield the source's columns, in batches of any length."""
        if not isinstance(self.source, TableSource):
            return
        with pq.ParquetFile(self.source.path) as table:
            for batch in table.iter_batches(batch_size=self.chunk_size, columns=list(extra)):
                yield pa.Table.from_batches([batch]).to_pandas()

    def structures(self, rows: Collection[int]) -> dict[int, Structure]:
        """Return the structures of some rows, by row.

        Raises:
            DataError: The source has changed, or a row holds no crystal.
        """
        wanted, structures_by_row = set(rows), dict[int, Structure]()
        for chunk in self.source.chunks(self.chunk_size):
            inside = wanted & set(range(chunk.first_row, chunk.end_row))
            records = read_chunk(chunk) if inside else []
            for row in inside:
                structures_by_row[row] = _get_structure(records[row - chunk.first_row], row)
            if len(structures_by_row) == len(wanted):
                break
        return structures_by_row


class _SourceColumns:
    """Columns of a source, from which so many rows are taken as a part has: what cuts parts does not cut these."""

    def __init__(self, batches: Iterator[pd.DataFrame]) -> None:
        """Take batches of any length."""
        self._batches, self._rest = batches, pd.DataFrame()

    def take(self, n_row: int) -> pd.DataFrame | None:
        """Return the next rows, fewer where there are no more, None where there is none."""
        taken = [self._rest]
        while sum(map(len, taken)) < n_row and (batch := next(self._batches, None)) is not None:
            taken.append(batch)
        rows = pd.concat([each for each in taken if len(each)] or taken[:1], ignore_index=True)
        self._rest = rows.iloc[n_row:]
        return rows.iloc[:n_row] if len(rows) else None


def _join_columns(rows: pd.DataFrame, beside: pd.DataFrame | None, part: Path) -> pd.DataFrame:
    if beside is None or len(beside) != len(rows):
        raise DataError(f"{part}: the source has other rows than were screened")
    return pd.concat([rows, beside.set_index(rows.index)], axis=1)


def _get_structure(record: object, row: int) -> Structure:
    if not isinstance(record, ScreenedCrystal):
        raise DataError(f"{ROW} {row} of the source holds no crystal any more")
    return record.arrays.structures()[0]
