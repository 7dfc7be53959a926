"""Tables from anywhere: what they declare is checked before it is read."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from paraisite.data import parquet_rows
from paraisite.data.parquet_rows import check_sizes, iterate_batches, list_rows, open_table
from paraisite.errors import DataError


def test_a_column_that_declares_gigabytes_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A file of kilobytes can hold any number of values, as equal ones take no place in it."""
    monkeypatch.setattr(parquet_rows, "MAX_VALUES", 100_000)
    path, n_value = tmp_path / "rows.parquet", 3_000_000
    equal = pa.DictionaryArray.from_arrays(np.zeros(n_value, np.int32), pa.array(["x"]))
    lists = pa.ListArray.from_arrays(np.linspace(0, 1000, n_value + 1).astype(np.int32), pa.array(np.zeros(1000)))
    pq.write_table(pa.table({"formula": equal, "few": lists}), path, row_group_size=n_value)
    assert path.stat().st_size < 100_000
    with pytest.raises(DataError, match=r"column 'formula' has 3000000 values in row group 0, expected at most 100000"):
        check_sizes(path, pq.read_metadata(path), ["formula"])
    check_sizes(path, pq.read_metadata(path), [])


def test_a_column_that_unpacks_to_gigabytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parquet_rows, "MAX_PACKED_BYTES", 10_000_000)
    path = tmp_path / "rows.parquet"
    equal = pa.table({"structure": ["x" * 4000] * 5000})
    pq.write_table(equal, path, use_dictionary=False, compression="zstd", data_page_size=1 << 30)
    with pytest.raises(DataError, match=r"column 'structure' has 20 MB in row group 0, of which the file holds 0\.0"):
        check_sizes(path, pq.read_metadata(path), ["structure"])
    check_sizes(path, pq.read_metadata(path), ["formula"])


def test_a_row_group_of_any_size_is_read_in_small_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One of gigabytes, as writers that are given no size make them, was in memory as a whole."""
    monkeypatch.setattr(parquet_rows, "_MAX_BYTES_AT_ONCE", 5_000_000)
    path, letters = tmp_path / "rows.parquet", np.random.default_rng(0).integers(32, 127, (10_000, 2000), np.uint8)
    pq.write_table(pa.table({"structure": [row.tobytes().decode() for row in letters]}), path, use_dictionary=False)
    assert pq.read_metadata(path).num_row_groups == 1
    before, most = pa.total_allocated_bytes(), 0
    with open_table(path) as table:
        for batch in iterate_batches(table, 100, ["structure"]):
            assert len(batch) == 100
            most = max(most, pa.total_allocated_bytes() - before)
    assert most < 8_000_000  # of 20


def test_rows_of_a_large_batch_are_the_same_one_by_one(monkeypatch: pytest.MonkeyPatch):
    batch = pa.record_batch({"a": [1, None, 3], "b": [["x"], [], None]})
    expected = list(list_rows(batch))
    assert expected == batch.to_pylist()
    monkeypatch.setattr(parquet_rows, "_MAX_BYTES_AT_ONCE", 1)
    assert list(list_rows(batch)) == expected


def test_a_text_that_stands_in_many_rows_is_held_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Less than a kilobyte of a file, a text of 20 MB in each of a thousand rows, filled the memory."""
    monkeypatch.setattr(parquet_rows, "_MAX_BYTES_AT_ONCE", 10_000_000)
    path, text = tmp_path / "rows.parquet", "a" * 100_000
    texts = pa.DictionaryArray.from_arrays(np.zeros(1000, np.int32), pa.array([text]))
    pq.write_table(pa.table({"structure": texts.cast(pa.string()), "k": range(1000)}), path)
    with open_table(path) as table:
        (batch,) = iterate_batches(table, 1000, ["structure", "k"])
    assert batch.nbytes < 1_000_000
    converted: list[int] = []
    split = parquet_rows._split
    monkeypatch.setattr(parquet_rows, "_split", lambda batch: converted.append(len(batch)) or split(batch))
    assert [row["k"] for row in list_rows(batch) if row["structure"] == text] == list(range(1000))
    assert converted == [1000]


@pytest.mark.parametrize("limit", [1_000, 1_000_000])
def test_a_batch_holds_its_own_texts_only(limit: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is sent to another process: with the texts of all rows before it, that would take longer each time."""
    monkeypatch.setattr(parquet_rows, "_MAX_BYTES_AT_ONCE", limit)
    texts = [f"{row:0100d}" for row in range(1000)]
    pq.write_table(pa.table({"structure": texts}), tmp_path / "rows.parquet")
    with open_table(tmp_path / "rows.parquet") as table:
        batches = list(iterate_batches(table, 10, ["structure"]))
    assert [row["structure"] for batch in batches for row in list_rows(batch)] == texts
    assert max(batch.nbytes for batch in batches) < 10 * 120
