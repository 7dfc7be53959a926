"""Import, prediction, screening, explanation, verification and graphs give a crystal one verdict, with one reason."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pymatgen.core import DummySpecies, Lattice, Structure

from paraisite.data.sources.own_data import load_own_data
from paraisite.data.sources.own_records import ImportOptions
from paraisite.errors import ConfigError, StructureError
from paraisite.explain.explainers import Explainer, explain
from paraisite.graphs.build import build_graphs
from paraisite.inference.crystals import Crystal
from paraisite.schema import KAPPA, MATERIAL_ID, REASON
from paraisite.screening.chunks import Chunk, Form, Span
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import PredictorScorer
from paraisite.workflows.verify import VerificationOptions, verify_prediction
from tests.graphs.crystals import rocksalt
from tests.inference.known_predictors import tiny_predictor

CUBE = Lattice.cubic(4.0)
PAIR = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]

UNUSABLE = {
    "too close": Structure(CUBE, ["Cs", "Cl"], [[0, 0, 0], [0.1, 0, 0]]),
    "fractions as Å": Structure(CUBE, ["Cs", "Cl"], PAIR, coords_are_cartesian=True),
    "same place": Structure(CUBE, ["Cs", "Cl", "Cl"], [[0.5, 0.5, 0.5], [0, 0, 0], [1, 0, 0]]),
    "flat": Structure(Lattice.orthorhombic(9, 9, 0.3), ["Na"], [[0, 0, 0]]),
    "dense": Structure(Lattice.cubic(0.9), ["Na"], [[0, 0, 0]]),
    "no volume": Structure(Lattice([[4, 0, 0], [0, 4, 0], [4, 4, 0]]), ["Na"], [[0, 0, 0]]),
    "huge": Structure(Lattice.orthorhombic(4, 4, 400), ["Cs", "Cl"], PAIR),
    "dummy": Structure(CUBE, [DummySpecies("X"), "Cl"], PAIR),
    "isotope": Structure(CUBE, ["Na", "D"], PAIR),
    "heavy": Structure(CUBE, ["Am", "Cl"], PAIR),
    "shared site": Structure(CUBE, [{"Na": 0.5, "K": 0.5}, "Cl"], PAIR),
    "vacancy": Structure(CUBE, ["Na", {"Cl": 0.9}], PAIR),
    "no number": Structure(CUBE, ["Na", "Cl"], [[0, 0, 0], [0.5, np.nan, 0.5]]),
    "no cell": Structure([[4, 0, 0], [0, np.nan, 0], [0, 0, 4]], ["Na"], [[0, 0, 0]]),
    "no fraction": Structure(CUBE, ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 1e6]], to_unit_cell=False),
    "many atoms": Structure(Lattice.cubic(100), ["Na"] * 10_001, np.linspace(0, 0.99, 30_003).reshape(-1, 3)),
}
NO_FILE = ("no number", "no cell")
"""What pymatgen reads from no file."""

NAMES, STRUCTURES = list(UNUSABLE), [*UNUSABLE.values(), rocksalt()]


@pytest.fixture(scope="module")
def reasons() -> list[str]:
    """What the graphs say, the last of it of a crystal that can be used."""
    _, rejected = build_graphs(STRUCTURES, [*NAMES, "good"], cutoff_angstrom=4.0, distance_tolerance_angstrom=1e-3)
    assert [row.material_id for row in rejected] == NAMES
    return [row.reason for row in rejected]


def text_of(structure: Structure) -> str:
    """Return the structure as text; as a POSCAR where it holds deuterium, which pymatgen itself writes as hydrogen."""
    if structure is UNUSABLE["isotope"]:
        return Structure(CUBE, ["Na", "Cl"], PAIR).to(fmt="poscar").replace("Cl", "D")
    return json.dumps(structure.as_dict())


def texts() -> list[str]:
    return [text_of(structure) for structure in STRUCTURES]


def test_each_reason_says_what_is_wrong(reasons: list[str]) -> None:
    expected = {
        "too close": "sites 0 (Cs) and 1 (Cl) overlap: 0.4 Å apart, expected at least 1.62 Å",
        "same place": "sites 1 (Cl) and 2 (Cl) overlap: 0 Å apart, expected at least 0.9 Å",
        "fractions as Å": "sites 0 (Cs) and 1 (Cl) overlap: 0.866 Å apart, expected at least 1.62 Å",
        "flat": "the cell is too flat: lattice planes 0.3 Å apart, expected at least 0.5 Å",
        "dense": "the cell's volume is 0.729 Å³ for 1 atoms, expected at least 1 Å³ per atom",
        "no volume": "the cell's volume is 0 Å³ for 1 atoms, expected at least 1 Å³ per atom",
        "huge": "a lattice vector is 400 Å long, expected at most 300 Å",
        "dummy": "site 0 holds no chemical element",
        "heavy": "site 0 has atomic number 95, expected 1 to 94",
        "vacancy": "site 1 is not fully occupied by one element: partial occupancy is not supported",
        "no cell": "a lattice vector or coordinate is not a finite number",
        "no fraction": "a fractional coordinate is 1e+06, expected within ±100",
        "many atoms": "the cell has 10001 atoms, expected at most 10000",
    }
    found = dict(zip(NAMES, reasons, strict=True))
    assert {name: found[name] for name in expected} == expected


def test_prediction_gives_the_reasons_of_the_graphs(reasons: list[str]) -> None:
    assert tiny_predictor().predict(STRUCTURES).reason.tolist() == [*reasons, ""]


def test_explanation_gives_the_reasons_of_the_graphs(reasons: list[str]) -> None:
    crystals = [Crystal(name, structure) for name, structure in UNUSABLE.items()]
    assert [found.row[REASON] for found in explain(Explainer(tiny_predictor()), crystals)] == reasons


def test_screening_gives_the_reasons_of_the_graphs(reasons: list[str]) -> None:
    lines = tuple(json.dumps({"structure": text}).encode() for text in texts())
    chunk = Chunk(0, 0, len(STRUCTURES), (Span(Form.LINES, Path("x.jsonl"), content=lines),), 1.0)
    table = score_chunk(chunk, PredictorScorer(tiny_predictor()))
    assert table.column(REASON).to_pylist() == [*reasons, None]


def test_import_gives_the_reasons_of_the_graphs(reasons: list[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.parquet"
    values = [5.0] * len(STRUCTURES)
    pq.write_table(pa.table({MATERIAL_ID: [*NAMES, "good"], "structure": texts(), KAPPA: values}), path)

    def compute(folder: Path, *, temperature_kelvin: float) -> Any:
        raise NotImplementedError(folder, temperature_kelvin)

    records, rejections = load_own_data(path, ImportOptions("mine"), compute_kappa=compute)
    assert [record.material_id for record in records] == ["good"]
    assert [(rejection.material_id, rejection.reason) for rejection in rejections] == list(
        zip(NAMES, reasons, strict=True)
    )


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NO_FILE])
def test_verification_refuses_with_the_reason_of_the_graphs(name: str, reasons: list[str], tmp_path: Path) -> None:
    text = text_of(UNUSABLE[name])
    path = tmp_path / ("crystal.json" if text.startswith("{") else "POSCAR")
    path.write_text(text)
    with pytest.raises((ConfigError, StructureError)) as raised:
        verify_prediction(str(path), VerificationOptions(), folder=None, output=tmp_path / "out")
    assert str(raised.value) == f"{path}: {reasons[NAMES.index(name)]}"
    assert not (tmp_path / "out").exists()
