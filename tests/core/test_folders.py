"""Folders that are whole or not there."""

import errno
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest

from paraisite.core.folders import check_writable, folder_written_whole, restore_folder, restore_folders


class Killed(BaseException):
    """Stands for the end of the process: nothing is tidied up after it."""


def write(folder: Path, text: str) -> None:
    with folder_written_whole(folder) as new:
        (new / "a").write_text(text)
        (new / "deeper").mkdir()
        (new / "deeper" / "b").write_text(text)


def content(folder: Path) -> set[str]:
    return {(folder / name).read_text() for name in ("a", "deeper/b")}


def test_a_folder_replaces_the_one_before_whole(tmp_path: Path) -> None:
    write(tmp_path / "model", "old")
    (tmp_path / "model" / "extra").touch()
    write(tmp_path / "model", "new")
    assert content(tmp_path / "model") == {"new"}
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["a", "deeper"]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_what_is_raised_inside_leaves_the_old_folder(tmp_path: Path) -> None:
    write(tmp_path / "model", "old")

    def fail() -> None:
        with folder_written_whole(tmp_path / "model") as new:
            (new / "a").write_text("new")
            raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        fail()
    assert content(tmp_path / "model") == {"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("with_old", [True, False])
def test_killed_at_any_moment_a_reader_finds_one_whole_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_old: bool
) -> None:
    """Each call that changes the disk is a moment to be killed at; after it nothing is tidied up."""
    names = ("mkdir", "write_text", "rename")
    points = 0
    while True:
        folder = tmp_path / str(points) / "model"
        if with_old:
            write(folder, "old")
        with monkeypatch.context() as patch:
            left = [points]

            def guard(original: Callable[..., object], left: list[int] = left) -> Callable[..., object]:
                def call(*arguments: object, **options: object) -> object:
                    if left[0] == 0:
                        raise Killed
                    left[0] -= 1
                    return original(*arguments, **options)

                return call

            for name in names:
                patch.setattr(Path, name, guard(getattr(Path, name)))
            patch.setattr("paraisite.core.folders.shutil.rmtree", guard(lambda *_, **__: None))
            patch.setattr("paraisite.core.folders.os.fsync", guard(os.fsync))
            try:
                write(folder, "new")
                killed = False
            except Killed:
                killed = True
        restore_folder(folder)  # as a reader does
        if folder.exists() or with_old:
            assert content(folder) in ({"old"}, {"new"})
        if not killed:
            break
        points += 1
    assert points > 10
    assert content(folder) == {"new"}


def test_the_next_write_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    write(tmp_path / "model", "old")
    with folder_written_whole(tmp_path / "model") as new:
        (new / "a").write_text("")
        host, _, _ = new.name.removeprefix(".model.").rsplit(".", 2)[0].rpartition("-")
        (new / "deeper").mkdir()
    gone = tmp_path / f".model.{host}-99999999.00.part"
    elsewhere = tmp_path / ".model.another-host-99999999.00.part"
    for left in (gone, elsewhere):
        left.mkdir()
    write(tmp_path / "model", "new")
    assert not gone.exists()
    assert elsewhere.exists()  # nobody here knows whether its process lives


def test_folders_moved_aside_come_back(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path / name, name)
        (tmp_path / name).rename(tmp_path / f".{name}.old")
    restore_folders(tmp_path)
    assert {name for path in (tmp_path / "one", tmp_path / "two") for name in content(path)} == {"one", "two"}


def test_of_several_who_write_at_once_one_is_there_whole(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(write, tmp_path / "model", str(number)) for number in range(20)]:
            future.result()
    assert len(content(tmp_path / "model")) == 1


def test_a_folder_that_cannot_be_replaced_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "model", "old")
    original = Path.rename

    def refuse(self: Path, target: Path) -> Path:
        if target.name == "model":
            raise PermissionError("not yours")
        return original(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(PermissionError, match="not yours"):
        write(tmp_path / "model", "new")
    monkeypatch.undo()
    restore_folder(tmp_path / "model")
    assert content(tmp_path / "model") == {"old"}


def test_a_folder_that_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_a_folder_is_said_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "build").touch()
    with pytest.raises(NotADirectoryError) as raised:
        check_writable(tmp_path / "build" / "overlap")
    assert raised.value.filename == str(tmp_path / "build")


@pytest.mark.parametrize(("flags", "number"), [(0, errno.EACCES), (os.ST_RDONLY, errno.EROFS)])
def test_a_folder_that_cannot_be_written_is_said(
    flags: int, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's answers are replaced, because it lets root write everywhere."""
    asked = []

    def refuse(place: Path, mode: int) -> bool:
        asked.append((place, mode))
        return False

    monkeypatch.setattr(os, "access", refuse)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=flags))
    with pytest.raises(OSError, match="yet") as raised:
        check_writable(tmp_path / "not" / "yet")
    assert (raised.value.errno, raised.value.filename) == (number, str(tmp_path / "not" / "yet"))
    assert asked == [(tmp_path, os.W_OK | os.X_OK)]
