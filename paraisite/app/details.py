"""One crystal's prediction: its value, intervals, place among the training materials, contributions, downloads."""

import io
import json
from typing import Any

import pandas as pd
import streamlit as st

from paraisite import schema
from paraisite.app.contributions_view import contributions_figure
from paraisite.app.crystal_panel import show_crystal
from paraisite.app.familiar import find_literature, show_formula
from paraisite.app.interval_view import interval_figure
from paraisite.app.loaded import explain_crystal
from paraisite.app.neighbours import show_neighbours
from paraisite.app.overview import show_reason
from paraisite.app.refine_panel import show_refinement
from paraisite.app.second_model import show_both
from paraisite.app.style import CHART
from paraisite.app.value_tables import intervals_table, kappa_text
from paraisite.core.csv_tables import format_csv
from paraisite.core.shown_text import escape_markdown
from paraisite.data.sources.textbook import TextbookCrystal
from paraisite.explain.explainers import Explanation, build_json
from paraisite.explain.text import describe_agreement, describe_contributions, describe_domain
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import VALUE, Row
from paraisite.reports.explanation import explanation_figure


def show_details(model: str, crystal: Crystal, *, second: Row | None) -> None:
    """Show everything about one crystal, or the reason why it has no prediction.

    Args:
        model: What predicts.
        crystal: The crystal.
        second: What a second model predicts, where one is chosen and can be used.
    """
    explanation = explain_crystal(model, crystal)
    row = explanation.row
    if row[schema.REASON] is not None or isinstance(crystal.found, str):
        show_reason(row)
        return
    st.header(_title(row, crystal), divider="gray")
    # The prediction first: on a phone columns lie below each other.
    left, right = st.columns(2, gap="large")
    with left:
        _show_prediction(model, explanation, find_literature(crystal.found), second)
    with right:
        show_crystal(crystal.found, key="chosen")
    show_neighbours(model, crystal, row)
    _show_contributions(explanation)
    show_refinement(model, crystal, row)
    _show_downloads(explanation)


def _title(row: Row, crystal: Crystal) -> str:
    """Return formula and name; of what was clicked the name alone, which begins with the formula."""
    formula = str(row[schema.FORMULA])
    if crystal.name.startswith(f"{formula}, "):
        return show_formula(formula) + escape_markdown(crystal.name.removeprefix(formula))
    return f"{show_formula(formula)} ({escape_markdown(crystal.name)})"


def _show_prediction(
    model: str, explanation: Explanation, literature: TextbookCrystal | None, second: Row | None
) -> None:
    row = explanation.row
    known = None if literature is None else literature.kappa_w_per_m_k
    st.metric("Lattice thermal conductivity at 300 K", kappa_text(row))
    if literature is not None:
        shown = f"**{literature.kappa_w_per_m_k:g} W/m/K** ({literature.how}, {literature.sample})"
        st.markdown(f"Literature, at about 300 K: {shown}", help=escape_markdown(literature.source))
    (st.warning if row[schema.OUT_OF_DOMAIN_FLAG] else st.info)(describe_domain(row))
    if second is not None:
        show_both(model, row, second)
    other = None if second is None else second[VALUE]
    st.plotly_chart(
        interval_figure(row, explanation.trained_w_per_m_k, known, other), config=CHART, theme=None, key="intervals",
        alt=f"Prediction {kappa_text(row)} with its intervals, among training and familiar materials",
    )  # fmt: skip
    st.caption(
        "Red: the prediction with its 50, 80 and 90 % intervals. "
        + ("" if other is None else "Open diamond: the second model. ")
        + ("" if known is None else "Green cross: the literature. ")
        + "Blue: the nearest training materials. Grey: how many training materials have which conductivity. Dotted: "
        "familiar materials, from the literature."
    )
    st.table(intervals_table(row), hide_index=True)
    if agreement := describe_agreement(row):
        st.write(agreement)


def _show_contributions(explanation: Explanation) -> None:
    found = explanation.contributions
    if found is None:
        return
    st.subheader("What the prediction rests on")
    left, right = st.columns([3, 2], gap="large")
    sentences = describe_contributions(found)
    with left:
        st.plotly_chart(
            contributions_figure(found), config=CHART, theme=None, key="contributions", alt=" ".join(sentences)
        )
    for sentence in sentences:
        right.write(sentence)


def _show_downloads(explanation: Explanation) -> None:
    text = json.dumps(build_json(explanation), ensure_ascii=False, allow_nan=False)

    def draw(file_format: str) -> bytes:
        content = io.BytesIO()
        explanation_figure(explanation).savefig(content, format=file_format, dpi=200)
        return content.getvalue()

    files: list[tuple[str, Any, str]] = [
        ("This row as CSV", format_row(explanation.row), "prediction.csv"),
        ("This row as JSON", text, "explanation.json"),
        ("Figure as SVG", lambda: draw("svg"), "prediction.svg"),
        ("Figure as PNG", lambda: draw("png"), "prediction.png"),
    ]
    for column, (label, content, name) in zip(st.columns(len(files)), files, strict=True):
        # Without a rerun: nothing on the page changes.
        column.download_button(label, content, name, on_click="ignore", width="stretch")


def format_row(row: Row) -> str:
    """Return a row as CSV; lists in it are JSON."""
    flat = {key: json.dumps(value) if isinstance(value, list) else value for key, value in row.items()}
    return format_csv(pd.DataFrame([flat]))
