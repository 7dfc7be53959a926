"""Files: whole or absent, known by their digest, in the folder that the user names."""

from pathlib import Path

import numpy as np
import pytest

from paraisite.core.files import CACHE_VARIABLE, cache_folder, content_sha256, write_whole


def test_the_environment_names_the_cache(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(CACHE_VARIABLE, "/a")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert cache_folder("graphs") == Path("/a/graphs")
    monkeypatch.delenv(CACHE_VARIABLE)
    assert cache_folder("graphs") == Path("/b/paraisite/graphs")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder("graphs") == Path.home() / ".cache" / "paraisite" / "graphs"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "folder" / "file"
    write_whole(path, b"old")

    def full_disk(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


def test_the_digest_sees_names_types_shapes_values_and_texts():
    one = np.arange(4, dtype=np.float32)
    contents = [
        ({"a": one}, {}),
        ({"b": one}, {}),
        ({"a": one.astype(np.float64)}, {}),
        ({"a": one.reshape(2, 2)}, {}),
        ({"a": one + 1}, {}),
        ({"a": one}, {"t": "x"}),
        ({"a": one}, {"t": "y"}),
    ]
    assert len({content_sha256(arrays, texts) for arrays, texts in contents}) == len(contents)
    assert content_sha256({"a": one, "b": one}) == content_sha256({"b": one, "a": one})
    assert content_sha256({"a": one.reshape(2, 2).T}) == content_sha256({"a": one.reshape(2, 2).T.copy()})
