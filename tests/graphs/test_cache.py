"""The cache on disk: hits, keys, damage, and folders that cannot be written."""

import errno
import logging
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core.structure import Structure

from paraisite.core.files import CACHE_VARIABLE
from paraisite.graphs import cache
from paraisite.graphs.build import RejectedRow
from paraisite.graphs.cache import load_or_build
from paraisite.graphs.crystal_graph import GraphCollection
from tests.graphs.crystals import CUTOFF, TOLERANCE, arrays_of, perovskite, rocksalt, simple_cubic

STRUCTURES = [rocksalt(), simple_cubic(9.0), perovskite()]


def load(
    folder: Path,
    structures: list[Structure] = STRUCTURES,
    *,
    cutoff: float = CUTOFF,
    tolerance: float = TOLERANCE,
    quotient: bool = True,
    ids: tuple[str, ...] = ("a", "b", "c"),
) -> tuple[GraphCollection, list[RejectedRow]]:
    return load_or_build(
        structures,
        ids,
        cutoff_angstrom=cutoff,
        distance_tolerance_angstrom=tolerance,
        quotient=quotient,
        folder=folder,
    )


@pytest.fixture
def n_built(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grow by one number whenever graphs are really built."""
    calls: list[int] = []
    real = cache.build_graphs

    def counted(structures: list[Structure], *args: object, **kwargs: object) -> object:
        calls.append(len(structures))
        return real(structures, *args, **kwargs)

    monkeypatch.setattr(cache, "build_graphs", counted)
    return calls


def assert_same(found: GraphCollection, expected: GraphCollection) -> None:
    for name, array in arrays_of(expected).items():
        np.testing.assert_array_equal(arrays_of(found)[name], array, err_msg=name, strict=True)


def test_a_second_call_reads_what_the_first_built(tmp_path: Path, n_built: list[int]):
    first, rejected = load(tmp_path)
    second, rejected_again = load(tmp_path)
    assert n_built == [3]
    assert_same(second, first)
    assert rejected_again == rejected
    assert [row.row for row in rejected] == [1]


def test_ids_are_not_part_of_the_key(tmp_path: Path, n_built: list[int]):
    load(tmp_path)
    _, rejected = load(tmp_path, ids=("x", "y", "z"))
    assert n_built == [3]
    assert rejected[0].material_id == "y"


def test_every_change_of_content_or_setting_is_another_key(tmp_path: Path, n_built: list[int]):
    moved = rocksalt()
    moved.translate_sites([0], [1e-9, 0, 0])
    strained = rocksalt(5.69 + 1e-9)
    other = rocksalt(species=("K", "Cl"))
    load(tmp_path)
    for first in (moved, strained, other):
        load(tmp_path, [first, *STRUCTURES[1:]])
    load(tmp_path, STRUCTURES[::-1])
    load(tmp_path, cutoff=3.9)
    load(tmp_path, tolerance=1e-4)
    load(tmp_path, quotient=False)
    assert len(n_built) == 8
    assert len(list(tmp_path.iterdir())) == 8


def test_a_damaged_file_is_built_again(tmp_path: Path, n_built: list[int], caplog: pytest.LogCaptureFixture):
    expected, _ = load(tmp_path)
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    for content in (b"", good[:-1], good[:-3] + b"???"):
        path.write_bytes(content)
        caplog.clear()
        with caplog.at_level(logging.WARNING):
            found, _ = load(tmp_path)
        assert "built again" in caplog.text
        assert_same(found, expected)
        assert path.read_bytes() == good
    assert len(n_built) == 4


def test_a_full_disk_costs_a_warning_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    real = Path.write_bytes

    def fail(self: Path, data: bytes) -> int:
        real(self, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    graphs, _ = load(tmp_path)
    assert len(graphs) == 2
    assert "No space left" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "file").write_text("in the way")
    graphs, _ = load(tmp_path / "file" / "cache")
    assert len(graphs) == 2
    assert "not cached" in caplog.text


def test_progress_is_reported_on_a_hit(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    for _ in range(2):
        load_or_build(
            STRUCTURES,
            ["a", "b", "c"],
            cutoff_angstrom=CUTOFF,
            distance_tolerance_angstrom=TOLERANCE,
            folder=tmp_path,
            on_progress=lambda *state: seen.append(state),
        )
    assert seen == [(3, 3), (3, 3)]


def test_graphs_are_kept_in_the_users_cache_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    load_or_build([rocksalt()], ["a"], cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE)
    assert len(list((tmp_path / "graphs").iterdir())) == 1
