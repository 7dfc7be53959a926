"""Predictions as rows: for JSON, as a table of text and numbers, and for people."""

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pymatgen.core.periodic_table import Element
from rich.table import Column, Table
from rich.text import Text

from paraisite import schema
from paraisite.core.shown_text import escape_controls
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictions import Predictions

if TYPE_CHECKING:
    import pandas as pd

NAME: Final = "file"
TARGET: Final = "target"
VALUE: Final = "value"
UNIT: Final = "unit"
MEAN: Final = "mean"
STD: Final = "std"
VARIANCE: Final = "variance"
MEMBERS: Final = "members"
UNSEEN: Final = "unseen_elements"
NEAREST: Final = "nearest"
DISTANCE: Final = "distance"

STRUCTURE: Final = "structure"
"""Column of a table of crystals: each a text that ``data.structure_files.reading.parse_content`` reads."""

Row = dict[str, Any]


def interval_keys(coverage: float) -> tuple[str, str]:
    """Return the keys of an interval's ends."""
    return f"lower_{100 * coverage:.0f}", f"upper_{100 * coverage:.0f}"


def build_rows(predictions: Predictions) -> list[Row]:
    """Return one row per crystal for JSON: numbers, texts, lists, and None for absent values."""
    numbers = {
        VALUE: predictions.value,
        **_ends(predictions),
        MEAN: predictions.mean,
        STD: np.sqrt(predictions.variance),
        VARIANCE: predictions.variance,
        schema.KAPPA_LOG10_STD: predictions.log10_std,
    }
    return [
        {
            TARGET: predictions.target,
            UNIT: predictions.unit,
            **{key: _number(values[row]) for key, values in numbers.items()},
            MEMBERS: None if predictions.reason[row] else predictions.members[:, row].tolist(),
            **_applicability(predictions, row),
            schema.REASON: str(predictions.reason[row]) or None,
        }
        for row in range(len(predictions))
    ]


def build_named_rows(crystals: Sequence[Crystal], predictions: Predictions) -> list[Row]:
    """Return the same with the crystals' names and formulas in front."""
    rows = zip(crystals, build_rows(predictions), strict=True)
    return [{NAME: crystal.name, schema.FORMULA: crystal.formula, **row} for crystal, row in rows]


def build_frame(predictions: Predictions) -> "pd.DataFrame":
    """Return the rows as a table of numbers and texts: lists are JSON, and an absent text is empty."""
    import pandas as pd  # half a second, which one prediction does without

    rows = build_rows(predictions)
    return pd.DataFrame({key: _column([row[key] for row in rows], kind) for key, kind in list_column_types().items()})


def list_column_types() -> dict[str, str]:
    """Return the columns of ``build_frame`` in their order, with MLflow's names of their types."""
    ends = [key for coverage in schema.COVERAGES for key in interval_keys(coverage)]
    numbers = (VALUE, *ends, MEAN, STD, VARIANCE, schema.KAPPA_LOG10_STD)
    return {
        TARGET: "string",
        UNIT: "string",
        **dict.fromkeys(numbers, "double"),
        MEMBERS: "string",
        schema.OUT_OF_DOMAIN: "double",
        schema.OUT_OF_DOMAIN_FLAG: "boolean",
        UNSEEN: "string",
        NEAREST: "string",
        schema.REASON: "string",
    }


def build_table(rows: Sequence[Row]) -> Table:
    """Return named rows for a terminal; below them those without a prediction, with the reason."""
    name = Column("file", overflow="fold")
    table = Table(name, "formula", "prediction", "80 %", "90 %", "in domain", "nearest training material", box=None)
    without = [row for row in rows if row[schema.REASON] is not None]
    reasons = (escape_controls(f"{row[NAME]}: no prediction: {row[schema.REASON]}") for row in without)
    table.caption = Text("\n".join(reasons)) or None
    table.caption_justify = "left"
    for row in rows:
        if row[schema.REASON] is None:
            table.add_row(*(Text(escape_controls(cell)) for cell in _cells(row)))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row[NAME],
        row[schema.FORMULA],
        _value_text(row),
        *(_interval_text(row, coverage) for coverage in (0.8, 0.9)),
        _domain_text(row),
        ", ".join(f"{near[schema.FORMULA]} {near[schema.KAPPA]:.3g}" for near in row[NEAREST] or ()),
    )


def _ends(predictions: Predictions) -> dict[str, Any]:
    return {
        key: values
        for number, coverage in enumerate(schema.COVERAGES)
        for key, values in zip(
            interval_keys(coverage), (predictions.lower[number], predictions.upper[number]), strict=True
        )
    }


def _applicability(predictions: Predictions, row: int) -> Row:
    """Return a crystal's applicability and nearest training materials; None without a prediction or a domain."""
    found, materials = predictions.applicability, predictions.materials
    if found is None or materials is None or predictions.reason[row]:
        return dict.fromkeys((schema.OUT_OF_DOMAIN, schema.OUT_OF_DOMAIN_FLAG, UNSEEN, NEAREST))
    return {
        schema.OUT_OF_DOMAIN: _number(found.out_of_domain[row]),
        schema.OUT_OF_DOMAIN_FLAG: bool(found.flagged[row]),
        UNSEEN: [Element.from_Z(int(number)).symbol for number in np.flatnonzero(found.unseen[row])],
        NEAREST: [
            {
                schema.MATERIAL_ID: materials.material_id[place],
                schema.FORMULA: materials.formula[place],
                schema.PROTOTYPE: materials.prototype[place],
                schema.KAPPA: float(materials.kappa_w_per_m_k[place]),
                DISTANCE: float(distance),
            }
            for place, distance in zip(found.nearest[row], found.distance[row], strict=True)
        ],
    }


def _column(values: list[Any], kind: str) -> Any:
    if kind == "double":
        return np.array(values, np.float64)
    if kind == "boolean":
        return np.array(values, np.bool_)  # None is False
    return [json.dumps(value) if isinstance(value, list) else value or "" for value in values]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _value_text(row: Row) -> str:
    """Return the value, with the members' standard deviation where there is no interval."""
    has_interval = any(row[key] is not None for coverage in schema.COVERAGES for key in interval_keys(coverage))
    std = "" if has_interval or row[STD] is None else f" ± {row[STD]:.3g}"
    return f"{row[TARGET]} {row[VALUE]:.4g}{std} {row[UNIT]}".rstrip()


def _interval_text(row: Row, coverage: float) -> str:
    lower, upper = (row[key] for key in interval_keys(coverage))
    return "–" if lower is None else f"{lower:.3g} to {upper:.3g}"


def _domain_text(row: Row) -> str:
    if row[schema.OUT_OF_DOMAIN_FLAG] is None:
        return "–"
    if row[UNSEEN]:
        return f"no: {', '.join(row[UNSEEN])} not in training set"
    return "no: too far" if row[schema.OUT_OF_DOMAIN_FLAG] else "yes"
