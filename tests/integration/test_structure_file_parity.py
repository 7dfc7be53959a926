"""CIFs of pymatgen and ASE mean what they mean to pymatgen, in several styles."""

import gzip
import io
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifParser, CifWriter
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from paraisite.data.structure_files.reading import only_structure, parse_content

PLACE_TOLERANCE_ANGSTROM = 5e-3
EVERY = 6
"""Which of the structures are written: 85, in four styles each."""


@pytest.fixture(scope="module")
def structures(shared_data: Path) -> list[Structure]:
    with gzip.open(shared_data / "mp_stable_sample.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines][::EVERY]
    return [
        Structure(Lattice.from_parameters(*row["geometry"]), row["species"], row["positions_fractional"])
        for row in rows
    ]


def texts_of(structure: Structure) -> Iterator[tuple[str, str]]:
    yield "listed", str(CifWriter(structure))
    yield "with symmetry", str(CifWriter(structure, symprec=0.01))
    conventional = SpacegroupAnalyzer(structure, 0.01).get_conventional_standard_structure()
    yield "conventional", str(CifWriter(conventional))
    text = io.BytesIO()
    pytest.importorskip("ase.io").write(text, AseAtomsAdaptor.get_atoms(structure), format="cif")
    yield "by ASE", text.getvalue().decode()


def read_by_pymatgen(text: str) -> Structure:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (structure,) = CifParser.from_str(text).parse_structures(primitive=False)
    return structure


def assert_same(found: object, expected: Structure, what: str, tolerance: float = PLACE_TOLERANCE_ANGSTROM) -> None:
    assert isinstance(found, Structure), f"{what}: {found}"
    np.testing.assert_allclose(found.lattice.matrix, expected.lattice.matrix, atol=tolerance, err_msg=what)
    assert len(found) == len(expected), what
    distance = expected.lattice.get_all_distances(found.frac_coords, expected.frac_coords)
    nearest = distance.argmin(axis=1)
    assert sorted(nearest.tolist()) == list(range(len(expected))), what
    assert distance.min(axis=1).max() < tolerance, what
    assert [site.specie.symbol for site in found] == [expected[place].specie.symbol for place in nearest], what


def test_written_structures_are_read_as_pymatgen_reads_them(structures: list[Structure]):
    for structure in structures:
        for style, text in texts_of(structure):
            found = only_structure(parse_content(text, "x.cif"))
            assert_same(found, read_by_pymatgen(text), f"{structure.formula}, {style}")


def test_rounded_structures_are_those_that_were_rounded(structures: list[Structure]):
    """Pymatgen itself doubles atoms whose places are rounded to three digits."""
    for structure in structures:
        rounded = str(CifWriter(structure, symprec=0.01, significant_figures=3))
        expected = read_by_pymatgen(str(CifWriter(structure, symprec=0.01)))
        found = only_structure(parse_content(rounded, "x.cif"))
        assert_same(found, expected, structure.formula, tolerance=0.05)


def test_poscars_are_read_as_they_were_written(structures: list[Structure]):
    for structure in structures:
        grouped = structure.get_sorted_structure()
        found = only_structure(parse_content(grouped.to(fmt="poscar"), "POSCAR"))
        assert_same(found, grouped, structure.formula)
