"""Parts of a cross-validation belong to its data, settings and code."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.artifacts.fold_parts import FoldParts, digest_code

CODE = ("models", "schema.py")


def claimed(folder: Path, **changed: str) -> int:
    return FoldParts(folder).claim(**({"data_digest": "d", "settings": "s"} | changed), code=CODE)


def test_parts_stay_for_the_same_data_and_go_for_others(tmp_path: Path) -> None:
    folder, table = tmp_path / "parts", pd.DataFrame({"value": [0.1, 1 / 3], "name": ["a", "b"]})
    assert claimed(folder) == 0
    parts = FoldParts(folder)
    assert parts.load("formula_1") is None
    parts.save("formula_1", table)
    assert claimed(folder) == 1
    pd.testing.assert_frame_equal(parts.load("formula_1"), table, check_exact=True)
    assert claimed(folder, settings="other") == 0
    parts.save("formula_1", table)
    assert claimed(folder, settings="other", data_digest="other") == 0
    parts.remove()
    assert not folder.exists()


def test_a_damaged_part_is_made_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    parts = FoldParts(tmp_path)
    parts.save("formula_1", pd.DataFrame({"value": [1.0]}))
    (tmp_path / "formula_1.parquet").write_bytes(b"PAR1")
    assert parts.load("formula_1") is None
    assert "formula_1.parquet is damaged" in caplog.text


def test_the_digest_of_code_changes_with_it_and_with_its_names(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in ("models/first.py", "schema.py", "other.py"):
        (tmp_path / name).write_text(name)
    before = digest_code(CODE, tmp_path)
    (tmp_path / "other.py").write_text("changed")
    assert digest_code(CODE, tmp_path) == before
    (tmp_path / "models" / "first.py").rename(tmp_path / "models" / "second.py")
    assert digest_code(CODE, tmp_path) != before
