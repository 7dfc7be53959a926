"""A user's files: folders with a table of values, extended XYZ, parquet; one bad material costs no other."""

import csv
import os
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymatgen.core import DummySpecies, Lattice, Structure

from paraisite.data.sources import own_data
from paraisite.data.sources.own_records import ImportOptions
from paraisite.data.structure_files import content as file_content
from paraisite.errors import ConfigError, DataError, MissingInputError
from paraisite.labels.phono3py_run import compute_kappa
from tests.data.sources.test_structure_table import parquet

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
load_own_data = partial(own_data.load_own_data, compute_kappa=compute_kappa)
OPTIONS = ImportOptions(source="mine")


def reasons(path: Path, options: ImportOptions = OPTIONS) -> dict[str, str]:
    """Return why rows were rejected."""
    return {item.material_id: item.reason for item in load_own_data(path, options)[1]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    NACL.to(filename=str(tmp_path / "NaCl.cif"))
    SILICON.to(filename=str(tmp_path / "POSCAR_Si"), fmt="poscar")
    (tmp_path / "values.csv").write_text("file,kappa_w_per_m_k,prototype\nNaCl.cif,8.0,rocksalt\nPOSCAR_Si,112,\n")
    return tmp_path


def test_a_folder_of_files_with_a_table(folder: Path):
    (salt, silicon), rejected = load_own_data(folder, OPTIONS)
    assert rejected == []
    assert (salt.material_id, salt.kappa_w_per_m_k, salt.prototype, salt.source) == (
        "NaCl.cif",
        8.0,
        "rocksalt",
        "mine",
    )
    assert salt.structure.reduced_formula == "NaCl"
    assert (silicon.kappa_w_per_m_k, silicon.prototype) == (112.0, None)


@pytest.mark.parametrize(
    "table",
    [
        "material_id,kappa_w_per_m_k\nNaCl,8.0\nPOSCAR_Si,112\n",
        "\ufeffid , kappa_w_per_m_k\nNaCl, 8.0\nPOSCAR_Si, 112\n",
        "id,file,kappa_w_per_m_k\nNaCl,NaCl.cif,8.0\nPOSCAR_Si,POSCAR_Si,1.12e2\n",
    ],
)
def test_files_are_found_by_their_names_or_ids(table: str, folder: Path):
    (folder / "values.csv").write_text(table, encoding="utf-8")
    records, rejected = load_own_data(folder, OPTIONS)
    assert rejected == []
    assert {record.material_id: record.kappa_w_per_m_k for record in records} == {"NaCl": 8.0, "POSCAR_Si": 112.0}


def test_units_and_columns_are_the_users(folder: Path):
    (folder / "values.csv").write_text("file,k\nNaCl.cif,8000\nPOSCAR_Si,112000\n")
    records, _ = load_own_data(folder, ImportOptions(source="mine", column="k", unit="mW/m/K"))
    assert [record.kappa_w_per_m_k for record in records] == pytest.approx([8.0, 112.0])
    with pytest.raises(DataError, match="no column 'kappa_w_per_m_k', but file, k"):
        load_own_data(folder, OPTIONS)
    with pytest.raises(ConfigError, match="unknown unit 'BTU'; known ones are W/m/K"):
        ImportOptions(source="mine", unit="BTU")
    assert "is the unit another?" in reasons(folder, ImportOptions(source="mine", column="k"))["POSCAR_Si"]


BAD_VALUES = {
    "": "expected a number",
    "high": "expected a number",
    "nan": "expected a finite number",
    "inf": "expected a finite number",
    "0": "expected a positive number",
    "-8": "expected a positive number",
    "1e9": "is the unit another",
    "8,0": "expected a number",
}


def test_a_bad_value_costs_its_own_line(folder: Path):
    lines = [f'bad{number},NaCl.cif,"{value}"' for number, value in enumerate(BAD_VALUES)]
    (folder / "values.csv").write_text("\n".join(["id,file,kappa_w_per_m_k", *lines, "good,POSCAR_Si,112"]) + "\n")
    records, rejected = load_own_data(folder, OPTIONS)
    assert [record.material_id for record in records] == ["good"]
    for item, expected in zip(rejected, BAD_VALUES.values(), strict=True):
        assert expected in item.reason


def test_a_line_of_another_length_costs_itself_only(folder: Path):
    lines = ["NaCl.cif,8", "NaCl.cif,8,rocksalt,and more", "POSCAR_Si", ",5,"]
    (folder / "values.csv").write_text("\n".join(["file,kappa_w_per_m_k,prototype", *lines]))
    (salt,), rejected = load_own_data(folder, OPTIONS)
    assert (salt.material_id, salt.prototype) == ("NaCl.cif", None)
    assert {item.material_id: item.reason for item in rejected} == {
        "'NaCl.cif,8,rocksalt,and more'": "a line of 4 cells, expected 3",
        "POSCAR_Si": "the value is '', expected a number",
        "row 3": "the folder holds no structure file",
    }


def test_a_row_without_an_id_is_known_by_its_file_or_place(folder: Path):
    (folder / "values.csv").write_text("id,file,kappa_w_per_m_k\n,NaCl.cif,8\n,POSCAR_Si,112\n")
    assert [record.material_id for record in load_own_data(folder, OPTIONS)[0]] == ["NaCl.cif", "POSCAR_Si"]
    path = parquet(folder / "t.parquet", [NACL, SILICON], material_id=["", None], kappa_w_per_m_k=[8.0, 112.0])
    assert [record.material_id for record in load_own_data(path, OPTIONS)[0]] == ["row 1", "row 2"]


def test_deuterium_is_not_taken_for_hydrogen(folder: Path):
    cif = NACL.to(fmt="cif")
    (folder / "NaD.cif").write_text(cif.replace("Cl", "D"))
    (folder / "POSCAR_NaD").write_text(NACL.to(fmt="poscar").replace("Cl", "D"))
    (folder / "values.csv").write_text("file,kappa_w_per_m_k\nNaD.cif,5\nPOSCAR_NaD,5\n")
    found = reasons(folder)
    assert "an isotope of hydrogen (D or T)" in found["NaD.cif"]
    assert "an isotope of hydrogen (D or T)" in found["POSCAR_NaD"]


def bad_files(folder: Path) -> dict[str, str]:
    """Write files without a usable crystal; return the reason expected for each."""
    cubic = Lattice.cubic
    structures = {
        "shared.cif": (Structure(cubic(3), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]]), "partial occupancy"),
        "empty_site.cif": (Structure(cubic(3), [{"Na": 0.5}], [[0, 0, 0]]), "partial occupancy"),
        "overlap.cif": (
            Structure(cubic(4), ["Na", "Cl"], [[0, 0, 0], [0.02, 0, 0]]),
            "sites 0 (Na) and 1 (Cl) overlap",
        ),
        "dummy.cif": (Structure(cubic(4), [DummySpecies("X")], [[0, 0, 0]]), ""),
        "flat.cif": (Structure(Lattice.orthorhombic(9, 9, 0.3), ["Na"], [[0, 0, 0]]), "too flat"),
        "dense.cif": (Structure(cubic(0.9), ["Na"], [[0, 0, 0]]), "Å³ per atom"),
    }
    expected = {}
    for name, (structure, reason) in structures.items():
        structure.to(filename=str(folder / name))
        expected[name] = reason
    contents = {
        "truncated.cif": (folder / "NaCl.cif").read_bytes()[:300],
        "nothing.cif": b"",
        "binary.cif": bytes(range(256)),
        "page.cif": b"<html>not found</html>",
        "nan.vasp": b"x\n1.0\nnan 0 0\n0 4 0\n0 0 4\nNa\n1\ndirect\n0 0 0\n",
        "zero.vasp": b"x\n1.0\n0 0 0\n0 4 0\n0 0 4\nNa\n1\ndirect\n0 0 0\n",
        "unknown.vasp": b"x\n1.0\n4 0 0\n0 4 0\n0 0 4\nQq\n1\ndirect\n0 0 0\n",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        expected[name] = ""
    return expected


def test_a_bad_file_costs_its_own_line(folder: Path):
    expected = bad_files(folder)
    lines = [f"{name},5" for name in [*expected, "gone.cif", "../NaCl.cif"]]
    (folder / "values.csv").write_text("\n".join(["file,kappa_w_per_m_k", "NaCl.cif,8", *lines, "NaCl.cif,9"]) + "\n")
    records, rejected = load_own_data(folder, OPTIONS)
    assert [(record.material_id, record.kappa_w_per_m_k) for record in records] == [("NaCl.cif", 8.0)]
    found = {item.material_id: item.reason for item in rejected}
    for name, text in (expected | {"gone.cif": "file not found", "NaCl.cif": "duplicate id"}).items():
        assert text in found[name], (name, found[name])
        assert "\n" not in found[name]
    assert found["POSCAR_Si"] == "no line of the table of values names this file"


def test_five_hundred_files_good_and_broken(tmp_path: Path):
    salt, lines = NACL.to(fmt="cif"), ["file,kappa_w_per_m_k"]
    for number in range(500):
        (tmp_path / f"{number}.cif").write_text(salt if number % 5 else salt[: number % 50 * 20])
        lines.append(f"{number}.cif,{1 + number}")
    (tmp_path / "values.csv").write_text("\n".join(lines))
    records, rejected = load_own_data(tmp_path, OPTIONS)
    assert (len(records), len(rejected)) == (400, 100)
    expected = ("not a readable structure file", "the coordinates are Cartesian or not complete")
    assert all(item.reason.startswith(expected) for item in rejected)


def test_a_cif_that_was_cut_off_is_never_another_crystal(tmp_path: Path):
    whole, lines = NACL.to(fmt="cif"), ["file,kappa_w_per_m_k"]
    for end in range(whole.index("_atom_site_type_symbol"), len(whole)):
        (tmp_path / f"{end}.cif").write_text(whole[:end])
        lines.append(f"{end}.cif,8")
    (tmp_path / "values.csv").write_text("\n".join(lines))
    records, rejected = load_own_data(tmp_path, OPTIONS)
    assert {record.structure.reduced_formula for record in records} == {"NaCl"}
    assert any("is not the formula that it names, Na4 Cl4: is it cut off" in item.reason for item in rejected)


def test_an_enormous_file_is_not_parsed(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(file_content, "MAX_FILE_BYTES", 100)
    assert "expected at most" in reasons(folder)["NaCl.cif"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (None, "holds 0 CSV tables, expected one: name it with --values"),
        ("kappa_w_per_m_k\n5\n", "expected one of file, filename, path or, for files named after their ids"),
        ("", "no readable CSV table"),
        ("file,kappa_w_per_m_k\nNaCl.cif,8\n".encode("utf-16"), "not UTF-8 text"),
    ],
)
def test_a_table_that_cannot_be_used_is_a_clear_error(table: str | bytes | None, message: str, folder: Path):
    (folder / "values.csv").unlink()
    if table is not None:
        (folder / "values.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    with pytest.raises(DataError, match=message):
        load_own_data(folder, OPTIONS)
    with pytest.raises(MissingInputError, match="not found"):
        load_own_data(folder, ImportOptions(source="mine", table=folder / "gone.csv"))


def test_what_is_no_data_is_a_clear_error(tmp_path: Path):
    with pytest.raises(MissingInputError, match="not found: expected a folder"):
        load_own_data(tmp_path / "gone", OPTIONS)
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"ends in \.parquet, \.extxyz or \.xyz"):
        load_own_data(tmp_path / "notes.txt", OPTIONS)


EXTENDED_XYZ = """2
Lattice="2.845 2.845 0 2.845 0 2.845 0 2.845 2.845" Properties=species:S:1:pos:R:3 {facts} pbc="{pbc}"
Na 0 0 0
Cl 2.845 2.845 2.845
"""


def test_extended_xyz_holds_many_crystals_and_their_values(tmp_path: Path):
    frames = [
        EXTENDED_XYZ.format(facts="name=salt kappa_w_per_m_k=8.0", pbc="T T T"),
        EXTENDED_XYZ.format(facts="kappa_w_per_m_k=7.0", pbc="T T T"),
        EXTENDED_XYZ.format(facts="kappa_w_per_m_k=-1", pbc="T T T"),
        EXTENDED_XYZ.format(facts="name=sheet kappa_w_per_m_k=7.0", pbc="T T F"),
        EXTENDED_XYZ.format(facts="energy=1.0", pbc="T T T"),
        EXTENDED_XYZ.format(facts="name=odd kappa_w_per_m_k=7.0", pbc="T T T").replace("Na 0 0 0", "Na 0 what 0"),
        EXTENDED_XYZ.format(facts="name=last kappa_w_per_m_k=6.0", pbc="T T T"),
        "\n2\nbroken",
    ]
    path = tmp_path / "all.extxyz"
    path.write_text("".join(frames))
    records, rejected = load_own_data(path, OPTIONS)
    assert {record.material_id: record.kappa_w_per_m_k for record in records} == {
        "salt": 8.0,
        "all.extxyz#2": 7.0,
        "last": 6.0,
    }
    assert records[0].structure.reduced_formula == "NaCl"
    found = {item.material_id: item.reason for item in rejected}
    assert "positive" in found["all.extxyz#3"]
    assert "not periodic" in found["sheet"]
    assert "no kappa_w_per_m_k" in found["all.extxyz#5"]
    assert "not a readable structure" in found["all.extxyz#6"]
    assert "not a readable structure" in found["all.extxyz#8"]


def test_an_extended_xyz_file_ends_where_no_length_stands(tmp_path: Path):
    frame = EXTENDED_XYZ.format(facts="kappa_w_per_m_k=8.0", pbc="T T T")
    (tmp_path / "a.xyz").write_text(frame + "many\n" + frame)
    (record,), (rejected,) = load_own_data(tmp_path / "a.xyz", OPTIONS)
    assert record.kappa_w_per_m_k == 8.0
    assert rejected.reason == "not a readable structure: 'many', expected the number of atoms"


def test_one_extended_xyz_file_per_crystal(tmp_path: Path):
    (tmp_path / "salt.extxyz").write_text(EXTENDED_XYZ.format(facts="", pbc="T T T"))
    (tmp_path / "two.extxyz").write_text(EXTENDED_XYZ.format(facts="", pbc="T T T") * 2)
    (tmp_path / "values.csv").write_text("file,kappa_w_per_m_k\nsalt.extxyz,8\ntwo.extxyz,9\n")
    (record,), (rejected,) = load_own_data(tmp_path, OPTIONS)
    assert record.material_id == "salt.extxyz"
    assert "holds 2 crystals, expected one" in rejected.reason


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)), value=st.text(max_size=12))
def test_no_content_of_a_file_or_a_cell_costs_another_row(content: bytes, value: str, tmp_path: Path):
    (tmp_path / "good.cif").write_text(NACL.to(fmt="cif"))
    for name in ("odd.cif", "POSCAR_odd", "odd.extxyz"):
        (tmp_path / name).write_bytes(content)
    names = ["good.cif", "odd.cif", "POSCAR_odd", "odd.extxyz", "good2"]
    rows = {"file": names, "kappa_w_per_m_k": ["8", "5", "5", "5", value]}
    pd.DataFrame(rows).to_csv(tmp_path / "values.csv", index=False, quoting=csv.QUOTE_ALL)
    records, rejected = load_own_data(tmp_path, OPTIONS)
    assert records[0].material_id == "good.cif"
    assert len(records) + len(rejected) == len(names)


def test_names_that_lead_elsewhere_cost_their_own_line(folder: Path):
    """A table from elsewhere could have any file read, hang in a pipe, or end the import with the name of none."""
    inside, pipe, long = folder / "in", folder / "in" / "pipe.cif", "a" * 5000
    inside.mkdir()
    os.mkfifo(pipe)
    NACL.to(filename=str(inside / "NaCl.cif"))
    names = ["../NaCl.cif", str(folder / "NaCl.cif"), "sub/../../POSCAR_Si", "pipe.cif", long, "NaCl.cif"]
    (inside / "values.csv").write_text("\n".join(["file,kappa_w_per_m_k", *(f"{name},8" for name in names)]))
    records, rejected = load_own_data(inside, OPTIONS)
    assert [record.material_id for record in records] == ["NaCl.cif"]
    found = {item.material_id: item.reason for item in rejected}
    assert [found.pop(name) for name in names[:3]] == ["the file lies outside the folder, expected one in it"] * 3
    assert "it is a pipe or a device, expected a file" in found["pipe.cif"]
    assert "File name too long" in found[long]


def test_a_name_without_suffix_means_one_file(folder: Path):
    """The last of several files was taken without a word; JSON is often metadata of a structure file."""
    (folder / "values.csv").write_text("id,kappa_w_per_m_k\nNaCl,8.0\nPOSCAR_Si,112\nsilicon,112\n")
    (folder / "NaCl.json").write_text('{"temperature": 300}')
    SILICON.to(filename=str(folder / "silicon.json"))
    records, rejected = load_own_data(folder, OPTIONS)
    assert [record.structure.reduced_formula for record in records] == ["NaCl", "Si", "Si"]
    assert rejected == []
    SILICON.to(filename=str(folder / "NaCl.vasp"), fmt="poscar")
    assert "several files have this name, NaCl.cif, NaCl.vasp" in reasons(folder)["NaCl"]


@pytest.mark.parametrize("line", ["NaCl.cif,8,5", 'NaCl.cif,"8,5"', "NaCl.cif,1_050", "NaCl.cif,\u0668", '"NaCl.cif,8'])
def test_the_first_line_of_a_table_is_read_as_strictly_as_others(line: str, folder: Path):
    """The first line was cut to the header's length: 8,5 without quotation marks was imported as 8."""
    (folder / "values.csv").write_text(f"file,kappa_w_per_m_k\n{line}\n", encoding="utf-8")
    records, rejected = load_own_data(folder, OPTIONS)
    assert records == []
    assert {"NaCl.cif", "POSCAR_Si"} <= {item.material_id for item in rejected}
    assert all(item.reason for item in rejected)


def test_a_line_may_end_in_empty_cells(folder: Path):
    (folder / "values.csv").write_text("file,kappa_w_per_m_k\nNaCl.cif,8,,\nPOSCAR_Si,112,\n")
    assert [record.kappa_w_per_m_k for record in load_own_data(folder, OPTIONS)[0]] == [8.0, 112.0]


@pytest.mark.parametrize("twice", ["kappa_w_per_m_k", "file", "formula"])
def test_a_column_that_stands_twice_is_refused(twice: str, folder: Path):
    """The first of them was taken."""
    (folder / "values.csv").write_text(f"file,kappa_w_per_m_k,formula,{twice}\nNaCl.cif,8,NaCl,9\n")
    with pytest.raises(DataError, match=f"has the column '{twice}' 2 times, expected it once"):
        load_own_data(folder, OPTIONS)


BESIDE = {
    "formula": ("NaCl", "NaBr", "the formula Na Br"),
    "Composition": ("Na4Cl4", "NaCl2", "which is not the formula"),
    "elements": ("Na, Cl", "Na, Br", "the elements are said to be Br-Na"),
    "nsites": ("8", "2", "8 atoms were read, while the file says 2"),
    "spacegroup": ("Fm-3m", "Pm-3m", "the file says 221"),
    "Temperature": ("298.15", "800", "the value is of 800 K, expected one of 300 K"),
    "unit": ("W m^-1 K^-1", "mW/(m K)", "the value's unit is 'mW/m/K', expected W/m/K"),
    "Units": ("W/m·K", "BTU/(hr ft F)", "the value's unit is 'BTU/(hr ft F)', expected W/m/K"),
}


@pytest.mark.parametrize("column", BESIDE)
def test_what_a_table_says_beside_a_file_is_compared(column: str, folder: Path):
    """Columns of a CSV table were compared with nothing, while those of a parquet table were."""
    right, wrong, reason = BESIDE[column]
    lines = f'file,id,kappa_w_per_m_k,{column}\nNaCl.cif,a,8,"{right}"\nNaCl.cif,b,8,"{wrong}"\nPOSCAR_Si,c,112,\n'
    (folder / "values.csv").write_text(lines)
    records, rejected = load_own_data(folder, OPTIONS)
    assert [record.material_id for record in records] == ["a", "c"]
    assert [item.material_id for item in rejected] == ["b"]
    assert reason in rejected[0].reason


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("kappa (mW/mK)", "is in mW/m/K by its name, and read in W/m/K"),
        ("kappa_W_per_cm_K", "is in W/cm/K by its name"),
        ("log10_kappa", "holds logarithms by its name"),
    ],
)
def test_a_column_whose_name_says_another_unit_is_refused(column: str, reason: str, folder: Path):
    options = ImportOptions(source="mine", column=column)
    (folder / "values.csv").write_text(f"file,{column}\nNaCl.cif,8\nPOSCAR_Si,112\n")
    table = parquet(folder / "t.parquet", [NACL], **{column: [8.0]})
    for path in (folder, table):
        with pytest.raises(DataError, match=reason):
            load_own_data(path, options)


def test_a_column_may_name_its_unit(folder: Path):
    (folder / "values.csv").write_text("file,kappa [W/(m K)]\nNaCl.cif,8\nPOSCAR_Si,112\n")
    assert len(load_own_data(folder, ImportOptions(source="mine", column="kappa [W/(m K)]"))[0]) == 2
    with pytest.raises(DataError, match="by its name"):
        load_own_data(folder, ImportOptions(source="mine", column="kappa [W/(m K)]", unit="W/cm/K"))


def test_a_parquet_row_of_another_temperature_is_refused(tmp_path: Path):
    path = parquet(tmp_path / "t.parquet", [NACL, NACL], kappa_w_per_m_k=[8.0, 3.0], temperature=[300.0, 800.0])
    assert reasons(path) == {"row 2": "the value is of 800 K, expected one of 300 K"}
    texts = ["300 K", "room temperature", "25 °C", "100 C", ""]
    path = parquet(tmp_path / "t.parquet", [NACL] * 5, kappa_w_per_m_k=[8.0] * 5, temperature=texts)
    assert reasons(path) == {"row 4": "the value is of 373.15 K, expected one of 300 K"}
