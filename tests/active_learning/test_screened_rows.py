"""A screening with its source."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paraisite.active_learning.filters import Bound, Filters
from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.schema import FORMER_SCREENING_COLUMNS, KAPPA, MATERIAL_ID, PREDICTED_KAPPA
from paraisite.screening.sources import open_source
from tests.active_learning.screenings import NAMES, crystals, screened_table
from tests.screening.materials import write_json_lines


def test_columns_of_the_source_stand_beside_their_rows(tmp_path: Path) -> None:
    screened = screened_table(tmp_path, {"gap": [float(row) for row in range(7)]})
    rows = pd.concat(screened.batches(["gap"]))
    assert list(rows[MATERIAL_ID]) == list(NAMES)
    assert list(rows["gap"]) == list(range(7))


def test_columns_stand_beside_their_rows_however_the_table_is_cut(tmp_path: Path) -> None:
    """Groups of rows cut the parts, and not the columns, so that the source seemed to have other rows."""
    screened = screened_table(tmp_path, {"gap": [float(row) for row in range(7)]}, row_group_size=4)
    parts = list(screened.batches(["gap"]))
    assert [len(part) for part in parts] == [3, 1, 2, 1]
    rows = pd.concat(parts)
    assert list(zip(rows[MATERIAL_ID], rows["gap"], strict=True)) == list(zip(NAMES, range(7), strict=True))


def write_former_names(screened: ScreenedRows) -> set[str]:
    """Give a screening's parts the column names of version 0.1, and return those that changed."""
    former = {PREDICTED_KAPPA: KAPPA}
    former |= {new: old for old, new in FORMER_SCREENING_COLUMNS.items() if old.startswith(("lower_", "upper_"))}
    changed = set()
    for part in screened.folder.glob("part-*.parquet"):
        table = pq.read_table(part)
        changed |= {name for name in table.column_names if name in former}
        pq.write_table(table.rename_columns([former.get(name, name) for name in table.column_names]), part)
    return changed


def test_a_screening_of_version_0_1_reads_the_same(tmp_path: Path) -> None:
    screened = screened_table(tmp_path, {KAPPA: [float(row) for row in range(7)]})
    columns, rows = screened.columns, pd.concat(screened.batches([KAPPA]))
    assert len(write_former_names(screened)) == 7
    former = ScreenedRows.open(screened.folder, screened.source)
    assert former.columns == columns
    assert former.source_columns == [KAPPA]
    pd.testing.assert_frame_equal(pd.concat(former.batches([KAPPA])), rows)


def test_a_bound_on_a_former_name_is_one_on_the_prediction(tmp_path: Path) -> None:
    screened = screened_table(tmp_path)
    filters = Filters(bounds=(Bound(KAPPA, 5.0, "at most"), Bound("lower_80", 1.0, "at least")))
    names = [bound.column for bound in filters.with_present_names(screened.columns).bounds]
    assert names == [PREDICTED_KAPPA, "lower_80_w_per_m_k"]
    assert filters.with_present_names([*screened.columns, KAPPA]).bounds[0].column == KAPPA


def test_structures_are_those_of_their_rows(tmp_path: Path) -> None:
    found = screened_table(tmp_path).structures([1, 5])
    assert sorted(found) == [1, 5]
    for row, structure in found.items():
        assert structure.matches(crystals()[row])


def test_an_absent_column_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has a column 'hull'; there are formula, gap, "):
        next(screened_table(tmp_path, {"gap": [0.0] * 7}).batches(["hull"]))


def test_another_source_is_refused(tmp_path: Path) -> None:
    screened = screened_table(tmp_path)
    other = open_source(write_json_lines(tmp_path / "other.jsonl"))
    with pytest.raises(DataError, match="is no screening of this source"):
        ScreenedRows.open(screened.folder, other)


def test_text_has_no_columns_of_its_own(tmp_path: Path) -> None:
    screened = screened_table(tmp_path)
    text = ScreenedRows(screened.folder, open_source(write_json_lines(tmp_path / "other.jsonl")), screened.chunk_size)
    assert text.source_columns == []


def test_an_incomplete_screening_is_refused(tmp_path: Path) -> None:
    screened = screened_table(tmp_path)
    (screened.folder / "_summary.json").unlink()
    with pytest.raises(MissingInputError, match="holds no complete screening"):
        ScreenedRows.open(screened.folder, screened.source)


def test_a_source_that_was_shortened_is_refused(tmp_path: Path) -> None:
    screened = screened_table(tmp_path, {"gap": [0.0] * 7})
    path = tmp_path / "crystals.parquet"
    pq.write_table(pq.read_table(path).slice(0, 4), path)
    with pytest.raises(DataError, match="the source has other rows"):
        list(screened.batches(["gap"]))
    pq.write_table(pa.concat_tables([table := pq.read_table(path), table]), path)
    with pytest.raises(DataError, match="the source has other rows"):
        list(screened.batches(["gap"]))
