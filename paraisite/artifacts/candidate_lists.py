"""Lists of candidates on disk: a table each, the listed crystals as CIF files, and the screening they come from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pandas as pd
from pymatgen.core.structure import Structure

from paraisite.active_learning.criteria import CIF
from paraisite.core.paths import SCREENINGS
from paraisite.errors import MissingInputError
from paraisite.schema import ROW
from paraisite.screening.output import SUMMARY_FILE

CANDIDATES_FILE: Final = "candidates.csv"


NEXT_FILE: Final = "next.csv"


STRUCTURES: Final = "structures"


def last_screening() -> Path:
    """Return the folder of the last complete screening below ``build/screen/``.

    Raises:
        MissingInputError: There is none.
    """
    complete = sorted(SCREENINGS.glob(f"*/{SUMMARY_FILE}"), key=lambda file: file.stat().st_mtime)
    if not complete:
        raise MissingInputError(f"no complete screening below {SCREENINGS}: `python -m paraisite screen …` makes one")
    return complete[-1].parent


def write_candidates(folder: Path, name: str, rows: pd.DataFrame, structures: Mapping[int, Structure]) -> None:
    """Write one list and its crystals.

    Args:
        folder: Where all lists of a selection lie.
        name: File of the table.
        rows: The listed rows; column ``CIF`` names each crystal's file.
        structures: By row of what was screened.
    """
    (folder / STRUCTURES).mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / name, index=False, float_format="%.6g")
    for row, file in zip(rows[ROW], rows[CIF], strict=True):
        structures[row].to(str(folder / STRUCTURES / file), fmt="cif")
