"""Models' predictions beside descriptors of the crystals, read from the columns of a table of any origin."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from paraisite.errors import DataError
from paraisite.schema import (
    COVERAGES,
    FORMER_COLUMNS,
    FORMER_SCREENING_COLUMNS,
    FORMULA,
    KAPPA_LOG10_STD,
    KAPPA_MEAN,
    KAPPA_VARIANCE,
    LOG10_STD,
    MATERIAL_ID,
    MODEL,
    PREDICTED_KAPPA,
    PREDICTED_MEDIAN_KAPPA,
    REASON,
    ROW,
    interval_columns,
    present_names,
)
from paraisite.screening.side_by_side import SEPARATOR

logger = logging.getLogger(__name__)

QUANTITIES: Final = (KAPPA_MEAN, KAPPA_VARIANCE, KAPPA_LOG10_STD)
"""Columns that a model fills, whatever the table."""

_OTHER_PREDICTIONS: Final = (
    PREDICTED_KAPPA,
    PREDICTED_MEDIAN_KAPPA,
    LOG10_STD,
    *(end for coverage in COVERAGES for end in interval_columns(coverage)),
)
"""What a model fills as well: no descriptor of the crystal, whichever quantities are asked for."""


@dataclass(frozen=True, eq=False)
class ModelPredictions:
    """One model's predictions for some crystals, and the crystals' descriptors.

    Attributes:
        model: Its name.
        quantities: What it predicts, a column each; index: material_id where the table has it, else the row's number.
        descriptors: Of the crystals, a column each, same index; NaN where a value is not known.
        formulas: Of the crystals, same index; None where the table has none.
    """

    model: str
    quantities: pd.DataFrame
    descriptors: pd.DataFrame
    formulas: pd.Series | None = None


def split_by_model(table: pd.DataFrame, *, name: str, quantities: Sequence[str] = QUANTITIES) -> list[ModelPredictions]:
    """Return the predictions of each model of a table.

    Models stand below each other, named in a column "model"; beside each other, as in "RWTG15:mTC_w_per_m_k"; or there
    is one that the table does not name. Every other column of numbers, or of true and false, is a descriptor,
    unless models fill it.

    Args:
        table: One row per crystal, or per crystal and model; rows with a reason are left out.
        name: Of the model that the table does not name.
        quantities: Columns that hold predictions.

    Raises:
        DataError: No column is one of the quantities, or none is a descriptor.
    """
    # Up to version 0.1 columns had other names; in a screening the label's was one of them.
    is_screening = {ROW, KAPPA_MEAN} <= set(table.columns)
    renamed = present_names(table.columns, FORMER_SCREENING_COLUMNS if is_screening else FORMER_COLUMNS)
    table, quantities = table.rename(columns=renamed), [renamed.get(name, name) for name in quantities]
    predicted_rows = _drop_rejected(table, name)
    if MODEL in predicted_rows.columns:
        parts = [(str(model), rows.drop(columns=MODEL)) for model, rows in predicted_rows.groupby(MODEL, sort=False)]
    else:
        parts = list(_split_columns(predicted_rows, name, quantities))
    return [_build_predictions(model, rows, quantities) for model, rows in parts]


def select_shared_crystals(observed: Sequence[ModelPredictions], quantity: str) -> pd.DataFrame:
    """Return a quantity of all models that have it (columns) on the crystals that all of them cover (index).

    Crystals are matched by their ids; there are none where one model has an id twice.
    """
    columns = {each.model: each.quantities[quantity] for each in observed if quantity in each.quantities}
    if any(not column.index.is_unique for column in columns.values()):
        return pd.DataFrame(columns=list(columns), dtype=np.float64)
    return pd.concat(columns, axis=1, join="inner").dropna() if columns else pd.DataFrame()


def _drop_rejected(table: pd.DataFrame, name: str) -> pd.DataFrame:
    if REASON not in table.columns:
        return table.reset_index(drop=True)
    has_reason = table[REASON].fillna("").astype(str).str.strip() != ""
    if has_reason.any():
        logger.warning("%s: %d of %d rows have no prediction and are left out", name, has_reason.sum(), len(table))
    return table.loc[~has_reason].drop(columns=REASON).reset_index(drop=True)


def _split_columns(table: pd.DataFrame, name: str, quantities: Sequence[str]) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each model's name, and the table with its columns alone, by what stands behind its name."""
    parts = {column: str(column).rpartition(SEPARATOR) for column in table.columns}
    models = dict.fromkeys(model for model, _, quantity in parts.values() if model and quantity in quantities)
    others = table.drop(columns=[column for column, (model, _, _) in parts.items() if model in models])
    for model in models:
        own = {column: quantity for column, (of_model, _, quantity) in parts.items() if of_model == model}
        yield model, pd.concat([table[list(own)].rename(columns=own), others], axis=1)
    if not models:
        yield name, table


def _build_predictions(model: str, rows: pd.DataFrame, quantities: Sequence[str]) -> ModelPredictions:
    predicted = [name for name in rows.columns if name in quantities]
    if not predicted:
        present, expected = ", ".join(map(str, rows.columns)), ", ".join(quantities)
        raise DataError(f"{model}: no column that a model fills, expected one of {expected}; found {present}")
    indexed = rows.set_index(MATERIAL_ID) if MATERIAL_ID in rows.columns else rows
    numbers = indexed.drop(columns=ROW, errors="ignore").select_dtypes(["number", "bool", "boolean"])
    finite = numbers.astype(np.float64).replace([np.inf, -np.inf], np.nan)
    descriptors = finite.drop(columns=[*predicted, *QUANTITIES, *_OTHER_PREDICTIONS], errors="ignore")
    if len(unread := set(predicted) - set(finite.columns)) or descriptors.empty:
        what = f"column {', '.join(sorted(unread))} holds no numbers" if unread else "no column of numbers beside it"
        raise DataError(f"{model}: {what}, expected what is known of the crystals beside {', '.join(predicted)}")
    # A model of one member has no variance.
    filled = [name for name in predicted if finite[name].notna().any()] or predicted
    return ModelPredictions(model, finite[filled], descriptors, indexed.get(FORMULA))
