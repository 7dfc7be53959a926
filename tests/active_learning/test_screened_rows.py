"""A screening with its source."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.schema import MATERIAL_ID
from paraisite.screening.sources import open_source
from tests.active_learning.screenings import NAMES, crystals, screened_table
from tests.screening.materials import write_json_lines


def test_columns_of_the_source_stand_beside_their_rows(tmp_path: Path) -> None:
    screened = screened_table(tmp_path, {"gap": [float(row) for row in range(7)]})
    rows = pd.concat(screened.batches(["gap"]))
    assert list(rows[MATERIAL_ID]) == list(NAMES)
    assert list(rows["gap"]) == list(range(7))


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


def test_a_source_that_was_shortened_is_told(tmp_path: Path) -> None:
    screened = screened_table(tmp_path, {"gap": [0.0] * 7})
    path = tmp_path / "crystals.parquet"
    pq.write_table(pq.read_table(path).slice(0, 4), path)
    with pytest.raises(DataError, match="the source has other rows"):
        list(screened.batches(["gap"]))
