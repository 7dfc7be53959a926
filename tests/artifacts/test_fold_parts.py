"""Parts of a cross-validation belong to its data, settings and code."""

from pathlib import Path

import pandas as pd
import pytest

from paraisite.artifacts.fold_parts import FoldParts, digest_code

CODE = ("models", "schema.py")


def claim(folder: Path, **changed: str) -> tuple[FoldParts, int]:
    parts = FoldParts(folder)
    return parts, parts.claim(**({"data_digest": "d", "settings": "s"} | changed), code=CODE)


def test_parts_are_of_their_data_and_settings_and_stay_where_others_are_made(tmp_path: Path) -> None:
    """A run with other settings removed what an interrupted one had done in hours."""
    folder, table = tmp_path / "parts", pd.DataFrame({"value": [0.1, 1 / 3], "name": ["a", "b"]})
    parts, n_done = claim(folder)
    assert n_done == 0
    assert parts.load("formula_1") is None
    parts.save("formula_1", table)
    others = [claim(folder, settings="other"), claim(folder, settings="other", data_digest="other")]
    assert [n for _, n in others] == [0, 0]
    for other, _ in others:
        assert other.load("formula_1") is None
    again, n_done = claim(folder)
    assert n_done == 1
    pd.testing.assert_frame_equal(again.load("formula_1"), table, check_exact=True)
    again.remove()
    assert claim(folder)[1] == 0
    for other, _ in [*others, claim(folder)]:
        other.remove()
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
