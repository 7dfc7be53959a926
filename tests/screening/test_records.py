"""Rows become the crystals that pymatgen would make of them."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from pymatgen.core import DummySpecies, Species
from pymatgen.core.lattice import Lattice
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.record import Rejection
from paraisite.data.reduced_formulas import reduce_formulas
from paraisite.data.validation import MAX_ATOMS
from paraisite.screening.chunks import Chunk, Form, Span
from paraisite.screening.records import Row, ScreenedCrystal, join_crystals, read_chunk
from tests.graphs.crystals import random_crystals, rocksalt, simple_cubic, symmetric_crystals

NAMES = ("lattice_angstrom", "n_atom", "frac_coords", "atomic_number")


def read_lines(*lines: object) -> list[Row]:
    content = tuple(f"{line if isinstance(line, str) else json.dumps(line)}\n".encode() for line in lines)
    span = Span(Form.LINES, Path("rows.jsonl"), content=content)
    return read_chunk(Chunk(0, 0, len(lines), (span,), 1.0))


def check_same_as_pymatgen(structure: Structure) -> None:
    values = structure.as_dict()
    (row,) = read_lines({"structure": values})
    expected = Structure.from_dict(values)
    arrays = CrystalArrays.from_structures([expected])
    assert isinstance(row, ScreenedCrystal), row
    for name in NAMES:
        np.testing.assert_array_equal(getattr(row.arrays, name), getattr(arrays, name), err_msg=name)
    assert row.formula == reduce_formulas([expected.composition])[0]


@given(symmetric_crystals())
def test_a_dictionary_means_what_it_means_to_pymatgen(structure: Structure):
    check_same_as_pymatgen(structure)


@given(random_crystals())
def test_so_it_does_without_symmetry(structure: Structure):
    check_same_as_pymatgen(structure)


@pytest.mark.parametrize("species", [Species("Fe", 3), "He"], ids=str)
def test_so_it_does_with_oxidation_states(species: object):
    check_same_as_pymatgen(simple_cubic(3.0, species))


@pytest.mark.parametrize(
    ("species", "reason"),
    [
        ({"Na": 0.5, "K": 0.5}, "partial occupancy"),
        ({"Na": 0.9}, "partial occupancy"),
        (DummySpecies("X"), "no chemical element"),
    ],
    ids=str,
)
def test_a_site_without_one_element_is_the_reason_of_its_row(species: object, reason: str):
    (row,) = read_lines({"structure": simple_cubic(3.0, species).as_dict()})
    assert isinstance(row, Rejection)
    assert reason in row.reason


def test_an_isotope_is_the_reason_of_its_row():
    values = simple_cubic(3.0, "H").as_dict()
    values["sites"][0]["species"][0]["element"] = "D"  # pymatgen itself writes H
    (row,) = read_lines({"structure": values})
    assert isinstance(row, Rejection)
    assert "isotope of hydrogen" in row.reason


def test_the_forms_of_a_line_mean_the_same():
    structure = rocksalt()
    cell, symbols, coords = structure.lattice, ["Na", "Cl"], structure.frac_coords
    rows = read_lines(
        {"id": "a", "structure": structure.as_dict()},
        {"name": "b", "structure": json.dumps(structure.as_dict())},
        {"mp_id": "c", "geometry": cell.parameters, "species": symbols, "positions_fractional": coords.tolist()},
        {
            "material_id": "d",
            "lattice_angstrom": cell.matrix.ravel().tolist(),
            "species": symbols,
            "fractional_coordinates": coords.ravel().tolist(),
        },
        structure.as_dict(),
    )
    assert [row.material_id for row in rows] == ["a", "b", "c", "d", "rows.jsonl#5"]
    for row in rows:
        assert row.formula == "NaCl"
        found = Lattice(row.arrays.lattice_angstrom[0]).parameters  # a cell by its angles may be turned
        np.testing.assert_allclose(found, cell.parameters, atol=1e-9)
        np.testing.assert_allclose(row.arrays.frac_coords, coords)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("a 1", "a 1"), (7, "7"), (" ", "rows.jsonl#1"), (float("nan"), "rows.jsonl#1"), (True, "rows.jsonl#1")],
)
def test_an_id_is_a_text_or_a_number_else_the_rows_place(given: object, expected: str):
    (row,) = read_lines({"id": given, "structure": rocksalt().as_dict()})
    assert row.material_id == expected
    (row,) = read_lines({"id": given, "name": "b", "structure": rocksalt().as_dict()})
    assert row.material_id == (expected if "#" not in expected else "b")


def test_numbers_that_json_does_not_know_are_taken_where_python_writes_them():
    structure = rocksalt()
    structure.add_site_property("magmom", [float("nan"), 0.0])
    (row,) = read_lines({"structure": structure.as_dict()})
    assert row.formula == "NaCl"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"material_id": "x"}, "expected a crystal"),
        ({"structure": None}, "expected a crystal"),
        ({"structure": {"sites": [{}]}}, "no structure, but a document with sites"),
        ({"structure": {"sites": [], "lattice": {"matrix": np.eye(3).tolist()}}}, None),
        ({"geometry": [1, 2, 3], "species": ["H"], "positions_fractional": [[0, 0, 0]]}, "not a readable crystal"),
        ({"lattice_angstrom": [1.0] * 9, "species": ["Qq"], "fractional_coordinates": [0.0] * 3}, "Qq"),
        ({"lattice_angstrom": [1.0] * 9, "species": ["H"], "fractional_coordinates": [0.0] * 2}, "2 coordinates for 1"),
        ({"lattice_angstrom": [1.0] * 8, "species": ["H"], "fractional_coordinates": [0.0] * 3}, "not a readable"),
        (
            {"lattice_angstrom": [9.0] * 9, "species": ["H"] * (MAX_ATOMS + 1), "fractional_coordinates": []},
            f"expected at most {MAX_ATOMS}",
        ),
    ],
)
def test_a_row_without_a_crystal_says_why(line: object, reason: str | None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (row,) = read_lines(line)
    if reason is None:
        assert isinstance(row, Rejection) or row.arrays.n_atom == 0
    else:
        assert isinstance(row, Rejection)
        assert reason in row.reason


def test_nothing_joined_is_nothing():
    assert len(join_crystals([])) == 0
