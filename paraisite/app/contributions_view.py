"""What each part of a crystal does to its prediction, as bars."""

from typing import Final

import numpy as np
import plotly.graph_objects as go

from paraisite.app.style import MUTED, new_figure
from paraisite.explain.contributions import Contributions
from paraisite.explain.text import SHOWN_PARTS

RAISES: Final = "#d1742f"
LOWERS: Final = "#3b7fb6"
_STEPS: Final = ((0.75, (2.0, 5.0)), (0.35, (2.0,)), (0.2, (1.5,)), (0.0, (1.1,)))
"""Ticks above and below one, by how far the axis reaches, dex."""


def contributions_figure(found: Contributions) -> go.Figure:
    """Draw the parts that do most, the largest at the top: the factor by which each changes the conductivity."""
    shown = found.order[:SHOWN_PARTS]
    values = found.mean_dex[shown]
    several = len(found.dex) > 1
    figure = new_figure(
        [
            go.Bar(
                x=values, y=list(range(len(shown))), orientation="h", width=0.46,
                marker={"color": [RAISES if value > 0 else LOWERS for value in values]},
                error_x={"array": found.std_dex[shown], "color": MUTED, "thickness": 1} if several else None,
                customdata=[[found.parts[part].label, found.parts[part].detail, found.factor[part]] for part in shown],
                hovertemplate="%{customdata[0]}: times %{customdata[2]:.2f}<br>%{customdata[1]}<extra></extra>",
            )
        ],
        height=80 + 40 * len(shown),
    )  # fmt: skip
    figure.update_layout(
        showlegend=False, margin={"l": 8, "r": 8, "t": 8, "b": 44},
        xaxis=_factor_axis(float(np.abs(values).max())), yaxis={"visible": False, "range": [len(shown) - 0.3, -0.75]},
    )  # fmt: skip
    for row, part in enumerate(shown):
        # White, as on a phone the axis of one would run through long names.
        figure.add_annotation(
            x=0, xref="x domain", y=row, yshift=17, text=found.parts[part].label, showarrow=False, xanchor="left",
            font={"size": 12.5}, bgcolor="white", borderpad=0,
        )  # fmt: skip
    return figure


def _factor_axis(reach_dex: float) -> dict[str, object]:
    """Return an axis of factors that holds both signs of the largest contribution."""
    reach = max(1.15 * reach_dex, 0.06)
    steps = next(steps for least, steps in _STEPS if reach >= least)
    ticks = [*(1.0 / step for step in steps), 1.0, *steps]
    return {
        "range": [-reach, reach], "tickvals": np.log10(ticks), "ticktext": [f"× {factor:.2g}" for factor in ticks],
        "title": {"text": "changes the conductivity by the factor", "font": {"size": 13}}, "zerolinecolor": MUTED,
        "gridcolor": "#e9edf1",
    }  # fmt: skip
