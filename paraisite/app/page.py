"""The page itself, a script that Streamlit runs anew at every click; its argument is the model."""

import json
import sys
from collections.abc import Sequence

import pandas as pd
import streamlit as st
from pymatgen.core.structure import Structure

from paraisite import DEFAULT_MODEL, schema
from paraisite.app.crystal_view import MAX_ATOMS, crystal_figure
from paraisite.app.uploads import EXAMPLES, MAX_FILES, crystals_of_files
from paraisite.app.value_tables import intervals_table, kappa_text, nearest_table, overview_table
from paraisite.artifacts.predictors import find_predictor
from paraisite.core.csv_tables import format_csv
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError
from paraisite.explain.explainers import Explainer, Explanation, build_json, explain
from paraisite.explain.text import describe_agreement, describe_contributions, describe_domain
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import NAME, Row, build_frame, build_named_rows
from paraisite.reports.explanation import contributions_figure, prediction_figure


def show(model: str) -> None:
    """Draw the page."""
    st.set_page_config(page_title="ParAIsite", layout="wide")
    st.title("Thermal conductivity of a crystal")
    st.write(
        f"Lattice thermal conductivity (kappa) at 300 K from the structure alone, by model {escape_markdown(model)}. "
        "All computation is local."
    )
    crystals = _read_uploads()
    try:
        explainer = _explainer(model)
        if not crystals:
            st.info("Upload a structure file, or choose an example.")
        elif (chosen := crystals[0] if len(crystals) == 1 else _select_crystal(explainer, crystals)) is not None:
            with st.spinner("Predicting and computing contributions …"):
                (explanation,) = explain(explainer, [chosen])
            _show_one(explanation)
    except ParaisiteError as error:
        st.error(escape_markdown(str(error)))


@st.cache_resource(show_spinner="Loading the model …")
def _explainer(model: str) -> Explainer:
    return Explainer(find_predictor(model))


def _read_uploads() -> list[Crystal]:
    """Return the crystals of the uploaded files, or the selected example."""
    left, right = st.columns([2, 1])
    files = left.file_uploader(
        "Crystal structures: CIF, POSCAR, XDATCAR, extended XYZ or JSON", accept_multiple_files=True
    )
    example = right.selectbox("or an example", list(EXAMPLES), index=None, disabled=bool(files))
    if not files and example is not None:
        return [Crystal(example, EXAMPLES[example]())]
    crystals, left_out = crystals_of_files([(file.name, file.getvalue()) for file in files[:MAX_FILES]], len(files))
    if left_out:
        st.warning(escape_markdown(left_out))
    return crystals


def _select_crystal(explainer: Explainer, crystals: Sequence[Crystal]) -> Crystal | None:
    """Show the predictions of several crystals; return the one that is selected for details."""
    predictions = explainer.predictor.predict([crystal.found for crystal in crystals])
    rows = build_named_rows(crystals, predictions)
    for crystal, row in zip(crystals, rows, strict=True):
        if row[schema.REASON] is not None:
            _show_reason(crystal, row)
    table = overview_table(rows)
    digits = {name: st.column_config.NumberColumn(format="%.4g") for name in table.select_dtypes("number").columns}
    st.dataframe(table, hide_index=True, column_config=digits, placeholder="–", alt="Predictions of all crystals")
    frame = build_frame(predictions)
    frame.insert(0, NAME, [crystal.name for crystal in crystals])
    _download("All rows as CSV", format_csv(frame), "predictions.csv")
    usable = [crystal for crystal, row in zip(crystals, rows, strict=True) if row[schema.REASON] is None]
    if not usable:
        return None
    names = [crystal.name for crystal in usable]
    return usable[st.selectbox("Details of", range(len(usable)), format_func=names.__getitem__)]


def _show_reason(crystal: Crystal, row: Row) -> None:
    st.error(escape_markdown(f"{crystal.name}: no prediction: {row[schema.REASON]}"))


def _show_one(explanation: Explanation) -> None:
    """Show one crystal, its prediction, the nearest training materials and the explanation."""
    row, crystal = explanation.row, explanation.crystal
    if row[schema.REASON] is not None:
        _show_reason(crystal, row)
        return
    st.header(f"{row[schema.FORMULA]} ({escape_markdown(crystal.name)})", divider="gray")
    left, right = st.columns(2, gap="large")
    with left:
        _show_structure(crystal.found)
    with right:
        st.metric("kappa at 300 K", kappa_text(row))
        (st.warning if row[schema.OUT_OF_DOMAIN_FLAG] else st.info)(describe_domain(row))
        st.pyplot(prediction_figure(explanation), alt=f"Prediction, intervals and members: {describe_agreement(row)}")
        st.write(describe_agreement(row))
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Prediction intervals (W/m/K)")
        st.table(intervals_table(row), hide_index=True)
    with right:
        st.subheader("Nearest training materials")
        st.table(nearest_table(row), hide_index=True)
    _show_contributions(explanation)
    _show_downloads(explanation)


def _show_structure(found: Structure | str) -> None:
    if isinstance(found, str) or len(found) > MAX_ATOMS:
        st.info(f"Crystals of more than {MAX_ATOMS} atoms are not drawn.")
        return
    lattice = found.lattice
    st.plotly_chart(
        crystal_figure(found), config={"displaylogo": False}, alt=f"The crystal {found.formula} in three dimensions"
    )
    st.caption(
        f"{len(found)} atoms; a, b, c = {lattice.a:.3f}, {lattice.b:.3f}, {lattice.c:.3f} Å; "
        f"α, β, γ = {lattice.alpha:.1f}, {lattice.beta:.1f}, {lattice.gamma:.1f}°. Drag to turn, scroll to zoom."
    )


def _show_contributions(explanation: Explanation) -> None:
    contributions = explanation.contributions
    if contributions is None:
        return
    st.subheader("Contributions to the prediction")
    left, right = st.columns([3, 2], gap="large")
    sentences = describe_contributions(contributions)
    left.pyplot(contributions_figure(explanation), alt=" ".join(sentences))
    for sentence in sentences:
        right.write(sentence)


def _show_downloads(explanation: Explanation) -> None:
    text = json.dumps(build_json(explanation), ensure_ascii=False, allow_nan=False)
    left, right = st.columns(2)
    with left:
        _download("This row as JSON", text, "explanation.json")
    with right:
        _download("This row as CSV", _csv(explanation.row), "prediction.csv")


def _csv(row: Row) -> str:
    """Return a row as CSV; lists in it are JSON."""
    flat = {key: json.dumps(value) if isinstance(value, list) else value for key, value in row.items()}
    return format_csv(pd.DataFrame([flat]))


def _download(label: str, content: str, file_name: str) -> None:
    # Without a rerun: nothing on the page changes.
    st.download_button(label, content, file_name, on_click="ignore")


if __name__ == "__main__":
    show(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_MODEL)
