"""The map of training materials as a figure: coloured by conductivity, with a crystal and its nearest materials."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from paraisite.app.familiar import show_formula
from paraisite.app.material_map import MaterialMap
from paraisite.app.numbers import show_number
from paraisite.app.style import MUTED, PREDICTION, TEXT, kappa_marker, new_figure
from paraisite.arrays import Floats
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.schema import LOG_FLOOR

_HEIGHT: Final = 520
_LABELLED: Final = ("BN", "MgO", "GaAs", "NaCl", "CaF2", "KBr", "CsPbI3", "AlN", "TiO2", "AgCl")
"""Formulas that are written on the map, where they are training materials: most readers know them."""

_ROOM_OF_LABEL: Final = (0.1, 0.06)
"""Width and height of a label and the gap to the next, as parts of the map's."""


def map_figure(of_materials: MaterialMap, own: Floats | None, nearest: Sequence[int], *, name: str) -> go.Figure:
    """Draw the map.

    Args:
        of_materials: The map.
        own: Where the crystal lies, [2]; None: it is nowhere.
        nearest: Rows of the materials that are nearest to it.
        name: Its formula.
    """
    figure = new_figure([_materials(of_materials), _nearest(of_materials, nearest), *_own(own, name)], height=_HEIGHT)
    figure.update_layout(showlegend=False, margin={"l": 26, "b": 60, "t": 8}, clickmode="event+select")
    for axis, meaning, shift in (("xaxis", of_materials.axes[0], "→"), ("yaxis", of_materials.axes[1], "→")):
        figure.update_layout({axis: _axis(f"{meaning} {shift}" if meaning else "")})
    for row in _labelled_rows(of_materials, own):
        _write(figure, of_materials.places[row], of_materials.materials.formula[row], size=12, colour="#111111")
    if own is not None:
        _write(figure, own, name, size=15, colour=PREDICTION)
    return figure


def _write(figure: go.Figure, place: Floats, formula: str, *, size: int, colour: str) -> None:
    """Write a formula above a point; as an annotation, since other text would lie under the points."""
    figure.add_annotation(
        x=place[0], y=place[1], text=show_formula(formula), showarrow=False, yshift=size,
        font={"size": size, "color": colour}, bgcolor="rgba(255,255,255,0.65)", borderpad=0,
    )  # fmt: skip


def clicked_material(event: Mapping[str, Any]) -> int | None:
    """Return the row of the material that was clicked last, from what Streamlit says of a selection."""
    points = event.get("selection", {}).get("points", [])
    rows = [point["customdata"][0] for point in points if point.get("customdata")]
    return int(rows[-1]) if rows else None


def _axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": title, "font": {"size": 13, "color": MUTED}, "standoff": 4}, "showticklabels": False,
        "gridcolor": "#eef1f4", "zeroline": False,
    }  # fmt: skip


def _materials(of_materials: MaterialMap) -> go.Scattergl:
    known = of_materials.materials
    return go.Scattergl(
        x=of_materials.places[:, 0], y=of_materials.places[:, 1], mode="markers",
        marker=kappa_marker(np.log10(np.maximum(known.kappa_w_per_m_k, LOG_FLOOR)), size=6, opacity=0.85),
        unselected={"marker": {"opacity": 0.85}}, selected={"marker": {"size": 11}},
        customdata=_describe(of_materials, range(len(known.formula))),
        hovertemplate="%{customdata[1]}, %{customdata[2]}<br>known: %{customdata[3]} W/m/K<extra></extra>",
    )  # fmt: skip


def _nearest(of_materials: MaterialMap, rows: Sequence[int]) -> go.Scattergl:
    places = of_materials.places[list(rows)]
    ring = {"symbol": "circle-open", "size": 15, "color": TEXT, "line": {"width": 3}}
    return go.Scattergl(
        x=places[:, 0], y=places[:, 1], mode="markers", marker=ring, unselected={"marker": {"opacity": 1.0}},
        customdata=_describe(of_materials, rows),
        hovertemplate="nearest: %{customdata[1]}, %{customdata[2]}<br>known: %{customdata[3]} W/m/K<extra></extra>",
    )  # fmt: skip


def _own(own: Floats | None, name: str) -> list[go.Scattergl]:
    if own is None:
        return []
    star = {"symbol": "star", "size": 20, "color": PREDICTION, "line": {"color": "white", "width": 1.5}}
    return [
        go.Scattergl(
            x=own[:1], y=own[1:], mode="markers", marker=star, unselected={"marker": {"opacity": 1.0}},
            hovertemplate=f"{show_formula(name)}, this crystal<extra></extra>",
        )
    ]  # fmt: skip


def _describe(of_materials: MaterialMap, rows: Sequence[int]) -> list[list[Any]]:
    known = of_materials.materials
    return [
        [
            row,
            show_formula(known.formula[row]),
            describe_structure_type(known.prototype[row]),
            show_number(known.kappa_w_per_m_k[row]),
        ]
        for row in rows
    ]


def _labelled_rows(of_materials: MaterialMap, own: Floats | None) -> list[int]:
    """Return the first row of each formula that is written on the map, those aside that would lie on another's text."""
    rows = {formula: row for row, formula in list(enumerate(of_materials.materials.formula))[::-1]}
    room = _ROOM_OF_LABEL * np.ptp(of_materials.places, axis=0)
    taken = [] if own is None else [own]
    labelled = []
    for row in (rows[formula] for formula in _LABELLED if formula in rows):
        place = of_materials.places[row]
        if all((np.abs(place - other) > room).any() for other in taken):
            taken.append(place)
            labelled.append(row)
    return labelled
