"""What a source holds besides rows to screen."""

import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paraisite.data.structure_columns import append_structure_columns
from paraisite.screening.source_content import read_numbers, read_structures
from paraisite.screening.sources import open_source
from tests.screening.materials import structures, write_json_lines


def test_crystals_are_those_of_the_rows_and_a_row_without_one_is_none(tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl", 3)
    path.write_bytes(path.read_bytes() + b'{"material_id": "x"}\nnot JSON\n')
    found = read_structures(open_source(path))
    assert [crystal is None for crystal in found] == [False, False, False, True, True]
    for crystal, expected in zip(found, structures(3), strict=False):
        assert crystal is not None
        assert crystal.composition == expected.composition
        assert crystal.volume == pytest.approx(expected.volume)


def test_numbers_beside_json_lines_stay_in_their_rows(tmp_path: Path) -> None:
    rows = [{"material_id": "a", "band_gap": 1.5, "is_stable": True}, {"material_id": "b", "species": [1]}]
    path = tmp_path / "rows.jsonl.gz"
    rows.append({"material_id": "c", "band_gap": float("nan"), "is_stable": False})  # as json writes it, JSON or not
    path.write_bytes(gzip.compress("".join(f"{json.dumps(row)}\n" for row in rows).encode() + b"not JSON\n"))
    found = read_numbers(open_source(path))
    assert list(found) == ["band_gap", "is_stable"]
    assert found["band_gap"].isna().tolist() == [False, True, True, True]
    assert found["is_stable"].tolist()[::2] == [True, False]


def test_a_tables_columns_of_numbers_are_taken(tmp_path: Path) -> None:
    table = pa.table({"material_id": ["a", "b"], "density": [1.0, 2.0], "is_stable": [True, None], "nsites": [1, 2]})
    pq.write_table(append_structure_columns(table, structures(2)), tmp_path / "rows.parquet")
    found = read_numbers(open_source(tmp_path / "rows.parquet"))
    assert list(found) == ["density", "is_stable", "nsites"]


def test_structure_files_bring_no_numbers(tmp_path: Path) -> None:
    structures(1)[0].to(str(tmp_path / "POSCAR_1.vasp"), fmt="poscar")
    structures(1)[0].to(str(tmp_path / "a.cif"))
    pd.testing.assert_frame_equal(read_numbers(open_source(tmp_path)), pd.DataFrame())
