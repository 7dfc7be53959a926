"""The predictions of several models for one source, in one small table: a row per row, each model's columns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from paraisite.core.damaged_files import refuse_damaged
from paraisite.core.parquet_files import COMPACT, write_parquet
from paraisite.errors import DataError
from paraisite.schema import (
    FORMULA,
    KAPPA_LOG10_STD,
    KAPPA_MEAN,
    KAPPA_VARIANCE,
    MATERIAL_ID,
    OUT_OF_DOMAIN_FLAG,
    REASON,
)

SEPARATOR: Final = ":"
"""Between a model's name and its column, in the names of columns."""

_NUMBERS: Final = (KAPPA_MEAN, KAPPA_VARIANCE, KAPPA_LOG10_STD)
_METADATA: Final = b"paraisite"


@dataclass(frozen=True)
class TableProvenance:
    """The source and the models of a table.

    Attributes:
        source_sha256: Digest of the source.
        model_sha256: Digest of each model, by its name.
    """

    source_sha256: str
    model_sha256: Mapping[str, str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return what a file was made of.

        Raises:
            DataError: It is no such table.
        """
        try:
            return cls(**json.loads((pq.read_schema(path).metadata or {})[_METADATA]))
        except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
            raise DataError(f"{path} holds no models side by side ({error!r}): delete it to have it made") from error


def join_screenings(
    folders: Mapping[str, Path], provenance: TableProvenance, path: Path, *, known: pa.Table | None = None
) -> None:
    """Write mean, variance and standard deviation of each screening of a source in single precision, and the flag.

    Args:
        folders: Of a screening, by the name of its model; at least one.
        provenance: Source and all models, in the order of their columns.
        path: Of the table: material_id, formula, "MODEL:mTC_w_per_m_k" and so on for each model, and the reason of a
            row that no model has a prediction for.
        known: A table of the same source, from which models that have no folder are taken.
    """
    tables = {}
    for model, folder in folders.items():
        with refuse_damaged(folder, remedy="delete it and start the screening again"):
            tables[model] = pq.read_table(folder, page_checksum_verification=True)
    first = next(iter(tables.values()))
    columns = {MATERIAL_ID: first[MATERIAL_ID], FORMULA: first[FORMULA]}
    by_none = pa.array([True] * len(first), pa.bool_())
    for model in provenance.model_sha256:
        predicted = _columns_of(model, tables.get(model), known)
        by_none = pc.and_(by_none, pc.is_null(predicted[f"{model}{SEPARATOR}{KAPPA_MEAN}"]))
        columns |= predicted
    columns[REASON] = pc.if_else(by_none, first[REASON], pa.scalar(None, pa.string()))
    facts = {"source_sha256": provenance.source_sha256, "model_sha256": dict(provenance.model_sha256)}
    table = pa.table(columns).replace_schema_metadata({_METADATA: json.dumps(facts).encode()})
    write_parquet(table, path, **COMPACT)


def has_predictions(path: Path) -> bool:
    """Return whether any row of such a table has a prediction by any model."""
    reasons = pq.read_table(path, columns=[REASON])[REASON]
    return bool(reasons.null_count)


def _columns_of(model: str, screened: pa.Table | None, known: pa.Table | None) -> dict[str, pa.ChunkedArray]:
    """Return a model's columns from its screening, or as an earlier table of models side by side has them."""
    if screened is None:
        if known is None:
            raise DataError(f"no screening by {model}")
        return {name: known[name] for name in known.column_names if name.startswith(f"{model}{SEPARATOR}")}
    predicted = {name: pc.cast(screened[name], pa.float32()) for name in _NUMBERS}
    if OUT_OF_DOMAIN_FLAG in screened.column_names:
        predicted[OUT_OF_DOMAIN_FLAG] = screened[OUT_OF_DOMAIN_FLAG]
    return {f"{model}{SEPARATOR}{name}": values for name, values in predicted.items()}
