"""Tables as CSV: texts from anywhere stay texts, everything else stays as pandas writes it."""

import gzip
import io
from pathlib import Path

import pandas as pd

from paraisite.core.csv_tables import format_csv, restore_texts, write_csv

TABLE = pd.DataFrame(
    {
        "id": ["=1+1", "mp-1", None],
        "kappa": [-1.25, 2.0, None],
        "n": [1, -2, 3],
        "flag": [True, False, True],
        "+evil": pd.Categorical(["a", "@b", "a"]),
    }
)


def test_texts_get_a_quote_and_come_back() -> None:
    text = format_csv(TABLE, float_format="%.2g")
    assert text.splitlines() == ["id,kappa,n,flag,'+evil", "'=1+1,-1.2,1,True,a", "mp-1,2,-2,False,'@b", ",,3,True,a"]
    found = restore_texts(pd.read_csv(io.StringIO(text)))
    assert found["id"].tolist()[:2] == ["=1+1", "mp-1"]
    assert found["+evil"].tolist() == ["a", "@b", "a"]


def test_harmless_tables_are_what_pandas_writes() -> None:
    harmless = TABLE.iloc[1:].drop(columns="+evil")
    assert format_csv(harmless) == harmless.to_csv(index=False)


def test_a_packed_table_is_the_same_file_whenever_it_is_written(tmp_path: Path) -> None:
    write_csv(TABLE, tmp_path / "table.csv.gz")
    content = (tmp_path / "table.csv.gz").read_bytes()
    assert content[4:8] == bytes(4)  # no time in it
    assert gzip.decompress(content).decode() == format_csv(TABLE)
