"""What the tests of this folder screen, and a model that needs no network."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from pymatgen.core.structure import Structure

from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.screening.scorer import Scores
from tests.graphs.crystals import SETTINGS, diamond, perovskite, rocksalt, wurtzite

ATOMS, DISTANCE = "n_atom_per_class", "shortest_angstrom"


@dataclass(frozen=True)
class PlainScorer:
    """Says how many atoms a crystal has per class, and how long its shortest bond is."""

    digest: str = "plain"
    seconds_per_chunk: float = 0.0

    @property
    def columns(self) -> pa.Schema:
        return pa.schema([(ATOMS, pa.float64()), (DISTANCE, pa.float64())])

    def prepare(self) -> None:
        pass

    def score(self, crystals: CrystalArrays) -> Scores:
        time.sleep(self.seconds_per_chunk)
        graphs, reasons = build_graphs_from_arrays(crystals, **SETTINGS._asdict())
        columns = np.full((2, len(crystals)), np.nan)
        columns[:, [row for row in range(len(crystals)) if row not in reasons]] = [
            [graph.atom_multiplicity.mean() for graph in graphs],
            [graph.bond_distance_angstrom.min() for graph in graphs],
        ]
        return Scores(dict(zip((ATOMS, DISTANCE), columns, strict=True)), reasons)


def structures(n: int) -> list[Structure]:
    """Return crystals of four types, each a little larger than the one before it."""
    kinds = (rocksalt(), diamond(), wurtzite(), perovskite())
    return [kinds[i % 4].copy().scale_lattice(kinds[i % 4].volume * (1 + 0.001 * i)) for i in range(n)]


def json_lines(crystals: Sequence[Structure]) -> bytes:
    lines = [{"material_id": f"mp-{i}", "structure": crystal.as_dict()} for i, crystal in enumerate(crystals)]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def write_json_lines(path: Path, n: int = 10) -> Path:
    path.write_bytes(json_lines(structures(n)))
    return path


def rows_of(folder: Path) -> pa.Table:
    """Return the rows of a screening as a reader of parquet data sets sees them."""
    import pyarrow.parquet as pq

    return pq.read_table(folder)
