"""A screening as points: how high the conductivity is, against how wide its interval is."""

from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from paraisite.app.familiar import show_formula
from paraisite.app.screening_rows import FACTOR
from paraisite.app.style import NEAREST, PREDICTION, kappa_axis, new_figure
from paraisite.core.shown_text import escape_html
from paraisite.schema import FORMULA, MATERIAL_ID, OUT_OF_DOMAIN_FLAG, PREDICTED_KAPPA, ROW

MAX_POINTS: Final = 5000
"""Points up to which a browser answers at once."""

_HEIGHT: Final = 480
_TICKS: Final = (1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_OUTSIDE: Final = "#a3adb8"


def thin_out(rows: pd.DataFrame) -> pd.DataFrame:
    """Return at most ``MAX_POINTS`` rows: the lowest tenth, and others drawn by chance, the same every time."""
    if len(rows) <= MAX_POINTS:
        return rows
    best = rows.nsmallest(MAX_POINTS // 10, PREDICTED_KAPPA)
    others = rows.drop(best.index).sample(MAX_POINTS - len(best), random_state=0)
    return pd.concat([best, others]).sort_index()


def screening_figure(rows: pd.DataFrame, chosen: int | None) -> go.Figure:
    """Draw rows of a screening.

    Args:
        rows: As ``screening_rows`` describes them.
        chosen: Number of the row that is marked, in its screening.
    """
    outside = rows[OUT_OF_DOMAIN_FLAG].astype(bool) if OUT_OF_DOMAIN_FLAG in rows else pd.Series(False, rows.index)
    marked = rows[rows[ROW] == chosen]
    figure = new_figure(
        [
            _points(rows[~outside], NEAREST, "in the applicability domain"),
            _points(rows[outside], _OUTSIDE, "outside"),
            _points(marked, PREDICTION, "chosen", size=15, symbol="star"),
        ],
        height=_HEIGHT,
    )
    figure.update_layout(
        xaxis=kappa_axis(), yaxis=_factor_axis(rows[FACTOR]), margin={"l": 8, "r": 14, "t": 62},
        clickmode="event+select",
        # Below the menu, which Plotly draws over it otherwise.
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "font": {"size": 13}},
    )  # fmt: skip
    return figure


def _points(rows: pd.DataFrame, colour: str, name: str, *, size: int = 7, symbol: str = "circle") -> go.Scattergl:
    ids = [escape_html(str(material)) for material in rows[MATERIAL_ID]]
    text = zip(rows[ROW], rows[FORMULA], ids, strict=True)
    return go.Scattergl(
        x=rows[PREDICTED_KAPPA], y=rows[FACTOR], mode="markers", name=name, showlegend=len(rows) > 0,
        marker={"color": colour, "size": size, "symbol": symbol, "opacity": 0.75},
        unselected={"marker": {"opacity": 0.75}},
        customdata=[[int(row), show_formula(str(formula)), material] for row, formula, material in text],
        hovertemplate=(
            "%{customdata[1]}, %{customdata[2]}<br>%{x:.3~r} W/m/K, within a factor of %{y:.2f} (80 %)<extra></extra>"
        ),
    )  # fmt: skip


def _factor_axis(factors: "pd.Series[float]") -> dict[str, Any]:
    highest = float(factors.max()) if factors.notna().any() else 3.0
    return {
        "type": "log", "range": [0.0, np.log10(max(highest * 1.15, 1.5))], "tickvals": list(_TICKS),
        "ticktext": [f"× {tick:g}" for tick in _TICKS], "gridcolor": "#e9edf1",
        "title": {"text": "80 % interval: within a factor of", "font": {"size": 13}},
    }  # fmt: skip
