"""Files: whole or absent, known by their digest, in the folder that the user names."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paraisite.core.files import CACHE_VARIABLE, cache_folder, content_sha256, name_temporary, write_whole
from paraisite.core.process_names import name_process


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


def test_what_a_killed_process_has_left_is_removed_and_what_another_one_writes_stays(tmp_path: Path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    host = name_process().rpartition("-")[0]
    left = tmp_path / f".file.{host}-{ended.pid}.0.part"
    others = {tmp_path / ".file.another-machine-99999999.0.part", tmp_path / f".file2.{host}-{ended.pid}.0.part"}
    others |= {tmp_path / ".file.of-nobody.part", name_temporary(tmp_path / "file")}
    for path in (left, *others):
        path.touch()
    write_whole(tmp_path / "file", b"new")
    assert {*tmp_path.iterdir()} == {tmp_path / "file", *others}


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
