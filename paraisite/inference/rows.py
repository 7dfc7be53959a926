"""Predictions as rows: for JSON, as a table of text and numbers, and for people."""

import json
import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from pymatgen.core.periodic_table import Element
from rich.table import Column, Table
from rich.text import Text

from paraisite import schema
from paraisite.core.shown_text import escape_controls
from paraisite.data.crystal_kinds import name_structure_type
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

NAME_WIDTH: Final = 20
"""What terminals show of a crystal's name; in files and in JSON it is whole."""

_FORMULA_WIDTH: Final = 10
_SHORTEST_NAME: Final = 8
_NEAREST_WIDTH: Final = 14
_GAP: Final = 2
_NEAREST_HEADING: Final = "nearest training materials"


def interval_keys(coverage: float) -> tuple[str, str]:
    """Return the keys of an interval's ends."""
    return f"lower_{100 * coverage:.0f}", f"upper_{100 * coverage:.0f}"


def build_rows(predictions: Predictions) -> list[Row]:
    """Return one row per crystal for JSON: numbers, texts, lists, and None for absent values."""
    numbers = {
        VALUE: predictions.value,
        **schema.name_interval_ends(predictions.lower, predictions.upper, interval_keys),
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


def build_table(rows: Sequence[Row], *, width: int | None = None) -> Table | Text:
    """Return named rows for a terminal, a line for each; below them those without a prediction, with the reason.

    Where none has a prediction there are the reasons alone.

    Args:
        rows: As ``build_named_rows`` returns them.
        width: Characters of a terminal's line: names and neighbours are cut to it, never numbers, and reasons are
            wrapped; None for all of each.
    """
    names = shorten_names([row[NAME] for row in rows])
    with_value = [(name, row) for name, row in zip(names, rows, strict=True) if row[schema.REASON] is None]
    without = [(name, row[schema.REASON]) for name, row in zip(names, rows, strict=True) if row[schema.REASON]]
    reasons = Text("\n".join(escape_controls(f"{name}: no prediction: {reason}") for name, reason in without))
    if not with_value:
        return reasons
    heading = _common_heading([row for _, row in with_value])
    cells = [_cells(name, row, heading=heading) for name, row in with_value]
    headings = ["crystal", "formula", heading or "prediction", "90 % interval", "in domain", _NEAREST_HEADING]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    if width is not None:
        widths = _fit_widths(widths, width)
        headings[-1] = _NEAREST_HEADING if widths[-1] >= len(_NEAREST_HEADING) else "nearest"
        cells = [[*line[:-1], _cut_list(line[-1], widths[-1])] for line in cells]
    justified: list[Literal["left", "right"]] = ["left", "left", "right", "right", "left", "left"]
    columns = [
        Column(title, no_wrap=True, overflow="ellipsis", justify=justify, width=of_column)
        for title, justify, of_column in zip(headings, justified, widths, strict=True)
    ]
    table = Table(*columns, box=None, pad_edge=False)
    table.caption = reasons or None
    table.caption_justify = "left"
    for line in cells:
        table.add_row(*(Text(cell) for cell in line))
    return table


def _fit_widths(widths: Sequence[int], width: int) -> list[int]:
    """Return the widths of the columns in a line of a width; those of the numbers stay."""
    name, formula, *numbers, _ = widths
    name, formula = min(name, NAME_WIDTH), min(formula, _FORMULA_WIDTH)
    left = width - sum(numbers) - formula - _GAP * len(numbers) - 2 * _GAP
    name = min(name, max(left - _NEAREST_WIDTH, _SHORTEST_NAME))
    return [name, formula, *numbers, max(left - name, len("nearest"))]


def _cut_list(text: str, width: int) -> str:
    """Return as many items of a list as have room, the first one at least."""
    while len(text) > width and ", " in text:
        text = text.rpartition(", ")[0]
    return text


def _cells(name: str, row: Row, *, heading: str) -> list[str]:
    value = _value_text(row) if heading else f"{row[TARGET]} {_value_text(row)} {row[UNIT]}".rstrip()
    nearest = ", ".join(f"{near[schema.FORMULA]} {show_known_kappa(near)}" for near in row[NEAREST] or ())
    texts = (name, row[schema.FORMULA], value, _interval_text(row, 0.9), _domain_text(row), nearest)
    return [escape_controls(text) for text in texts]


def show_known_kappa(near: Row) -> str:
    """Return the value of one of the nearest training materials, W/m/K; behind ≈ where it is a label of our own."""
    return f"{'≈' if near[schema.IS_LABEL] else ''}{near[schema.KAPPA]:.3g}"


def shorten_names(names: Sequence[str]) -> list[str]:
    """Return names of files without their folders, of all those whose names differ without them too."""
    short = [name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or name for name in names]
    number = Counter(short)
    return [name if number[base] > 1 else base for name, base in zip(names, short, strict=True)]


def build_flat_rows(rows: Sequence[Row]) -> list[Row]:
    """Return named rows for a table of texts and numbers: without the members, lists joined."""
    return [
        {
            key: "; ".join(_list_item(item) for item in value) if isinstance(value, list) else value
            for key, value in row.items()
            if key != MEMBERS
        }
        for row in rows
    ]


def _list_item(item: Any) -> str:
    return f"{item[schema.FORMULA]} {item[schema.KAPPA]:.4g}" if isinstance(item, dict) else str(item)


def _common_heading(rows: Sequence[Row]) -> str:
    """Return what is predicted with its unit; empty where rows differ in it."""
    found = {(row[TARGET], row[UNIT]) for row in rows}
    if len(found) != 1:
        return ""
    ((target, unit),) = found
    return f"{target} ({unit})" if unit else str(target)


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
                schema.PROTOTYPE: None if (label := materials.prototype[place]) is None else name_structure_type(label),
                schema.KAPPA: float(materials.kappa_w_per_m_k[place]),
                schema.IS_LABEL: materials.holds_label(place),
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
    return f"{row[VALUE]:.4g}{std}"


def _interval_text(row: Row, coverage: float) -> str:
    lower, upper = (row[key] for key in interval_keys(coverage))
    return "–" if lower is None else f"{lower:.3g} to {upper:.3g}"


def _domain_text(row: Row) -> str:
    if row[schema.OUT_OF_DOMAIN_FLAG] is None:
        return "–"
    if row[UNSEEN]:
        return f"no: {', '.join(row[UNSEEN])} unknown"
    return "no" if row[schema.OUT_OF_DOMAIN_FLAG] else "yes"
