"""Tables and numbers of the page, from the rows that ``predict --json`` prints."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from paraisite import schema
from paraisite.app.familiar import show_formula
from paraisite.app.numbers import show_number
from paraisite.arrays import Floats
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.inference.rows import DISTANCE, NAME, NEAREST, UNIT, VALUE, Row, interval_keys

BAR: Final = "conductivity on a logarithmic scale"
"""Column of numbers that are drawn as bars: log10 of kappa in W/m/K."""


LITERATURE: Final = "literature (W/m/K)"


def kappa_text(row: Row) -> str:
    """Return the prediction with its unit, in as many digits as its interval leaves meaning to."""
    return f"{show_number(row[VALUE])} {row[UNIT]}"


def overview_table(
    rows: Sequence[Row],
    literature_w_per_m_k: Sequence[float | None] = (),
    second: tuple[str, Sequence[Row]] | None = None,
) -> pd.DataFrame:
    """Return a line for each crystal, without a value where there is no prediction.

    Args:
        rows: The predictions.
        literature_w_per_m_k: Known conductivities, None where there is none; a column where there is any.
        second: Another model with its predictions, for a column beside the first ones'.
    """
    low, high = interval_keys(0.8)
    values = _numbers(rows)
    known = {LITERATURE: list(literature_w_per_m_k)} if any(literature_w_per_m_k) else {}
    return pd.DataFrame(
        {
            "formula": [show_formula(row[schema.FORMULA] or "–") for row in rows],
            "kappa (W/m/K)": values,
            BAR: np.log10(np.maximum(values, schema.LOG_FLOOR)),
            "80 % interval from": [row[low] for row in rows],
            "to": [row[high] for row in rows],
            **({} if second is None else {f"{second[0]} (W/m/K)": _numbers(second[1])}),
            **known,
            "in domain": [_in_domain(row[schema.OUT_OF_DOMAIN_FLAG]) for row in rows],
            "nearest training material": [_name_nearest(row) for row in rows],
            "name": [row[NAME] for row in rows],
        }
    )


def compare_table(rows: Mapping[str, Row]) -> pd.DataFrame:
    """Return the predictions of several models for one crystal as text, a line for each model.

    Args:
        rows: By model; each has a prediction.
    """
    coverages = schema.COVERAGES[1:]
    return pd.DataFrame(
        {
            "model": list(rows),
            "kappa (W/m/K)": [show_number(row[VALUE]) for row in rows.values()],
            **{
                f"{100 * coverage:.0f} % interval": [_interval(row, coverage) for row in rows.values()]
                for coverage in coverages
            },
            "in domain": [_in_domain(row[schema.OUT_OF_DOMAIN_FLAG]) for row in rows.values()],
        }
    )


def _interval(row: Row, coverage: float) -> str:
    low, high = (row[key] for key in interval_keys(coverage))
    return "–" if low is None else f"{show_number(low)} to {show_number(high)}"


def intervals_table(row: Row) -> pd.DataFrame:
    """Return the intervals as text; a dash where there is none."""
    ends = [[row[key] for key in interval_keys(coverage)] for coverage in schema.COVERAGES]
    return pd.DataFrame(
        {
            "coverage": [f"{100 * coverage:.0f} % of new materials" for coverage in schema.COVERAGES],
            "from": [_number(low) for low, _ in ends],
            "to": [_number(high) for _, high in ends],
        }
    )


def nearest_table(row: Row) -> pd.DataFrame:
    """Return the nearest training materials as text, the nearest first."""
    nearest: list[Row] = row[NEAREST] or []
    return pd.DataFrame(
        {
            "formula": [show_formula(near[schema.FORMULA]) for near in nearest],
            "kappa (W/m/K)": [_show_known(near) for near in nearest],
            "distance": [f"{near[DISTANCE]:.2f}" for near in nearest],
            "structure type": [describe_structure_type(near[schema.PROTOTYPE]) for near in nearest],
        }
    )


def _numbers(rows: Sequence[Row]) -> Floats:
    """Return predictions, NaN where there is none."""
    return np.array([np.nan if row[VALUE] is None else row[VALUE] for row in rows], np.float64)


def _number(value: float | None) -> str:
    return "–" if value is None else show_number(value)


def _show_known(near: Row) -> str:
    return f"{'≈ ' if near[schema.IS_LABEL] else ''}{_number(near[schema.KAPPA])}"


def _in_domain(flag: bool | None) -> str:
    return "–" if flag is None else "no" if flag else "yes"


def _name_nearest(row: Row) -> str | None:
    nearest: list[Row] = row[NEAREST] or []
    return f"{show_formula(nearest[0][schema.FORMULA])}, {_show_known(nearest[0])} W/m/K" if nearest else None
