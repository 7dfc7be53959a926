"""A Cholesky factor by panels: it solves as SciPy does, and a file gives it back or nothing."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.linalg import solve_triangular

from paraisite.models import cholesky_factor
from paraisite.models.cholesky_factor import SUFFIX, PackedCholesky


def factor(n_row: int) -> np.ndarray:
    rows = np.random.default_rng(0).normal(size=(n_row, n_row)) / np.sqrt(n_row)
    return np.linalg.cholesky(rows @ rows.T + np.eye(n_row)).astype(np.float32)


@pytest.mark.parametrize("n_row", [1, 7, 256, 300, 701])
@pytest.mark.parametrize("n_column", [1, 5])
def test_columns_are_solved_for_as_by_scipy(n_row: int, n_column: int):
    lower = factor(n_row)
    columns = np.random.default_rng(1).normal(size=(n_row, n_column)).astype(np.float32)
    expected = solve_triangular(lower, columns, lower=True)
    spoilt = lower + np.triu(np.full_like(lower, 9.0), 1)  # above the diagonal a factor holds anything
    found = PackedCholesky.pack(spoilt).solve(np.ascontiguousarray(columns.T)).T
    np.testing.assert_allclose(found, expected, atol=3e-6)


def test_a_kept_factor_is_read_bit_for_bit(tmp_path: Path):
    packed = PackedCholesky.pack(factor(301))
    packed.keep(tmp_path / f"one{SUFFIX}")
    again = PackedCholesky.read(tmp_path / f"one{SUFFIX}", n_row=301)
    assert again is not None
    np.testing.assert_array_equal(again.words, packed.words)
    assert PackedCholesky.read(tmp_path / f"one{SUFFIX}", n_row=300) is None


def test_a_damaged_file_is_no_factor(tmp_path: Path):
    file = tmp_path / f"one{SUFFIX}"
    assert PackedCholesky.read(file, n_row=40) is None
    PackedCholesky.pack(factor(40)).keep(file)
    content = file.read_bytes()
    for damaged in (
        b"",
        content[:7],
        content[:-8],
        content + bytes(8),
        content[:3000] + bytes([content[3000] ^ 1]) + content[3001:],
    ):
        file.write_bytes(damaged)
        assert PackedCholesky.read(file, n_row=40) is None
    file.write_bytes(content)
    assert PackedCholesky.read(file, n_row=40) is not None


def test_only_the_latest_files_are_kept(tmp_path: Path):
    packed = PackedCholesky.pack(factor(3))
    for number in range(5):
        file = tmp_path / f"{number}{SUFFIX}"
        packed.keep(file)
        os.utime(file, ns=(number, number))
    packed.keep(tmp_path / f"last{SUFFIX}")
    assert {path.stem for path in tmp_path.iterdir()} == {"last", "3", "4"}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("")
    PackedCholesky.pack(factor(3)).keep(tmp_path / "file" / f"one{SUFFIX}")
    monkeypatch.setattr(cholesky_factor, "write_whole", _refuse)
    PackedCholesky.pack(factor(3)).keep(tmp_path / f"one{SUFFIX}")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def _refuse(path: Path, content: bytes) -> None:
    raise OSError(28, "No space left on device", str(path))
