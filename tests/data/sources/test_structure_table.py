"""Parquet tables of a user: structures as lists or as text; what lacks a column is refused."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pymatgen.core import Lattice, Structure

from paraisite.data.sources import own_data, structure_table
from paraisite.data.sources.own_records import ImportOptions
from paraisite.data.structure_columns import append_structure_columns
from paraisite.errors import DataError
from paraisite.labels.phono3py_run import compute_kappa

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])
SILICON = Structure.from_spacegroup("Fd-3m", Lattice.cubic(5.43), ["Si"], [[0, 0, 0]])
load_own_data = partial(own_data.load_own_data, compute_kappa=compute_kappa)
OPTIONS = ImportOptions(source="mine")


def parquet(path: Path, structures: list[Structure], **columns: Any) -> Path:
    """Write a table with structures as this project writes them."""
    pq.write_table(append_structure_columns(pa.table(columns), structures), path)
    return path


def test_a_parquet_table_with_structures_as_lists(tmp_path: Path):
    path = parquet(
        tmp_path / "t.parquet",
        [NACL, SILICON, SILICON],
        material_id=["a", "b", "c"],
        kappa_w_per_m_k=[8.0, 112.0, float("nan")],
        prototype=["rocksalt", None, None],
    )
    records, (rejected,) = load_own_data(path, OPTIONS)
    assert [(record.material_id, record.prototype) for record in records] == [("a", "rocksalt"), ("b", None)]
    np.testing.assert_allclose(records[0].structure.frac_coords, NACL.frac_coords)
    assert rejected.material_id == "c"


def test_a_parquet_table_with_structures_as_text(tmp_path: Path):
    texts = [NACL.to(fmt="cif"), SILICON.to(fmt="poscar"), json.dumps(NACL.as_dict()), "what", None, "{}"]
    pd.DataFrame({"structure": texts, "kappa_w_per_m_k": range(1, 7)}).to_parquet(tmp_path / "t.parquet")
    records, rejected = load_own_data(tmp_path / "t.parquet", OPTIONS)
    assert [record.structure.reduced_formula for record in records] == ["NaCl", "Si", "NaCl"]
    assert [item.material_id for item in rejected] == ["row 4", "row 5", "row 6"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kappa_w_per_m_k": [1.0]}, "neither the columns lattice_angstrom"),
        ({"structure": ["x"]}, "no column 'kappa_w_per_m_k', but structure"),
    ],
)
def test_a_parquet_table_without_what_it_needs_is_a_clear_error(columns: dict, message: str, tmp_path: Path):
    pq.write_table(pa.table(columns), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=message):
        load_own_data(tmp_path / "t.parquet", OPTIONS)
    (tmp_path / "t.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="no readable parquet table"):
        load_own_data(tmp_path / "t.parquet", OPTIONS)


def test_a_damaged_text_costs_its_own_row(tmp_path: Path):
    """One byte that is no UTF-8 ended the import with a traceback."""
    texts = pa.array([NACL.to(fmt="cif").encode(), b"\xff", SILICON.to(fmt="cif").encode()]).view(pa.string())
    pq.write_table(pa.table({"structure": texts, "kappa_w_per_m_k": [8.0, 1.0, 112.0]}), tmp_path / "t.parquet")
    records, (rejected,) = load_own_data(tmp_path / "t.parquet", OPTIONS)
    assert [record.material_id for record in records] == ["row 1", "row 3"]
    assert (rejected.material_id, rejected.reason[:23]) == ("row 2", "the row cannot be read:")


def test_more_rows_than_memory_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(structure_table, "MAX_ROWS", 1)
    path = parquet(tmp_path / "t.parquet", [NACL, SILICON], kappa_w_per_m_k=[8.0, 112.0])
    with pytest.raises(DataError, match="has 2 rows, expected at most 1"):
        load_own_data(path, OPTIONS)
