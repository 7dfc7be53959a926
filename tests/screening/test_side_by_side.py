"""Screenings of several models in one table."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paraisite.errors import DataError
from paraisite.screening.side_by_side import TableProvenance, join_screenings

MADE_OF = TableProvenance("source", {"A": "a1", "B": "b1"})


def write_screening(folder: Path, mean: list[float | None], *, flagged: bool) -> Path:
    columns: dict[str, object] = {
        "row": [0, 1, 2],
        "material_id": ["x", "y", "z"],
        "formula": ["NaCl", "Si", None],
        "mTC_w_per_m_k": pa.array(mean, pa.float64()),
        "var_pTC_w2_per_m2_k2": pa.array(mean, pa.float64()),
        "log10_std_pTC_dex": pa.array(mean, pa.float64()),
        "predicted_kappa_w_per_m_k": pa.array(mean, pa.float64()),
        "reason": [None if value is not None else "no graph" for value in mean],
    }
    if flagged:
        columns["out_of_domain_flag"] = pa.array([True, False, None], pa.bool_())
    folder.mkdir()
    pq.write_table(pa.table(columns), folder / "part-0000000.parquet")
    return folder


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    folders = {
        "A": write_screening(tmp_path / "a", [1.0, 2.0, None], flagged=True),
        "B": write_screening(tmp_path / "b", [3.0, None, None], flagged=False),
    }
    join_screenings(folders, MADE_OF, tmp_path / "all.parquet")
    return tmp_path / "all.parquet"


def test_each_model_has_its_columns_in_single_precision(joined: Path) -> None:
    table = pq.read_table(joined)
    assert table["A:mTC_w_per_m_k"].to_pylist() == [1.0, 2.0, None]
    assert table["B:mTC_w_per_m_k"].to_pylist() == [3.0, None, None]
    assert table.schema.field("B:var_pTC_w2_per_m2_k2").type == pa.float32()
    assert table["A:out_of_domain_flag"].to_pylist() == [True, False, None]
    assert "B:out_of_domain_flag" not in table.column_names


def test_a_row_has_a_reason_where_no_model_answers(joined: Path) -> None:
    assert pq.read_table(joined)["reason"].to_pylist() == [None, None, "no graph"]


def test_a_table_knows_what_it_was_made_of(joined: Path, tmp_path: Path) -> None:
    assert TableProvenance.read(joined) == MADE_OF
    with pytest.raises(DataError, match="holds no models side by side"):
        TableProvenance.read(tmp_path / "a" / "part-0000000.parquet")


def test_screenings_of_a_source_without_rows_are_a_table_without_rows(tmp_path: Path) -> None:
    folders = {}
    for name in MADE_OF.model_sha256:
        folders[name] = write_screening(tmp_path / name, [1.0, 2.0, None], flagged=False)
        part = folders[name] / "part-0000000.parquet"
        pq.write_table(pq.read_schema(part).empty_table(), part)
    join_screenings(folders, MADE_OF, tmp_path / "all.parquet")
    table = pq.read_table(tmp_path / "all.parquet")
    assert (len(table), "A:mTC_w_per_m_k" in table.column_names) == (0, True)
