"""The project's own labels as records: tiers ``slack`` and ``kappa``, and what was rejected of each."""

from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pymatgen.core.structure import Structure

from paraisite.data.record import Record, Rejection
from paraisite.data.structure_columns import STRUCTURE_SCHEMA, read_structure_columns
from paraisite.errors import DataError, MissingInputError
from paraisite.schema import FORMULA, KAPPA, MATERIAL_ID, PROTOTYPE, REASON

KAPPA_TIER: Final = "kappa"
"""Conductivities of crystals of any symmetry. ``training.recipes``, which must not import tables, has the name, too."""

SOURCES: Final = {
    "slack": "ParAIsite lab: elastic constants of a machine-learned potential, Slack's expression",
    KAPPA_TIER: "ParAIsite: phonon Boltzmann equation under Nequix-MP-PFT, corrected to PBEsol",
}


def load_tier(folder: Path, tier: str) -> tuple[list[Record], list[Rejection]]:
    """Return the accepted materials of a tier, and the others with their reasons.

    Args:
        folder: Where the lab tables lie.
        tier: "slack" or "kappa".

    Raises:
        MissingInputError: The table is absent.
        DataError: It is damaged.
    """
    table = _read(folder, tier)
    accepted = table.filter(pc.equal(table[REASON], ""))
    refused = table.filter(pc.not_equal(table[REASON], ""))
    columns = (accepted[name].to_pylist() for name in (MATERIAL_ID, KAPPA, PROTOTYPE))
    records = [
        Record(material_id, structure, kappa, prototype, SOURCES[tier])
        for material_id, kappa, prototype, structure in zip(*columns, read_structure_columns(accepted), strict=True)
    ]
    return records, [
        Rejection(*row) for row in zip(*(refused[c].to_pylist() for c in (MATERIAL_ID, REASON)), strict=True)
    ]


def load_accepted_rows(folder: Path, tier: str) -> pd.DataFrame:
    """Return all columns of a tier's accepted materials but those of their structures, in order.

    Raises:
        MissingInputError: The table is absent.
        DataError: It is damaged.
    """
    table = _read(folder, tier)
    return table.filter(pc.equal(table[REASON], "")).drop_columns(STRUCTURE_SCHEMA.names).to_pandas()


def load_relaxed_crystals(folder: Path) -> tuple[pd.DataFrame, tuple[Structure, ...]]:
    """Return every relaxed crystal of tier ``slack`` with its properties, those without a conductivity among them.

    Raises:
        MissingInputError: The table is absent.
        DataError: It is damaged.
    """
    table = _read(folder, "slack")
    relaxed = table.filter(pc.not_equal(table[FORMULA], ""))
    return relaxed.to_pandas(), read_structure_columns(relaxed)


def load_relaxed_formulas(folder: Path) -> frozenset[str]:
    """Return the reduced formulas of what ``load_relaxed_crystals`` returns, without building the crystals.

    Raises:
        MissingInputError: The table is absent.
        DataError: It is damaged.
    """
    return frozenset(_read(folder, "slack")[FORMULA].to_pylist()) - {""}


def _read(folder: Path, tier: str) -> pa.Table:
    path = folder / f"{tier}.parquet"
    try:
        table = pq.read_table(path)
    except FileNotFoundError as error:
        raise MissingInputError(
            f"{path} not found: get it with `dvc pull`, or make it with `python -m paraisite build-labels`"
        ) from error
    except (OSError, pa.ArrowException) as error:
        raise DataError(f"{path} is damaged ({error}): get it anew with `dvc pull --force`") from error
    if missing := [name for name in (MATERIAL_ID, KAPPA, PROTOTYPE, REASON, FORMULA) if name not in table.column_names]:
        raise DataError(
            f"{path} has no column {', '.join(missing)}: make it anew with `python -m paraisite build-labels`"
        )
    return table
