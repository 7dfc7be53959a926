"""Which files of a folder hold crystals."""

from pathlib import Path

import pytest

from paraisite.data.structure_files.formats import list_structure_files

NAMES = ("B.CIF", "C.Cif.gz", "CONTCAR", "a.cif", "d.XYZ", "poscar_1", "run.VASP", "sio2.extxyz.bz2")


def test_files_are_known_by_their_names_in_any_case(tmp_path: Path) -> None:
    for name in (*NAMES, "notes.txt", "table.csv"):
        (tmp_path / name).touch()
    (tmp_path / "folder.cif").mkdir()
    assert [file.name for file in list_structure_files(tmp_path)] == sorted(NAMES)


def test_a_link_that_leads_nowhere_is_listed(tmp_path: Path) -> None:
    (tmp_path / "gone.cif").symlink_to(tmp_path / "nothing")
    assert [file.name for file in list_structure_files(tmp_path)] == ["gone.cif"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list_structure_files(tmp_path / "nothing")
