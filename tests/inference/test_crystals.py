"""Crystals from files, folders, frames and standard input, each with its name."""

import io
import json
from pathlib import Path

import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.data.structure_files.reading import only_structure, parse_content
from paraisite.inference.crystals import STANDARD_INPUT, read_crystals

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])


def extended_xyz(*structures: Structure) -> str:
    write = pytest.importorskip("ase.io").write
    text = io.StringIO()
    write(text, [AseAtomsAdaptor.get_atoms(structure) for structure in structures], format="extxyz")
    return text.getvalue()


TEXTS = {
    "CIF": lambda: NACL.to(fmt="cif"),
    "POSCAR": lambda: NACL.to(fmt="poscar"),
    "JSON": lambda: json.dumps(NACL.as_dict()),
    "extended XYZ": lambda: extended_xyz(NACL),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_says_which_format_it_has(kind: str):
    found = only_structure(parse_content(TEXTS[kind]()))
    assert isinstance(found, Structure)
    assert found.composition.reduced_formula == "NaCl"
    assert found.volume / len(found) == pytest.approx(NACL.volume / len(NACL))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "the text is empty"),
        ("hello", "not a readable structure: "),
        ("data_x\n_cell_length_a what\n", "not a readable structure: "),
        ('{"lattice": 3}', "expected a crystal, found a document with lattice: "),
        ('{"@class": ', "not a readable structure: "),
    ],
)
def test_a_text_without_a_structure_is_a_reason_of_one_line(text: str, reason: str):
    found = only_structure(parse_content(text))
    assert isinstance(found, str)
    assert found.startswith(reason)
    assert "\n" not in found


def test_the_frames_of_a_file_are_crystals_of_their_own(tmp_path: Path):
    path = tmp_path / "two.extxyz"
    path.write_text(extended_xyz(NACL, SILICON))
    found = read_crystals([path])
    assert [(crystal.name, crystal.formula) for crystal in found] == [(f"{path}#1", "NaCl"), (f"{path}#2", "Si")]
    path.write_text("")
    assert [crystal.found for crystal in read_crystals([path])] == ["not a readable structure file: it is empty"]


@pytest.mark.parametrize("kind", TEXTS)
def test_standard_input_may_be_any_format(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(TEXTS[kind]()))
    (crystal,) = read_crystals([STANDARD_INPUT])
    assert (crystal.name, crystal.formula) == ("-", "NaCl")


def test_whoever_sits_at_a_terminal_is_told_that_it_is_read(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    caplog.set_level("INFO")
    monkeypatch.setattr("sys.stdin", Terminal(NACL.to(fmt="cif")))
    read_crystals([STANDARD_INPUT])
    assert "paste a structure and end it with Ctrl-D" in caplog.text


def test_good_and_bad_files_keep_their_order(tmp_path: Path):
    for name, content in {"a.cif": NACL.to(fmt="cif"), "POSCAR": SILICON.to(fmt="poscar"), "b.cif": "data_x"}.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "c.json").write_text(json.dumps(NACL.as_dict()))
    names = ["b.cif", "a.cif", "absent.cif", "POSCAR", "c.json", "a.cif"]
    found = read_crystals([tmp_path / name for name in names])
    assert [Path(crystal.name).name for crystal in found] == names
    assert [crystal.formula for crystal in found] == [None, "NaCl", None, "Si", "NaCl", "NaCl"]
    assert found[2].found == "file not found"
    assert str(found[0].found).startswith("not a readable structure file: ")


def test_a_folder_stands_for_its_structure_files_and_an_empty_one_for_a_reason(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    NACL.to(filename=str(tmp_path / "NaCl.cif"))
    (tmp_path / "frames.xyz").write_text(extended_xyz(SILICON))
    (tmp_path / "notes.txt").write_text("no structure")
    found = read_crystals([tmp_path, tmp_path / "empty"])
    assert [crystal.formula for crystal in found] == ["NaCl", "Si", None]
    assert found[2].found == "the folder holds no structure file"
