"""Small screenings whose numbers are chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.data.crystal_arrays import CrystalArrays
from paraisite.data.structure_columns import append_structure_columns
from paraisite.graphs.build import build_graphs_from_arrays
from paraisite.schema import (
    COVERAGES,
    KAPPA_LOG10_STD,
    NEAREST_MATERIAL,
    OUT_OF_DOMAIN,
    OUT_OF_DOMAIN_FLAG,
    PREDICTED_KAPPA,
    interval_columns,
)
from paraisite.screening.chunks import Chunk
from paraisite.screening.output import ScreeningFolder
from paraisite.screening.score import score_chunk
from paraisite.screening.scorer import Scores
from paraisite.screening.sources import open_source
from tests.graphs.crystals import SETTINGS, diamond, rocksalt

CHUNK_SIZE = 3
HALF_WIDTHS = (0.15, 0.3, 0.4)
NEAREST_ID = "mp-1342"


@dataclass(frozen=True)
class ShortBondScorer:
    """Predicts a higher kappa for shorter bonds; out of domain above 3.2 Å."""

    digest: str = "short bonds"

    @property
    def columns(self) -> pa.Schema:
        ends = [key for coverage in COVERAGES for key in interval_columns(coverage)]
        numbers = [(name, pa.float64()) for name in (PREDICTED_KAPPA, KAPPA_LOG10_STD, *ends, OUT_OF_DOMAIN)]
        return pa.schema([*numbers, (OUT_OF_DOMAIN_FLAG, pa.bool_()), (NEAREST_MATERIAL, pa.string())])

    def prepare(self) -> None:
        pass

    def score(self, crystals: CrystalArrays) -> Scores:
        graphs, reasons = build_graphs_from_arrays(crystals, **SETTINGS._asdict())
        bond = np.array([graph.bond_distance_angstrom.min() for graph in graphs], np.float64)
        kappa = 10.0 ** (4.0 - bond)
        columns: dict[str, Any] = {PREDICTED_KAPPA: kappa, KAPPA_LOG10_STD: bond / 20.0, OUT_OF_DOMAIN: bond / 5.0}
        for coverage, half_width in zip(COVERAGES, HALF_WIDTHS, strict=True):
            lower, upper = interval_columns(coverage)
            columns |= {lower: kappa * 10**-half_width, upper: kappa * 10**half_width}
        flags = {OUT_OF_DOMAIN_FLAG: bond > 3.2, NEAREST_MATERIAL: np.full(len(bond), NEAREST_ID, object)}
        return Scores(columns | flags, reasons)


def crystals() -> list[Structure]:
    """Return seven crystals; the fifth is the second again in another cell, and the last is out of domain."""
    nacl = rocksalt(5.69)
    nacl_again = nacl.copy()
    nacl_again.make_supercell([1, 1, 2])
    return [
        diamond(5.43),
        nacl,
        rocksalt(4.2, ("Mg", "O")),
        diamond(5.65, ("Ga", "As")),
        nacl_again,
        rocksalt(6.0, ("K", "F")),
        rocksalt(7.0, ("Cs", "I")),
    ]


NAMES = ("Si", "NaCl", "MgO", "GaAs", "NaCl-2", "KF", "CsI")


def screened_table(
    folder: Path, more: Mapping[str, Sequence[Any]] | None = None, *, row_group_size: int | None = None
) -> ScreenedRows:
    """Return the screening of a table of ``crystals`` that has further columns."""
    table = pa.table({"material_id": NAMES, **(more or {})})
    path = folder / "crystals.parquet"
    pq.write_table(append_structure_columns(table, crystals()), path, row_group_size=row_group_size)
    source, scorer = open_source(path), ShortBondScorer()
    output = ScreeningFolder(folder / "screened", str(path))
    output.begin(source, scorer, chunk_size=CHUNK_SIZE)
    chunks: list[Chunk] = list(source.chunks(CHUNK_SIZE))
    for chunk in chunks:
        output.write(chunk, score_chunk(chunk, scorer))
    output.finish(len(NAMES))
    return ScreenedRows.open(folder / "screened", source)
