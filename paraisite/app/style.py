"""What all figures of the page share: colours, the axis of conductivities, and the colours of conductivities."""

import math
from typing import Any, Final

import plotly.graph_objects as go

from paraisite.schema import KAPPA_LABEL

PREDICTION: Final = "#c0392b"
"""The crystal that is asked for, wherever it is drawn."""

NEAREST: Final = "#1f6fb4"
"""Training materials that are nearest to it."""

LITERATURE: Final = "#2e8b57"
"""What is known of the crystal itself."""

KNOWN: Final = "#c9d0d8"
"""All other training materials where conductivity is not their colour."""

TEXT: Final = "#2b333c"
MUTED: Final = "#6b7683"
KAPPA_RANGE: Final = (0.05, 5000.0)
"""From where to where axes of conductivities reach, W/m/K, unless a prediction asks for more."""

CHART: Final[dict[str, Any]] = {
    "displaylogo": False,
    "responsive": True,
    "modeBarButtonsToRemove": ["lasso2d", "select2d"],
}
"""Of every figure in the browser; its picture can be saved from its menu."""

_COLOURS_FROM_TO: Final = (-1.0, 2.5)
_DECADES: Final = (0.01, 0.1, 1.0, 10.0, 100.0, 1000.0, 10000.0)


def new_figure(traces: list[Any], *, height: int) -> go.Figure:
    """Return a figure in the page's fonts and colours, with room for nothing but axes."""
    figure = go.Figure(traces)
    figure.update_layout(
        template="plotly_white", height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8},
        font={"family": '"Source Sans", sans-serif', "size": 14, "color": TEXT},
        hoverlabel={"font": {"size": 14}},
        dragmode=False,
    )  # fmt: skip
    return figure


def kappa_axis(low: float = KAPPA_RANGE[0], high: float = KAPPA_RANGE[1]) -> dict[str, Any]:
    """Return a logarithmic axis of conductivities with plain numbers, from ``low`` to ``high`` W/m/K or wider."""
    return {
        "type": "log", "range": [math.log10(min(low, KAPPA_RANGE[0])), math.log10(max(high, KAPPA_RANGE[1]))],
        "tickvals": list(_DECADES), "ticktext": [f"{value:g}" for value in _DECADES],
        "title": {"text": KAPPA_LABEL, "font": {"size": 13}}, "gridcolor": "#e9edf1", "zeroline": False,
    }  # fmt: skip


def kappa_marker(log10_kappa: Any, **more: Any) -> dict[str, Any]:
    """Return markers that are coloured by log10 of conductivities, with their scale below the figure."""
    low, high = _COLOURS_FROM_TO
    ticks = (0.1, 1.0, 10.0, 100.0)
    return {
        "color": log10_kappa, "colorscale": "Viridis", "cmin": low, "cmax": high,
        "colorbar": {
            "orientation": "h", "y": -0.02, "yanchor": "top", "thickness": 10, "len": 0.9, "outlinewidth": 0,
            "tickvals": [-1.0, 0.0, 1.0, 2.0], "ticktext": [f"{tick:g}" for tick in ticks],
            "title": {"text": "known conductivity (W/m/K)", "side": "bottom", "font": {"size": 13}},
        },
        **more,
    }  # fmt: skip
