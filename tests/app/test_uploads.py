"""Dropped files become crystals with names or reasons."""

import json

import pytest

from paraisite.app import uploads
from paraisite.app.uploads import crystals_of_files, crystals_of_text
from paraisite.inference.crystals import parse_crystals
from tests.graphs.crystals import rocksalt

SALT = rocksalt(5.64)
CIF = SALT.to(fmt="cif").encode()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("salt.cif", CIF),
        ("POSCAR", SALT.to(fmt="poscar").encode()),
        ("salt.json", json.dumps(SALT.as_dict()).encode()),
    ],
)
def test_a_file_is_a_crystal_whatever_its_format(name: str, content: bytes):
    (crystal,) = parse_crystals(name, content)
    assert (crystal.name, crystal.formula) == (name, "NaCl")


def test_each_frame_is_a_crystal():
    pytest.importorskip("ase")
    frame = '1\nLattice="3 0 0 0 3 0 0 0 3" Properties=species:S:1:pos:R:3 pbc="T T T"\nPo 0 0 0\n'
    assert [crystal.name for crystal in parse_crystals("two.xyz", (2 * frame).encode())] == ["two.xyz#1", "two.xyz#2"]


@pytest.mark.parametrize("content", [b"", b"data_broken\n", b"\xff\xfe\x00 no structure", b"{}"])
def test_a_file_that_cannot_be_read_is_a_crystal_with_a_reason(content: bytes):
    (crystal,) = parse_crystals("broken.cif", content)
    assert isinstance(crystal.found, str)
    assert "empty" in crystal.found or "not a readable structure" in crystal.found


def test_each_block_of_a_cif_is_a_crystal():
    assert [crystal.name for crystal in parse_crystals("two.cif", CIF + CIF)] == ["two.cif#1", "two.cif#2"]
    assert {crystal.formula for crystal in parse_crystals("two.cif", CIF + CIF)} == {"NaCl"}


@pytest.mark.parametrize(("limit", "value"), [("MAX_FILES", 2), ("MAX_BYTES", 2 * len(CIF)), ("MAX_CRYSTALS", 2)])
def test_what_is_over_a_limit_is_left_out_with_a_word(monkeypatch: pytest.MonkeyPatch, limit: str, value: int):
    monkeypatch.setattr(uploads, limit, value)
    crystals, left_out = crystals_of_files([(f"{number}.cif", CIF) for number in range(3)], 3)
    assert [crystal.name for crystal in crystals] == ["0.cif", "1.cif"]
    assert left_out.startswith("2 of 3 files and 2 crystals were read: the page takes at most")


def test_a_pasted_text_has_the_limits_of_a_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "MAX_CRYSTALS", 2)
    crystals, left_out = crystals_of_text((3 * CIF).decode())
    assert [crystal.name for crystal in crystals] == ["pasted text#1", "pasted text#2"]
    assert left_out.startswith("1 of 1 files and 2 crystals were read: the page takes at most")
    ((undecodable,), _) = crystals_of_text("data_\udcff")
    assert isinstance(undecodable.found, str)


def test_within_the_limits_everything_is_read_without_a_word():
    crystals, left_out = crystals_of_files([("a.cif", CIF), ("b.cif", b"")], 2)
    assert ([crystal.name for crystal in crystals], left_out) == (["a.cif", "b.cif"], "")
