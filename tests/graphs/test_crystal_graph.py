"""Collections of graphs: selection, joining, saving."""

from pathlib import Path

import numpy as np
import pytest

from paraisite.errors import DataError
from paraisite.graphs import crystal_graph
from paraisite.graphs.build import build_graphs
from paraisite.graphs.crystal_graph import GraphCollection
from tests.graphs.crystals import CUTOFF, TOLERANCE, arrays_of, diamond, perovskite, rocksalt, wurtzite


@pytest.fixture
def graphs() -> GraphCollection:
    structures = [rocksalt(), wurtzite(), diamond(), perovskite()]
    built, rejected = build_graphs(
        structures, ["a", "b", "c", "d"], cutoff_angstrom=CUTOFF, distance_tolerance_angstrom=TOLERANCE
    )
    assert rejected == []
    return built


def assert_same(found: GraphCollection, expected: GraphCollection) -> None:
    for name, array in arrays_of(expected).items():
        np.testing.assert_array_equal(arrays_of(found)[name], array, err_msg=name, strict=True)


def test_take_in_any_order_with_repeats(graphs: GraphCollection):
    rows = [3, 1, 1, 0]
    taken = graphs.take(rows)
    assert len(taken) == 4
    for found, row in zip(taken, rows, strict=True):
        for name, array in arrays_of(graphs[row]).items():
            np.testing.assert_array_equal(arrays_of(found)[name], array, err_msg=name)


def test_take_by_mask_and_of_nothing(graphs: GraphCollection):
    assert_same(graphs.take(np.array([False, True, False, True])), graphs.take([1, 3]))
    assert len(graphs.take([])) == 0


def test_take_refuses_a_row_that_is_not_there(graphs: GraphCollection):
    with pytest.raises(IndexError, match="out of bounds"):
        graphs.take([4])
    with pytest.raises(IndexError, match="out of range"):
        graphs[4]


def test_parts_join_to_the_whole(graphs: GraphCollection):
    parts = [graphs.take([0]), graphs.take([1, 2]), graphs.take([]), graphs.take([3])]
    assert_same(GraphCollection.concatenate(parts), graphs)


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], []])
def test_save_then_load(tmp_path: Path, graphs: GraphCollection, rows: list[int]):
    path = tmp_path / "new" / "graphs.safetensors"
    graphs.take(rows).save(path, metadata={"note": "Å"})
    loaded, texts = GraphCollection.load_with_metadata(path)
    assert_same(loaded, graphs.take(rows))
    assert texts == {"note": "Å"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_any_flipped_byte_and_any_cut_is_noticed(tmp_path: Path, graphs: GraphCollection):
    path = tmp_path / "graphs.safetensors"
    graphs.save(path)
    good = path.read_bytes()
    damaged = [good[:size] for size in (0, 1, 7, 100, len(good) - 1)]
    for position in range(0, len(good), 7):
        damaged.append(good[:position] + bytes([good[position] ^ 0x55]) + good[position + 1 :])
    for content in damaged:
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"graphs\.safetensors"):
            GraphCollection.load(path)


def test_another_format_version_is_refused(tmp_path: Path, graphs: GraphCollection, monkeypatch: pytest.MonkeyPatch):
    graphs.save(tmp_path / "old")
    monkeypatch.setattr(crystal_graph, "FORMAT_VERSION", crystal_graph.FORMAT_VERSION + 1)
    with pytest.raises(DataError, match="format version 1, expected 2"):
        GraphCollection.load(tmp_path / "old")


def test_a_missing_file_is_not_called_damaged(tmp_path: Path):
    with pytest.raises(FileNotFoundError):
        GraphCollection.load(tmp_path / "none")
