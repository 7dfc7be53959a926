"""A finished screening on the page: filters, points, a table, one crystal, and the candidates as a file."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st
from pymatgen.core.structure import Structure

from paraisite.active_learning.screened_rows import ScreenedRows
from paraisite.app.details import show_details
from paraisite.app.familiar import show_formula
from paraisite.app.map_view import clicked_material
from paraisite.app.numbers import show_number
from paraisite.app.screening_rows import (
    FACTOR,
    RowFilter,
    ScreeningResult,
    format_candidates,
    open_screened_rows,
    read_screening,
)
from paraisite.app.screening_view import MAX_POINTS, screening_figure, thin_out
from paraisite.app.second_model import predict_second
from paraisite.app.style import CHART
from paraisite.artifacts.screenings import list_screenings
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError
from paraisite.inference.crystals import Crystal
from paraisite.schema import FORMULA, MATERIAL_ID, OUT_OF_DOMAIN_FLAG, PREDICTED_KAPPA, ROW, interval_columns
from paraisite.screening.output import SUMMARY_FILE, ScreeningFolder

_OTHER: Final = "another folder …"
_POINTS, _TABLE, _ROW = "screening_points", "screening_table", "screening_row"
_LISTED: Final = 1000
"""Lines of the table; the file has all."""


def show_screening(model: str) -> None:
    """Show a screening that is chosen among those at hand.

    Args:
        model: What predicts a crystal that is chosen.
    """
    folder = _choose_folder()
    if folder is None:
        return
    result = _read(str(folder), _changed(folder))
    kept = _filter(result)
    without = f"; {result.n_without} have no prediction" if result.n_without else ""
    st.markdown(f"**{len(kept)} of {result.n_row} crystals** meet the filters{without}.")
    left, right = st.columns(2, gap="medium")
    shown = thin_out(kept)
    row: int | None = st.session_state.get(_ROW)
    with right:
        _show_table(kept)
    with left:
        st.plotly_chart(
            screening_figure(shown, row), config=CHART, theme=None,
            key=_POINTS, on_select=_click_point, selection_mode="points",
            alt="Predicted conductivity against the width of its interval",
        )  # fmt: skip
        if len(shown) < len(kept):
            st.caption(f"{MAX_POINTS} of them are drawn: the lowest, and others by chance.")
    if row is None or row not in result.rows[ROW].array:
        st.info("Click a point, or the box at the left of a line, to see that crystal here.")
    else:
        _show_row(model, folder, result.rows, row)


def _choose_folder() -> Path | None:
    names = {folder.name: folder for folder in list_screenings()}
    chosen = st.selectbox("Screening", [*names, _OTHER], key="screening", on_change=_forget_row)
    if chosen != _OTHER:
        return names[str(chosen)]
    typed = st.text_input(
        "Folder of a finished screening", key="screening_folder", placeholder="build/screen/…", on_change=_forget_row
    )
    if not typed.strip():
        st.info("`python -m paraisite screen FOLDER` predicts thousands of crystals; its result is shown here.")
        return None
    return Path(typed.strip())


@st.cache_resource(show_spinner="Reading the screening …", max_entries=3)
def _read(folder: str, changed: float) -> ScreeningResult:
    return read_screening(Path(folder))


def _changed(folder: Path) -> float:
    """Return when a screening was finished, so that what is kept of one before it is not shown."""
    return (folder / SUMMARY_FILE).stat().st_mtime if ScreeningFolder(folder).is_complete else 0.0


@st.cache_resource(show_spinner="Opening what was screened …", max_entries=3)
def _open(folder: str, changed: float) -> ScreenedRows:
    return open_screened_rows(Path(folder))


@st.cache_resource(show_spinner="Reading the crystal …", max_entries=100)
def _read_structure(folder: str, changed: float, row: int) -> Structure:
    return _open(folder, changed).structures([row])[row]


def _filter(result: ScreeningResult) -> pd.DataFrame:
    """Show the filters and return the rows that meet them."""
    first, second, third, fourth = st.columns([2, 2, 3, 3], gap="medium")
    rows = result.rows
    steps = [0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0, 5000.0]
    kappa = first.select_slider(
        "kappa (W/m/K)", steps, value=(steps[0], steps[-1]), key="screening_kappa", format_func="{:g}".format
    )
    factors = [1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0, 1000.0]
    factor = second.select_slider(
        "80 % interval within a factor of", factors, value=factors[-1], key="screening_factor",
        format_func=lambda value: "any" if value == factors[-1] else f"{value:g}",
    )  # fmt: skip
    wanted = third.multiselect("has all of these elements", result.elements, key="screening_with")
    unwanted = fourth.multiselect("has none of these elements", result.elements, key="screening_without")
    in_domain = OUT_OF_DOMAIN_FLAG in rows and st.checkbox(
        "only inside the applicability domain", key="screening_domain"
    )
    low, high = kappa[0] if kappa[0] > steps[0] else 0.0, kappa[1] if kappa[1] < steps[-1] else float("inf")
    return RowFilter((low, high), float(factor), wanted, unwanted, bool(in_domain)).apply(rows)


def _show_table(rows: pd.DataFrame) -> None:
    """Show the rows with the lowest predictions, and all of them as a file."""
    best = rows.nsmallest(_LISTED, PREDICTED_KAPPA)
    low, high = interval_columns(0.8)
    table = pd.DataFrame(
        {
            "formula": [show_formula(str(formula)) for formula in best[FORMULA]],
            "W/m/K": best[PREDICTED_KAPPA].to_numpy(),
            **({"80 % from": best[low].to_numpy(), "to": best[high].to_numpy()} if {low, high} <= set(best) else {}),
            "factor": best[FACTOR].to_numpy(),
            "id": best[MATERIAL_ID].to_numpy(),
        }
    )
    numbers = {name: st.column_config.NumberColumn(format="%.3g") for name in table.select_dtypes("number").columns}
    st.dataframe(
        table, hide_index=True, column_config=numbers, on_select=partial(_click_line, best[ROW].tolist()),
        selection_mode="single-row", height=400,
        key=_TABLE, alt="Rows that meet the filters", width="stretch",
    )  # fmt: skip
    st.download_button(
        f"These {len(rows)} candidates (CSV)", lambda: format_candidates(rows), "candidates.csv", on_click="ignore"
    )


def _forget_row() -> None:
    """Show no row of another screening."""
    st.session_state.pop(_ROW, None)


def _click_point() -> None:
    """Remember the row whose point was clicked: what was clicked last is shown."""
    if (row := clicked_material(st.session_state[_POINTS])) is not None:
        st.session_state[_ROW] = row


def _click_line(rows: Sequence[int]) -> None:
    """Remember the row whose line was clicked; ``rows`` are those of the table."""
    if lines := st.session_state[_TABLE]["selection"]["rows"]:
        st.session_state[_ROW] = rows[lines[0]]


def _show_row(model: str, folder: Path, rows: pd.DataFrame, row: int) -> None:
    """Show the crystal of a row with the model's own prediction."""
    of_row = rows[rows[ROW] == row].iloc[0]
    try:
        structure = _read_structure(str(folder), _changed(folder), row)
    except ParaisiteError as error:
        st.warning(escape_markdown(f"The crystal of this row cannot be shown: {error}"))
        return
    st.caption(
        escape_markdown(
            f"In the screening: {show_number(of_row[PREDICTED_KAPPA])} W/m/K. Below, what {model} predicts of it now."
        )
    )
    crystal = Crystal(str(of_row[MATERIAL_ID]), structure)
    second = predict_second([crystal])
    show_details(model, crystal, second=None if second is None else second[0])
