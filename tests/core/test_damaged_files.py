"""Damage to files of the project's own as one sentence."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.core.damaged_files import refuse_damaged
from paraisite.errors import DataError, MissingInputError


@pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1\x00\x00\x00\x00PAR1"])
def test_whatever_a_parser_raises_names_the_file_and_the_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(content)
    with (
        pytest.raises(DataError, match=r"a\.parquet is damaged .*: make it anew$") as caught,
        refuse_damaged(path, remedy="make it anew"),
    ):
        pd.read_parquet(path)
    assert "\n" not in str(caught.value)


def test_an_error_without_words_is_named_by_its_kind(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"\(KeyError\)|\('a'\)"), refuse_damaged(tmp_path, remedy=""):
        raise KeyError
    with pytest.raises(DataError, match=r"\(MemoryError\)"), refuse_damaged(tmp_path, remedy=""):
        raise MemoryError


def test_an_absent_file_and_an_error_of_ours_pass(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), refuse_damaged(tmp_path, remedy=""):
        (tmp_path / "nowhere").read_bytes()
    with pytest.raises(MissingInputError), refuse_damaged(tmp_path, remedy=""):
        raise MissingInputError("a")
