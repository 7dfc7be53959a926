"""Several crystals in one table that can be sorted, with a bar for each conductivity; a click chooses one."""

import math
from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import streamlit as st

from paraisite import schema
from paraisite.app.familiar import find_literature
from paraisite.app.loaded import predict_crystals
from paraisite.app.second_model import second_model
from paraisite.app.style import KAPPA_RANGE
from paraisite.app.value_tables import BAR, overview_table
from paraisite.core.csv_tables import format_csv
from paraisite.core.shown_text import escape_markdown
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import NAME, Row, build_frame, build_named_rows

_SHOWN_REASONS: Final = 3
_ROW_PIXELS: Final = 36


def choose_crystal(model: str, crystals: list[Crystal], *, second: Sequence[Row] | None) -> int | None:
    """Show the predictions of several crystals, and those of a second model; return the place of one of them.

    Returns:
        That whose line is chosen, at first one with a prediction; None where there is none.
    """
    predictions = predict_crystals(model, crystals)
    rows = build_named_rows(crystals, predictions)
    _show_reasons([row for row in rows if row[schema.REASON] is not None])
    literature = [None if isinstance(one.found, str) else find_literature(one.found) for one in crystals]
    table = overview_table(
        rows,
        [None if one is None else one.kappa_w_per_m_k for one in literature],
        None if second is None else (str(second_model()), second),
    )
    event: Any = st.dataframe(
        table, hide_index=True, column_config=_columns(table), placeholder="–", on_select="rerun",
        selection_mode="single-row", key="overview", alt="Predictions of all crystals", width="stretch",
        height=min(_ROW_PIXELS * (len(table) + 1), 420),
    )  # fmt: skip
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.caption("Click a heading to sort, the box at the left of a line to see that crystal below.")
    frame = build_frame(predictions)
    frame.insert(0, NAME, [crystal.name for crystal in crystals])
    right.download_button("All rows (CSV)", format_csv(frame), "predictions.csv", on_click="ignore", width="stretch")
    if selected := event.selection.rows:
        return int(selected[0])
    return next((place for place, row in enumerate(rows) if row[schema.REASON] is None), None)


def show_reason(row: Row) -> None:
    """Say why a crystal has no prediction."""
    st.error(escape_markdown(f"{row[NAME]}: no prediction: {row[schema.REASON]}"))


def _show_reasons(rows: Sequence[Row]) -> None:
    for row in rows[:_SHOWN_REASONS]:
        show_reason(row)
    if len(rows) > _SHOWN_REASONS:
        with st.expander(f"{len(rows) - _SHOWN_REASONS} more without a prediction"):
            for row in rows[_SHOWN_REASONS:]:
                show_reason(row)


def _columns(table: pd.DataFrame) -> dict[str, Any]:
    numbers = {name: st.column_config.NumberColumn(format="%.3g") for name in table.select_dtypes("number").columns}
    bar = st.column_config.ProgressColumn(
        "on a log scale", format=" ", min_value=math.log10(KAPPA_RANGE[0]), max_value=math.log10(KAPPA_RANGE[1])
    )
    return numbers | {BAR: bar}
