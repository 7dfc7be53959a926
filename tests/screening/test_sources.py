"""Sources cut every form into the same chunks: each row once, in order, however large the chunks are."""

import gzip
import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from ase.io import write
from pymatgen.io.ase import AseAtomsAdaptor

from paraisite.data.record import Rejection
from paraisite.data.structure_columns import append_structure_columns
from paraisite.errors import DataError, MissingInputError
from paraisite.inference.crystals import read_crystals
from paraisite.screening import chunks, records, sources
from paraisite.screening.chunks import Source
from paraisite.screening.records import ScreenedCrystal, read_chunk
from paraisite.screening.sources import open_source
from tests.screening.materials import json_lines, structures, write_json_lines

CRYSTALS = structures(7)
FORMULAS = ["NaCl", "Si", "GaN", "BaTiO3", "NaCl", "Si", "GaN"]


def json_lines_file(folder: Path) -> Path:
    return write_json_lines(folder / "rows.jsonl", 7)


def compressed_lines(folder: Path) -> Path:
    path = folder / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(json_lines(CRYSTALS)))
    return path


def frames(folder: Path) -> Path:
    write(folder / "rows.extxyz", [AseAtomsAdaptor.get_atoms(crystal) for crystal in CRYSTALS], format="extxyz")
    return folder / "rows.extxyz"


def folder_of_files(folder: Path) -> Path:
    for number, crystal in enumerate(CRYSTALS[:4]):
        crystal.to(str(folder / f"{number}.cif"))
    write(folder / "more.xyz", [AseAtomsAdaptor.get_atoms(crystal) for crystal in CRYSTALS[4:]], format="extxyz")
    return folder


def table_of_lists(folder: Path) -> Path:
    ids = pa.table({"material_id": [f"mp-{number}" for number in range(7)], "energy": range(7)})
    pq.write_table(append_structure_columns(ids, CRYSTALS), folder / "rows.parquet", row_group_size=4)
    return folder / "rows.parquet"


def table_of_text(folder: Path) -> Path:
    texts = [json.dumps(crystal.as_dict()) for crystal in CRYSTALS[:4]]
    texts += [crystal.to(fmt="cif") for crystal in CRYSTALS[4:6]] + [CRYSTALS[6].to(fmt="poscar")]
    pq.write_table(pa.table({"structure": texts}), folder / "rows.parquet")
    return folder / "rows.parquet"


Make = Callable[[Path], Path]
FORMS: list[Make] = [json_lines_file, compressed_lines, frames, folder_of_files, table_of_lists, table_of_text]


def read(source: Source, n_row: int) -> list[ScreenedCrystal | Rejection]:
    chunks = list(source.chunks(n_row))
    assert [chunk.number for chunk in chunks] == list(range(len(chunks)))
    assert [chunk.first_row for chunk in chunks] == [0, *(chunk.end_row for chunk in chunks)][:-1]
    assert chunks[-1].share_read == pytest.approx(1.0)
    return [row for chunk in chunks for row in read_chunk(chunk)]


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("n_row", [1, 3, 100])
def test_every_form_yields_each_crystal_once_and_in_order(make: Make, n_row: int, tmp_path: Path):
    rows = read(open_source(make(tmp_path)), n_row)
    assert [getattr(row, "formula", row) for row in rows] == FORMULAS
    for row, crystal in zip(rows, CRYSTALS, strict=True):
        assert row.arrays.lattice_angstrom.shape == (1, 3, 3)
        assert len(row.arrays.atomic_number) == len(crystal)


def test_ids_are_the_rows_own_or_their_place(tmp_path: Path):
    assert [row.material_id for row in read(open_source(json_lines_file(tmp_path)), 3)][5] == "mp-5"
    assert [row.material_id for row in read(open_source(table_of_text(tmp_path)), 3)][5] == "rows.parquet#6"
    assert [row.material_id for row in read(open_source(frames(tmp_path)), 3)][5] == "rows.extxyz#6"


@pytest.mark.parametrize("n", [1, 2])
def test_predictions_and_screenings_name_a_files_frames_alike(tmp_path: Path, n: int):
    """The second frame of a file was "rows.extxyz 2" here and "rows.extxyz#2" there."""
    path = tmp_path / "rows.extxyz"
    write(path, [AseAtomsAdaptor.get_atoms(crystal) for crystal in CRYSTALS[:n]])
    lines = tmp_path / "lines.jsonl"
    lines.write_text("".join(json.dumps(crystal.as_dict()) + "\n" for crystal in CRYSTALS[:n]))
    packed = tmp_path / "rows.extxyz.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    for file in (path, lines, packed):
        named = [Path(crystal.name).name for crystal in read_crystals([file])]
        assert [row.material_id for row in read(open_source(file), 1)] == named
        assert named[0] == (file.name if n == 1 else f"{file.name}#1")
    of_folder = [Path(crystal.name).name for crystal in read_crystals([tmp_path])]
    assert [row.material_id for row in read(open_source(tmp_path), 1)] == of_folder


def test_equal_ids_stay_rows_of_their_own(tmp_path: Path):
    path = tmp_path / "rows.jsonl"
    path.write_bytes(2 * json_lines(CRYSTALS[:2]))
    assert [row.material_id for row in read(open_source(path), 3)] == ["mp-0", "mp-1", "mp-0", "mp-1"]


def test_a_name_that_is_no_text_is_a_file_like_others(tmp_path: Path):
    path = tmp_path / os.fsdecode(b"\xff.cif")
    try:
        path.write_text("data_none")
    except OSError:
        pytest.skip("this file system takes text alone")
    assert len(sources.FolderSource(tmp_path).digest) == 64


def test_a_broken_line_is_a_row_with_a_reason_and_a_blank_one_is_none(tmp_path: Path):
    lines = json_lines(CRYSTALS[:3]).splitlines(keepends=True)
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"".join([lines[0], b"\n", lines[1][:200] + b"\n", b"\xff\xfe\n", b"[1]\n", lines[2]]))
    rows = read(open_source(path), 2)
    assert [type(row) for row in rows] == [ScreenedCrystal, Rejection, Rejection, Rejection, ScreenedCrystal]
    assert rows[1].material_id == "rows.jsonl#2"
    assert "not a line of JSON" in rows[1].reason
    assert "expected a crystal" in rows[3].reason


def test_a_truncated_stream_ends_with_an_error_behind_the_last_readable_row(tmp_path: Path):
    path = compressed_lines(tmp_path)
    path.write_bytes(path.read_bytes()[:-200])
    found: list[str] = []

    def read_all() -> None:
        for chunk in open_source(path).chunks(2):
            found.extend(row.material_id for row in read_chunk(chunk))

    with pytest.raises(DataError, match=r"rows\.jsonl\.gz cannot be read behind its row \d"):
        read_all()
    assert found == [f"mp-{number}" for number in range(len(found))]
    assert 2 < len(found) < 7


def test_a_frame_without_a_number_of_atoms_ends_the_file_with_an_error(tmp_path: Path):
    path = frames(tmp_path)
    text = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*text[:4], "what?\n", *text[4:]]))
    chunks = open_source(path).chunks(10)
    assert next(chunks).n_row == 1
    with pytest.raises(DataError, match=r"behind its row 1: .*what.* is no number of atoms"):
        next(chunks)


def test_in_a_folder_such_a_file_costs_one_row(tmp_path: Path):
    (tmp_path / "a.xyz").write_text("what?\n")
    CRYSTALS[1].to(str(tmp_path / "b.cif"))
    first, second = read(open_source(tmp_path), 10)
    assert isinstance(first, Rejection)
    assert second.formula == "Si"


def test_a_file_that_changes_meanwhile_is_an_error(tmp_path: Path):
    path = json_lines_file(tmp_path)
    chunk = next(open_source(path).chunks(5))
    path.write_bytes(b"\n".join(path.read_bytes().split(b"\n")[3:]))
    with pytest.raises(DataError, match="has changed"):
        read_chunk(chunk)


@pytest.mark.parametrize("make", FORMS, ids=lambda make: make.__name__)
def test_the_digest_changes_with_the_rows(make: Make, tmp_path: Path):
    path = make(tmp_path)
    before = open_source(path).digest
    assert open_source(path).digest == before
    file = path if path.is_file() else path / "0.cif"
    file.write_bytes(file.read_bytes() + b"\n")
    assert open_source(path).digest != before


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("absent", MissingInputError, "not found"),
        ("rows.txt", DataError, r"ends in \.parquet, \.jsonl"),
        ("empty", DataError, "no structure file"),
        ("columns.parquet", DataError, "neither the columns"),
        ("broken.parquet", DataError, "cannot be read behind its row 0"),
    ],
)
def test_what_is_no_source_is_refused(name: str, error: type[Exception], message: str, tmp_path: Path):
    (tmp_path / "rows.txt").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.parquet").write_bytes(b"PAR1")
    pq.write_table(pa.table({"x": [1]}), tmp_path / "columns.parquet")
    with pytest.raises(error, match=message):
        list(open_source(tmp_path / name).chunks(2))


@pytest.mark.parametrize("name", ["rows.extxyz", "rows.extxyz.gz"])
def test_a_frame_that_declares_too_many_atoms_costs_itself_only(name: str, tmp_path: Path):
    """All frames behind it were taken for its atoms."""
    texts = [path.read_text() for path in [frames(tmp_path)]]
    path = tmp_path / name
    content = (texts[0] + '1000000000\nLattice="4 0 0 0 4 0 0 0 4"\nCs 0 0 0\n' + texts[0]).encode()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    rows = read(open_source(path), 4)
    assert [getattr(row, "formula", None) for row in rows] == [*FORMULAS, None, *FORMULAS]
    assert "the cell has 1000000000 atoms" in rows[7].reason


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.extxyz", "rows.extxyz.gz"])
@pytest.mark.parametrize("n_row", [1, 100])
def test_a_row_of_any_length_costs_itself_only(name: str, n_row: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A line of zeros, kilobytes as they are packed, filled the memory of a screening."""
    monkeypatch.setattr(chunks, "MAX_FILE_BYTES", 5_000)
    monkeypatch.setattr(records, "MAX_FILE_BYTES", 5_000)
    good = json_lines(CRYSTALS[:1]) if "jsonl" in name else frames(tmp_path).read_bytes().partition(b"\n8\n")[0] + b"\n"
    assert len(good) < 5_000
    first = b"" if "jsonl" in name else b"1\n"
    content = good + first + b" " + 1_000_000 * b"0" + b"\n" + (b"" if "jsonl" in name else b"Cs 0 0 0\n") + good
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    rows = read(open_source(path), n_row)
    assert [getattr(row, "formula", None) for row in rows] == [*rows_of(good), None, *rows_of(good)]
    (bad,) = (row for row in rows if isinstance(row, Rejection))
    assert "MB expected at most" in bad.reason


def rows_of(content: bytes) -> list[str]:
    return FORMULAS[: content.count(b"Lattice=") or 1]


def test_a_chunk_ends_where_it_holds_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A thousand rows can be many gigabytes."""
    monkeypatch.setattr(sources, "MAX_CHUNK_BYTES", 2 * len(json_lines(CRYSTALS[:1])))
    path = compressed_lines(tmp_path)
    assert max(chunk.n_row for chunk in open_source(path).chunks(100)) < len(FORMULAS)
    assert [row.formula for row in read(open_source(path), 100)] == FORMULAS


def test_a_cell_of_a_table_that_is_no_text_costs_its_own_row(tmp_path: Path):
    """One damaged byte in a text ended the chunk, and so the screening."""
    path = table_of_text(tmp_path)
    content = path.read_bytes()
    texts = pa.array([text.encode() for text in pq.read_table(path)["structure"].to_pylist()[:2]] + [b"\xff\xfe"])
    pq.write_table(pa.table({"structure": texts.view(pa.string())}), path)
    assert path.read_bytes() != content
    rows = read(open_source(path), 10)
    assert [getattr(row, "formula", None) for row in rows] == ["NaCl", "Si", None]
    assert "the row cannot be read: 'utf-8' codec can't decode byte 0xff" in rows[2].reason
