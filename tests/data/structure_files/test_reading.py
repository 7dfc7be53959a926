"""One way in: packed or not, predict, screen, app and import read the same crystals and give the same reasons."""

import bz2
import gzip
import json
import lzma
import os
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.record import Rejection
from paraisite.data.sources import own_data
from paraisite.data.sources.own_records import ImportOptions
from paraisite.data.structure_files import content as file_content
from paraisite.data.structure_files.content import plain_name
from paraisite.data.structure_files.reading import (
    count_crystals,
    only_structure,
    parse_content,
    read_file,
    read_row,
    read_structure,
)
from paraisite.errors import DataError
from paraisite.inference.crystals import parse_crystals, read_crystals
from paraisite.labels.phono3py_run import compute_kappa
from paraisite.screening.records import read_chunk
from paraisite.screening.sources import open_source
from tests.data.structure_files.texts import cif, extended_xyz, poscar, read_one

LIME = cif(symbol="F m -3 m")
XDATCAR = poscar(mode="Direct configuration=     1", end="Direct configuration=     2\n0 0 0\n.5 .5 .51\n")
STRUCTURE = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.811), ["Ca", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
FILES = {
    "lime.cif": LIME,
    "two.cif": LIME + cif(["Mg Mg 0 0 0", "O O .5 .5 .5"], symbol="F m -3 m", header="data_two"),
    "formula.cif": cif(symbol="F m -3 m", further="_chemical_formula_sum 'Ca O2'"),
    "deuterium.cif": cif(["Li Li 0 0 0", "D D .5 .5 .5"], symbol="F m -3 m"),
    "shared.cif": cif(["Ca Ca 0 0 0 .5", "O O .5 .5 .5 1"], columns="label type x y z occupancy"),
    "POSCAR": poscar(),
    "POSCAR_vasp4": poscar(names=None),
    "LiD.vasp": poscar(names="Li D"),
    "XDATCAR": XDATCAR,
    "frames.extxyz": extended_xyz() * 2,
    "wrong.xyz": extended_xyz(facts='formula=CaO2 pbc="T T T"'),
}
PACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
}
EXPECTED = {
    "lime.cif": ["CaO"],
    "two.cif": ["CaO", "MgO"],
    "POSCAR": ["CaO"],
    "XDATCAR": ["CaO", "CaO"],
    "frames.extxyz": ["CaO", "CaO"],
}


def by_predict(path: Path) -> list[str]:
    return [crystal.formula or str(crystal.found) for crystal in read_crystals([path])]


def by_screen(path: Path) -> list[str]:
    rows = [row for chunk in open_source(path).chunks(1) for row in read_chunk(chunk)]
    return [row.reason if isinstance(row, Rejection) else row.formula for row in rows]


def by_app(path: Path) -> list[str]:
    return [crystal.formula or str(crystal.found) for crystal in parse_crystals(path.name, path.read_bytes())]


@pytest.mark.parametrize("packing", PACK)
@pytest.mark.parametrize("name", FILES)
def test_predict_screen_and_app_read_the_same(name: str, packing: str, tmp_path: Path):
    path = tmp_path / (name + packing)
    path.write_bytes(PACK[packing](FILES[name].encode()))
    found = by_predict(path)
    assert by_app(path) == found
    assert by_screen(path) == found
    assert by_screen(tmp_path) == found
    assert found == EXPECTED.get(name, found)
    assert name in EXPECTED or len(found) == 1
    assert count_crystals(path) == len(found)
    assert [crystal.name for crystal in read_crystals([tmp_path])] == (
        [str(path)] if len(found) == 1 else [f"{path}#1", f"{path}#2"]
    )


def test_import_reads_the_same_and_names_crystals_of_a_file_by_their_numbers(tmp_path: Path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "more.cif.gz").write_bytes(gzip.compress(LIME.encode()))
    named = [*FILES, "two.cif#2", "XDATCAR#1", "two.cif#3", "more.cif.gz"]
    pd.DataFrame({"file": named, "kappa_w_per_m_k": 5.0}).to_csv(tmp_path / "values.csv", index=False)
    load = partial(own_data.load_own_data, compute_kappa=compute_kappa)
    records, rejected = load(tmp_path, ImportOptions(source="mine"))
    assert {record.material_id: record.structure.reduced_formula for record in records} == {
        "lime.cif": "CaO",
        "POSCAR": "CaO",
        "two.cif#2": "MgO",
        "XDATCAR#1": "CaO",
        "more.cif.gz": "CaO",
    }
    reasons = {item.material_id: item.reason for item in rejected}
    for name in ("two.cif", "XDATCAR", "frames.extxyz"):
        assert reasons[name] == f"holds 2 crystals, expected one: name it with its number, as {name}#1"
    assert "holds 2 crystals" in reasons["two.cif#3"]
    for name in ("formula.cif", "deuterium.cif", "shared.cif", "POSCAR_vasp4", "LiD.vasp", "wrong.xyz"):
        assert reasons[name] == by_predict(tmp_path / name)[0]


def test_rows_of_tables_and_lines_are_compared_with_their_other_values():
    values = {"structure": LIME, "formula": "CaO", "id": "a"}
    assert not isinstance(read_row(values), str)
    assert "is not the formula that it names" in str(read_row(values | {"formula": "CaO2"}))
    assert "is not the formula that it names" in str(read_row({"structure": FILES["formula.cif"]}))
    assert read_row({"structure": FILES["two.cif"]}) == "the text holds 2 structures, expected one"
    as_json = {"structure": json.dumps(STRUCTURE.as_dict())}
    assert not isinstance(read_row(as_json | {"formula": "CaO"}), str)
    assert "is not the formula that it names" in str(read_row(as_json | {"formula": "Ca2O"}))


@pytest.mark.parametrize(
    ("beside", "reason"),
    [
        (LIME.replace("Ca", "Mg"), "is not that of its CIF: the formula Mg4 O4 holds Mg"),
        (LIME.replace("4.811", "5.2"), "is not that of its CIF: the 8 atoms that were read make a density of 3.34"),
        (LIME, None),
        ("no CIF", None),
    ],
)
def test_a_structure_is_compared_with_the_cif_in_the_same_row(beside: str, reason: str | None):
    found = read_row({"structure": LIME, "cif": beside})
    assert reason in str(found) if reason else not isinstance(found, str)


def test_a_table_is_compared_with_its_formulas_by_import_and_screen(tmp_path: Path):
    path = tmp_path / "t.parquet"
    pd.DataFrame({"structure": [LIME] * 2, "formula": ["CaO", "CaO2"], "kappa_w_per_m_k": 1.0}).to_parquet(path)
    good, bad = by_screen(path)
    assert good == "CaO"
    assert "is not the formula that it names, Ca O2" in bad
    (record,), (rejected,) = own_data.load_own_data(path, ImportOptions(source="x"), compute_kappa=compute_kappa)
    assert (record.structure.reduced_formula, rejected.reason) == ("CaO", bad)


def test_a_table_is_compared_with_the_cif_and_the_formulas_beside_by_import_and_screen(tmp_path: Path):
    """Only JSON was: neither column was read from a table, and of its names only those in small letters."""
    path = tmp_path / "t.parquet"
    beside = {"cif": [LIME, LIME.replace("Ca", "Mg"), LIME], "Formula": ["CaO", "CaO", "CaO2"]}
    pd.DataFrame({"structure": [LIME] * 3, "kappa_w_per_m_k": 1.0} | beside).to_parquet(path)
    good, *bad = by_screen(path)
    assert good == "CaO"
    assert "the row's structure is not that of its CIF" in bad[0]
    assert "is not the formula that it names, Ca O2" in bad[1]
    (record,), rejected = own_data.load_own_data(path, ImportOptions(source="x"), compute_kappa=compute_kappa)
    assert (record.structure.reduced_formula, [item.reason for item in rejected]) == ("CaO", bad)


def test_structures_that_a_table_holds_as_dictionaries_may_lack_what_others_have(tmp_path: Path):
    charged = STRUCTURE.copy()
    charged.add_oxidation_state_by_element({"Ca": 2, "O": -2})
    charged.add_site_property("magmom", [1.0] * len(charged))
    rows = [{"structure": one.as_dict() | {"properties": {"a": 1}}} for one in (STRUCTURE, charged)]
    for site in rows[1]["structure"]["sites"]:
        del site["xyz"]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "t.parquet")
    assert by_screen(tmp_path / "t.parquet") == ["CaO", "CaO"]


def test_what_unpacks_to_too_much_or_not_at_all_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_content, "MAX_FILE_BYTES", 1000)
    assert not isinstance(read_one(gzip.compress(LIME.encode()), "x.cif.gz"), str)
    for packing in (".gz", ".bz2", ".xz"):
        packed = PACK[packing](b"1\n" + b" " * 100_000)
        assert len(packed) < 1000
        assert "expected at most" in str(read_one(packed, f"x.cif{packing}"))
        assert "damaged" in str(read_one(PACK[packing](LIME.encode())[:100], f"x.cif{packing}"))
    (tmp_path / "large.cif").write_text(LIME + "#" * 1000)
    assert "expected at most" in str(read_structure(tmp_path / "large.cif"))


def test_other_formats_go_to_pymatgen_whose_warnings_are_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    STRUCTURE.to(filename=str(tmp_path / "lime.cssr"))
    (found,) = read_file(tmp_path / "lime.cssr")
    assert not isinstance(found.crystal, str)

    def read_with_warning(path: Path) -> Structure:
        warnings.warn("half of it is missing", UserWarning, stacklevel=2)
        return STRUCTURE

    # No file that only pymatgen reads is at hand of which it says so.
    monkeypatch.setattr(Structure, "from_file", staticmethod(read_with_warning))
    assert read_structure(tmp_path / "lime.cssr") == "pymatgen reads it only with a warning: half of it is missing"


def test_what_is_no_file_of_a_crystal_says_so(tmp_path: Path):
    assert read_structure(tmp_path / "gone.cif") == "file not found"
    assert read_structure(tmp_path) == "the folder holds no structure file"
    (tmp_path / "salt.cif").write_text(FILES["two.cif"])
    for name, expected in (("salt.cif/x", "Not a directory"), ("a" * 300, "File name too long")):
        assert read_structure(tmp_path / name) == f"not a readable structure file: {expected}"
    assert only_structure(parse_content(FILES["two.cif"])) == "holds 2 crystals, expected one"
    assert read_one(" \n") == "the text is empty"
    for value in (None, float("nan"), 5):
        assert "expected text" in str(parse_content(value)[0].crystal)
    assert "expected block header" in str(read_one("<html>not found</html>", "x.cif"))
    assert plain_name("POSCAR.GZ") == "POSCAR"


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"PK\x03\x04", "zip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x1f\x9d", "compress")]
)
def test_other_packing_is_named(magic: bytes, kind: str):
    """The reason was that of the bytes: a header or a cell that is missing."""
    assert (
        read_one(magic + b"\0" * 30, "salt.cif")
        == f"not a readable structure: it is packed by {kind}, expected gzip, bzip2 or xz"
    )


def test_a_pipe_and_a_name_that_no_file_has_are_reasons(tmp_path: Path):
    """Nobody may ever write into the pipe: reading it never ended."""
    os.mkfifo(tmp_path / "pipe.cif")
    found = [read_crystals([path])[0].found for path in (tmp_path / "pipe.cif", Path("a" * 5000), Path("a\0b.cif"))]
    for reason, expected in zip(found, ("pipe or a device", "File name too long", "null byte"), strict=True):
        assert expected in str(reason)
    with pytest.raises(DataError, match="pipe or a device"):
        open_source(tmp_path / "pipe.cif")


def test_whatever_has_a_structure_files_name_in_a_folder_is_a_row(tmp_path: Path):
    """Pipes, devices and links that lead nowhere were left out without a word; so was JSON."""
    (tmp_path / "good.cif").write_text(cif())
    (tmp_path / "lime.json").write_text(json.dumps(STRUCTURE.as_dict()))
    for name in ("pipe.cif", "pipe.extxyz"):
        os.mkfifo(tmp_path / name)
    for name, target in (("gone.cif", "nowhere"), ("gone.xyz", "nowhere"), ("loop.vasp", "loop.vasp")):
        (tmp_path / name).symlink_to(target)
    (tmp_path / "POSCAR_files").mkdir()
    expected = {
        "good.cif": "CaO",
        "lime.json": "CaO",
        "pipe.cif": "pipe or a device",
        "pipe.extxyz": "pipe or a device",
        "gone.cif": "file not found",
        "gone.xyz": "file not found",
        "loop.vasp": "Too many levels of symbolic links",
    }
    predicted = {Path(one.name).name: one.formula or str(one.found) for one in read_crystals([tmp_path])}
    source = open_source(tmp_path)
    assert source.digest == open_source(tmp_path).digest
    screened = {
        row.material_id: row.reason if isinstance(row, Rejection) else row.formula
        for chunk in source.chunks(10)
        for row in read_chunk(chunk)
    }
    for found in (predicted, screened):
        assert found.keys() == expected.keys()
        assert all(expected[name] in text for name, text in found.items())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a":' * 50_000 + "1" + "}" * 50_000, "nested too deeply"),
        ('{"structure": ' + json.dumps("[" * 50_000) + "}", "nested too deeply"),
        ('{"material_id": "\\ud800", "structure": {}}', "lone surrogate"),
        ('{"lattice_angstrom": [[' + "9" * 400 + ', 0, 0]], "species": ["Cs"], "fractional_coordinates": [0]}', ""),
        ('{"n": ' + "9" * 5000 + "}", "digits"),
    ],
)
def test_what_json_can_hold_and_no_crystal_is_the_reason_of_its_line(text: str, reason: str, tmp_path: Path):
    """A lone surrogate in an id ended a screening where its rows were written; nesting ended the interpreter."""
    good = json.dumps(STRUCTURE.as_dict())
    path = tmp_path / "rows.jsonl"
    path.write_text(f"{good}\n{text}\n{good}\n")
    rows = [row for chunk in open_source(path).chunks(10) for row in read_chunk(chunk)]
    assert [isinstance(row, Rejection) for row in rows] == [False, True, False]
    assert reason in rows[1].reason
    assert [isinstance(one.crystal, str) for one in read_file(path)] == [False, True, False]


def test_a_file_name_that_is_no_text_can_be_written(tmp_path: Path):
    """A screening ended where the name of a file, bytes that are no UTF-8, became a row's id."""
    path = tmp_path / os.fsdecode(b"\xff.cif")
    path.write_text(cif())
    (row,) = (row for chunk in open_source(tmp_path).chunks(10) for row in read_chunk(chunk))
    assert row.material_id == "\\udcff.cif"
    assert read_crystals([path])[0].name.encode().endswith(b"\\udcff.cif")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.yaml", "- 1\n" * 200_000, "YAML of 800000 characters, expected at most 500000"),
        (
            "a.xsf",
            "CRYSTAL\nPRIMVEC\n4 0 0\n0 4 0\n0 0 4\nPRIMCOORD\n2000000000 1\nNa 0 0 0\n",
            "declares 2000000000 atoms in 9",
        ),
        (
            "a.xsf",
            "CRYSTAL\nPRIMVEC\n4 0 0\n0 4 0\n0 0 4\nPRIMCOORD\n" + "9" * 5000 + " 1\n",
            "declares 999999999999999 atoms",
        ),
    ],
)
def test_what_pymatgen_would_be_busy_with_for_minutes_is_refused(name: str, text: str, reason: str, tmp_path: Path):
    """YAML of a megabyte takes it ten seconds, and a number in XSF as much memory as it says."""
    (tmp_path / name).write_text(text)
    assert reason in str(read_file(tmp_path / name)[0].crystal)


def test_a_small_file_of_such_a_format_is_read(tmp_path: Path):
    for name in ("a.yaml", "a.xsf"):
        STRUCTURE.to(filename=str(tmp_path / name))
        (found,) = read_file(tmp_path / name)
        assert not isinstance(found.crystal, str), found.crystal


def test_one_crystal_of_a_file_is_meant_by_its_number(tmp_path: Path):
    (tmp_path / "two.cif").write_text(cif(symbol="F m -3 m") + cif(header="data_other", symbol="F m -3 m (216)"))
    first, second = read_file(tmp_path / "two.cif")
    assert read_file(tmp_path / "two.cif#1")[0].block == first.block == "lime"
    assert read_file(tmp_path / "two.cif#2")[0].crystal == second.crystal
    assert read_file(tmp_path / "two.cif#3")[0].crystal == "the file holds 2 crystals, expected a number up to that"


def test_a_parquet_table_is_named_with_what_reads_it(tmp_path: Path) -> None:
    """Regression: it was read as a POSCAR with a scale factor of binary signs."""
    pd.DataFrame({"structure": ["text"]}).to_parquet(tmp_path / "table.parquet")
    for found in (read_file(tmp_path / "table.parquet"), parse_content((tmp_path / "table.parquet").read_bytes())):
        assert [one.crystal for one in found] == ["a parquet table: `paraisite screen FILE.parquet` predicts its rows"]
