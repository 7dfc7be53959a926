"""The work on one chunk, from rows on disk to a table, in whichever process it is done."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from paraisite.inference.predictor import NOT_FINITE
from paraisite.schema import FORMULA, MATERIAL_ID, REASON, ROW
from paraisite.screening.chunks import Chunk
from paraisite.screening.records import Row, ScreenedCrystal, join_crystals, read_chunk
from paraisite.screening.scorer import Scorer


def score_chunk(chunk: Chunk, scorer: Scorer) -> pa.Table:
    """Return one row for each row of the chunk, in order; see ``table_schema``.

    Raises:
        DataError: A file has changed since the chunk was cut.
        OSError: A file cannot be read any more.
    """
    rows = read_chunk(chunk)
    reasons = {place: row.reason for place, row in enumerate(rows) if not isinstance(row, ScreenedCrystal)}
    crystals = [(place, row) for place, row in enumerate(rows) if isinstance(row, ScreenedCrystal)]
    if not crystals:
        return _table(chunk, rows, reasons, {name: pa.nulls(len(rows)) for name in scorer.columns.names}, scorer)
    scores, places = (
        scorer.score(join_crystals([row for _, row in crystals])),
        np.array([place for place, _ in crystals]),
    )
    reasons |= {int(places[number]): reason for number, reason in scores.reasons.items()}
    finite = np.isfinite(scores.columns[scorer.columns.names[0]])
    known = finite & ~np.isin(np.arange(len(crystals)), list(scores.reasons))
    reasons |= {int(place): NOT_FINITE for place in places[~finite] if place not in reasons}
    predicted = {name: values[known] for name, values in scores.columns.items()}
    return _table(chunk, rows, reasons, _scatter(predicted, places[known], len(rows)), scorer)


def table_schema(scorer: Scorer) -> pa.Schema:
    """Return the columns of a screening: row, material_id, formula, the scorer's (null where there is none), reason."""
    first = [(ROW, pa.int64()), (MATERIAL_ID, pa.string()), (FORMULA, pa.string())]
    return pa.schema([*map(pa.field, *zip(*first, strict=True)), *scorer.columns, pa.field(REASON, pa.string())])


def _scatter(known: Mapping[str, npt.NDArray[Any]], places: npt.NDArray[np.int64], n_row: int) -> dict[str, pa.Array]:
    """Return columns [n_row] that hold the known values at their places, null elsewhere."""
    index = np.full(n_row, -1)
    index[places] = np.arange(len(places))
    rows = pa.array(index, mask=index < 0)
    return {name: pa.array(values, from_pandas=True).take(rows) for name, values in known.items()}


def _table(
    chunk: Chunk, rows: Sequence[Row], reasons: Mapping[int, str], predictions: Mapping[str, pa.Array], scorer: Scorer
) -> pa.Table:
    columns = {
        ROW: range(chunk.first_row, chunk.end_row),
        MATERIAL_ID: [row.material_id for row in rows],
        FORMULA: [row.formula if isinstance(row, ScreenedCrystal) else None for row in rows],
        **predictions,
        REASON: [reasons.get(place) for place in range(len(rows))],
    }
    return pa.table(columns, schema=table_schema(scorer))
