"""A prediction with its intervals on an axis of conductivities, among training and familiar materials."""

from typing import Final

import numpy as np
import plotly.graph_objects as go

from paraisite import schema
from paraisite.app.familiar import list_marks, show_formula
from paraisite.app.numbers import show_number
from paraisite.app.style import KNOWN, LITERATURE, MUTED, NEAREST, PREDICTION, TEXT, kappa_axis, new_figure
from paraisite.arrays import Floats
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.inference.rows import MEMBERS, VALUE, Row, interval_keys
from paraisite.inference.rows import NEAREST as NEAREST_KEY

_HEIGHT: Final = 360
_INTERVAL, _MEMBERS, _FIRST_NEAREST, _STEP = 3.2, 2.72, 2.25, 0.42
"""Heights of what is drawn; the training materials' histogram reaches to 1."""

_WIDTHS: Final = (0.44, 0.34, 0.24)
_SHADES: Final = ("rgba(192,57,43,0.62)", "rgba(192,57,43,0.34)", "rgba(192,57,43,0.18)")
"""Of the intervals for ``schema.COVERAGES``."""

_BINS_PER_DECADE: Final = 8


def interval_figure(
    row: Row,
    trained_w_per_m_k: Floats,
    literature_w_per_m_k: float | None = None,
    second_w_per_m_k: float | None = None,
) -> go.Figure:
    """Draw a row that has a prediction.

    Args:
        row: The prediction, as ``inference.rows`` describes it.
        trained_w_per_m_k: Values of the training materials, [n_material].
        literature_w_per_m_k: The crystal's own conductivity, where it is known.
        second_w_per_m_k: What a second model predicts, where there is one.
    """
    ends = [row[key] for coverage in schema.COVERAGES for key in interval_keys(coverage) if row[key] is not None]
    if second_w_per_m_k is not None:
        ends.append(second_w_per_m_k)
    figure = new_figure(
        [
            *_histogram(trained_w_per_m_k),
            *_intervals(row),
            *_members(row),
            *_nearest(row),
            *_second(second_w_per_m_k),
            _prediction(row),
            *_literature(literature_w_per_m_k),
        ],
        height=_HEIGHT,
    )
    figure.update_layout(
        barmode="overlay", bargap=0, showlegend=False, margin={"t": 58, "r": 34},
        xaxis=kappa_axis(min([row[VALUE], *ends]) / 1.3, max([row[VALUE], *ends]) * 1.3),
        yaxis={"visible": False, "range": [0, 3.6], "fixedrange": True},
    )  # fmt: skip
    for name, kappa in list_marks().items():
        figure.add_vline(x=kappa, line={"color": MUTED, "width": 1, "dash": "dot"}, opacity=0.55, layer="below")
        figure.add_annotation(
            x=np.log10(kappa), y=1.0, yref="paper", text=name, showarrow=False, textangle=-45, xanchor="left",
            yanchor="bottom", xshift=-7, font={"size": 12, "color": MUTED},
            hovertext=f"{name}, from the literature: {kappa:g} W/m/K",
        )  # fmt: skip
    return figure


def _histogram(known: Floats) -> list[go.Bar]:
    """Return how many training materials have which conductivity, as tall as 1 at most."""
    if not known.size:
        return []
    low, high = (
        round_(np.log10(end) * _BINS_PER_DECADE) for round_, end in ((np.floor, known.min()), (np.ceil, known.max()))
    )
    edges = np.power(10.0, np.arange(low, high + 1) / _BINS_PER_DECADE)
    counts, _ = np.histogram(known, np.append(edges, edges[-1] * 1.1) if len(edges) < 2 else edges)
    return [
        go.Bar(
            x=np.sqrt(edges[:-1] * edges[1:]), y=counts / counts.max(), width=np.diff(edges), marker={"color": KNOWN},
            customdata=np.stack([edges[:-1], edges[1:], counts], axis=1),
            hovertemplate=(
                "%{customdata[2]} training materials<br>"
                "%{customdata[0]:.3~r} to %{customdata[1]:.3~r} W/m/K<extra></extra>"
            ),
        )
    ]  # fmt: skip


def _intervals(row: Row) -> list[go.Bar]:
    """Return the intervals, the widest first."""
    drawn = []
    for coverage, width, shade in list(zip(schema.COVERAGES, _WIDTHS, _SHADES, strict=True))[::-1]:
        low, high = (row[key] for key in interval_keys(coverage))
        if low is not None:
            drawn.append(
                go.Bar(
                    base=[low], x=[high - low], y=[_INTERVAL], width=width, orientation="h",
                    marker={"color": shade, "line": {"width": 0}},
                    hovertemplate=(
                        f"{100 * coverage:.0f} % interval<br>"
                        f"{show_number(low)} to {show_number(high)} W/m/K<extra></extra>"
                    ),
                )
            )  # fmt: skip
    return drawn


def _members(row: Row) -> list[go.Scatter]:
    members = row[MEMBERS] or []
    if len(members) < 2:
        return []
    marker = {"symbol": "line-ns", "size": 12, "line": {"width": 1.5, "color": MUTED}}
    return [
        go.Scatter(
            x=members, y=[_MEMBERS] * len(members), mode="markers", marker=marker,
            hovertemplate="one member of the model<br>%{x:.3~r} W/m/K<extra></extra>",
        )
    ]  # fmt: skip


def _nearest(row: Row) -> list[go.Scatter]:
    """Return the nearest training materials below each other, the nearest at the top."""
    nearest = row[NEAREST_KEY] or []
    if not nearest:
        return []
    known = [near[schema.KAPPA] for near in nearest]
    return [
        go.Scatter(
            x=known, y=[_FIRST_NEAREST - _STEP * place for place in range(len(nearest))], mode="markers+text",
            text=[f"  {show_formula(near[schema.FORMULA])}" for near in nearest], textposition="middle right",
            marker={"color": NEAREST, "size": 10, "line": {"color": "white", "width": 1}}, cliponaxis=False,
            customdata=[describe_structure_type(near[schema.PROTOTYPE]) for near in nearest],
            hovertemplate="training material %{text}, %{customdata}<br>its value: %{x:.3~r} W/m/K<extra></extra>",
        )
    ]  # fmt: skip


def _prediction(row: Row) -> go.Scatter:
    return go.Scatter(
        x=[row[VALUE]], y=[_INTERVAL], mode="markers",
        marker={"symbol": "diamond", "size": 15, "color": PREDICTION, "line": {"color": "white", "width": 2}},
        hovertemplate=f"prediction<br>{show_number(row[VALUE])} W/m/K<extra></extra>",
    )  # fmt: skip


def _second(kappa: float | None) -> list[go.Scatter]:
    if kappa is None:
        return []
    return [
        go.Scatter(
            x=[kappa], y=[_INTERVAL], mode="markers",
            marker={"symbol": "diamond-open", "size": 15, "color": TEXT, "line": {"width": 2.5}},
            hovertemplate=f"prediction of the second model<br>{show_number(kappa)} W/m/K<extra></extra>",
        )
    ]  # fmt: skip


def _literature(kappa: float | None) -> list[go.Scatter]:
    if kappa is None:
        return []
    cross = {"symbol": "x", "size": 12, "color": LITERATURE, "line": {"color": "white", "width": 1.5}}
    return [
        go.Scatter(
            x=[kappa], y=[_INTERVAL], mode="markers", marker=cross,
            hovertemplate=f"from the literature<br>{kappa:g} W/m/K<extra></extra>",
        )
    ]  # fmt: skip
