"""Files of a selection: a table per list of candidates, their crystals as CIF files, and the tables of the replay."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.active_learning.criteria import CIF
from paraisite.core.csv_tables import write_csv
from paraisite.schema import ROW

CANDIDATES_FILE: Final = "candidates.csv"
NEXT_FILE: Final = "next.csv"
"""Candidates by rank, and materials to compute next."""

REPLAY_FILE: Final = "replay.csv"
REPLAY_SUMMARY_FILE: Final = "replay_summary.csv"
STRUCTURES: Final = "structures"


def write_candidates(folder: Path, name: str, rows: pd.DataFrame, structures: Mapping[int, Structure]) -> None:
    """Write one list and its crystals.

    Args:
        folder: Where all lists of a selection lie.
        name: File of the table.
        rows: The listed rows; column ``CIF`` names each crystal's file.
        structures: By row of what was screened.
    """
    (folder / STRUCTURES).mkdir(parents=True, exist_ok=True)
    write_csv(rows, folder / name, float_format="%.6g")
    for row, file in zip(rows[ROW], rows[CIF], strict=True):
        structures[row].to(str(folder / STRUCTURES / file), fmt="cif")


def write_replay(folder: Path, table: pd.DataFrame, summary: pd.DataFrame) -> None:
    """Write the tables of a replay: all steps, and their summary."""
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(table, folder / REPLAY_FILE, float_format="%.6g")
    write_csv(summary, folder / REPLAY_SUMMARY_FILE, float_format="%.6g")
