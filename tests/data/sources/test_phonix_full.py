"""The full Phonix database as its authors' files are known to be: forms, columns, rows that are no good."""

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from pymatgen.core import Structure

from paraisite.data.record import Record, Rejection
from paraisite.data.sources.phonix_full import (
    COLUMNS,
    choose_data_files,
    map_columns,
    parse_structure,
    read_phonix_full,
)
from paraisite.data.structure_types import rocksalt, zincblende
from paraisite.errors import ConfigError, DataError, StructureError


def as_ase(structure: Structure) -> dict[str, Any]:
    """Return what ``ase.Atoms.todict`` gives."""
    return {
        "numbers": [site.specie.Z for site in structure],
        "positions": structure.cart_coords.tolist(),
        "cell": structure.lattice.matrix.tolist(),
        "pbc": [True, True, True],
    }


def row(number: int, crystal: Structure | None = None, **changes: Any) -> dict[str, Any]:
    crystal = crystal or rocksalt("Na", "Cl", a_angstrom=5.6)
    return {
        "mp_id": f"mp-{number}",
        "unique_id": f"mp-{number}",
        "formula": crystal.reduced_formula,
        "spg_number": 225,
        "klat[W/mK]": 6.0 + number,
        "kp[W/mK]": 5.9 + number,
        "kc[W/mK]": 0.1,
        "structure": json.dumps(as_ase(crystal)),
    } | changes


def read(
    *files: Path, columns: Mapping[str, str] = COLUMNS, suspects: Mapping[str, str] | None = None
) -> tuple[list[Record], list[Rejection]]:
    return read_phonix_full(
        files,
        columns,
        benchmark_splits={"mp-1": "random_test"},
        suspects=suspects or {},
        on_row=lambda *_: None,
    )


def write(path: Path, *rows: dict[str, Any]) -> Path:
    table = pd.DataFrame(rows)
    if path.suffix == ".parquet":
        table.to_parquet(path)
    elif ".csv" in path.name:
        table.to_csv(path, index=False)
    else:
        text = "".join(json.dumps(each) + "\n" for each in rows).encode()
        path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.csv.gz", "a.jsonl", "a.jsonl.gz"])
def test_every_form_gives_the_same_records(name: str, tmp_path: Path) -> None:
    first, second = row(1), row(2, zincblende("Ga", "As", a_angstrom=5.65), spg_number=216)
    records, rejections = read(write(tmp_path / name, first, second))
    assert not rejections
    assert [record.material_id for record in records] == ["mp-1", "mp-2"]
    assert [record.kappa_w_per_m_k for record in records] == [7.0, 8.0]
    assert [record.prototype for record in records] == ["AB_cF8_225_a_b", "AB_cF8_216_a_c"]
    assert [record.space_group for record in records] == [225, 216]
    assert [record.benchmark_split for record in records] == ["random_test", None]
    assert not any(record.selected_by_label for record in records)
    assert records[0].structure.matches(rocksalt("Na", "Cl", a_angstrom=5.6))
    assert records[1].structure.volume == pytest.approx(5.65**3 / 4)


def test_rows_of_several_files_follow_each_other(tmp_path: Path) -> None:
    records, rejections = read(write(tmp_path / "0.parquet", row(1)), write(tmp_path / "1.parquet", row(1), row(3)))
    assert [record.material_id for record in records] == ["mp-1", "mp-3"]
    assert rejections == [Rejection("mp-1", "duplicate id: an earlier row was kept")]


def test_rows_that_are_no_good_are_rejected_with_the_reason(tmp_path: Path) -> None:
    overlapping = rocksalt("Na", "Cl", a_angstrom=5.6)
    overlapping.replace(1, "Cl", overlapping[0].frac_coords + 0.01)
    file = write(
        tmp_path / "a.jsonl",
        row(1),
        row(2, **{"klat[W/mK]": None}),
        row(3, **{"klat[W/mK]": -1.0}),
        row(4, structure="{}"),
        row(5, structure="import os"),
        row(6, structure=json.dumps(as_ase(overlapping))),
        row(7),
        row(8, spg_number="cubic"),
        row(9, mp_id=""),
        row(10, mp_id=None),
        row(11, spg_number=230.7),
        row(12, spg_number=0),
    )
    records, rejections = read(file, suspects={"mp-7": "an outlier"})
    assert [record.material_id for record in records] == ["mp-1", "row 9", "row 10"]
    reasons = {rejection.material_id: rejection.reason for rejection in rejections}
    assert "klat[W/mK] is nan, expected a number" in reasons["mp-2"]
    assert "expected a positive number" in reasons["mp-3"]
    assert reasons["mp-4"].startswith("no structure as ASE or pymatgen writes it: KeyError")
    assert reasons["mp-5"].startswith("no structure as ASE or pymatgen writes it: SyntaxError")
    assert "overlap" in reasons["mp-6"]
    assert reasons["mp-7"] == "doubtful value: an outlier"
    assert reasons["mp-8"] == "spg_number is 'cubic', expected a number"
    assert reasons["mp-11"] == "space group 230.7, expected a whole number from 1 to 230"
    assert reasons["mp-12"] == "space group 0, expected a whole number from 1 to 230"


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_an_absent_column_is_named_with_the_option_that_helps(name: str, tmp_path: Path) -> None:
    renamed = row(1)
    renamed["klat_300K"] = renamed.pop("klat[W/mK]")
    file = write(tmp_path / name, renamed)
    with pytest.raises(
        DataError,
        match=r"no column 'klat\[W/mK\]' for kappa; it has mp_id, .*klat_300K.*: name .* with --column kappa=",
    ):
        read(file)
    records, _ = read(file, columns=map_columns({"kappa": "klat_300K"}))
    assert records[0].kappa_w_per_m_k == 7.0


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ConfigError, match="'klat' is no field of phonix-db/phonix-full: expected one of id, kappa"):
        map_columns({"klat": "klat[W/mK]"})


@pytest.mark.parametrize("content", [b"PAR1 and no more", b""])
def test_a_damaged_table_is_an_error(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(DataError, match=r"a\.parquet is no readable table"):
        read(tmp_path / "a.parquet")


def test_structures_are_read_as_python_or_pymatgen_write_them() -> None:
    structure = zincblende("Ga", "As", a_angstrom=5.65)
    for value in (str(as_ase(structure)), as_ase(structure), structure.as_dict(), json.dumps(structure.as_dict())):
        assert parse_structure(value).matches(structure)


@pytest.mark.parametrize("value", [None, 3.0, "", "[]", "{'numbers': [0], 'cell': [], 'positions': []}", "[" * 100_000])
def test_what_is_no_structure_is_said_to_be_none(value: Any) -> None:
    with pytest.raises(StructureError, match="no structure as ASE or pymatgen writes it"):
        parse_structure(value)


def test_tables_of_the_preferred_form_are_chosen() -> None:
    assert choose_data_files(["README.md", "b.parquet", "a.csv", "a/1.parquet"]) == ["a/1.parquet", "b.parquet"]
    assert choose_data_files([".gitattributes", "rows.jsonl.gz"]) == ["rows.jsonl.gz"]
    with pytest.raises(DataError, match=r"no table among README\.md, expected one that ends with \.parquet"):
        choose_data_files(["README.md"])
