"""The training materials around a crystal: a map and a table, both of which can be clicked."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np
import streamlit as st

from paraisite import schema
from paraisite.app.crystal_panel import show_crystal
from paraisite.app.familiar import show_formula
from paraisite.app.inputs import click_crystal
from paraisite.app.loaded import load_explainer, load_map, load_training_structures, place_crystal
from paraisite.app.map_view import clicked_material, map_figure
from paraisite.app.numbers import show_number
from paraisite.app.style import CHART
from paraisite.app.value_tables import nearest_table
from paraisite.core.shown_text import escape_markdown
from paraisite.data.structure_type_names import describe_structure_type
from paraisite.inference.calibration_set import CalibrationSet
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import NEAREST, Row

_PAGE_OF_MATERIAL: Final = "https://next-gen.materialsproject.org/materials/"


def show_neighbours(model: str, crystal: Crystal, row: Row) -> None:
    """Show which training materials are near a crystal, and one of them in full where it was clicked."""
    known, of_materials = load_explainer(model).predictor.calibration_set, load_map(model)
    if known is None or not row[NEAREST]:
        return
    st.subheader("Where it lies among the training materials")
    numbers = {material: number for number, material in enumerate(known.materials.material_id)}
    nearest = [numbers[near[schema.MATERIAL_ID]] for near in row[NEAREST]]
    # By crystal and model, so that what was clicked for another one is not shown here.
    table, points, chosen = (f"{what} {crystal.name} {model}" for what in ("nearest", "map", "material"))
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.markdown("**Nearest training materials**")
        st.dataframe(
            nearest_table(row), hide_index=True, selection_mode="single-row", key=table,
            on_select=partial(_click_line, table, chosen, nearest), alt="Nearest training materials", width="stretch",
        )  # fmt: skip
        detail = st.container()
    if of_materials is not None:
        with left:
            place = place_crystal(model, crystal)
            figure = map_figure(
                of_materials, None if place is None else np.array(place), nearest, name=str(row[schema.FORMULA])
            )
            st.plotly_chart(
                figure, config=CHART, theme=None, key=points, selection_mode="points",
                on_select=partial(_click_point, points, chosen),
                alt="Map of the training materials, coloured by conductivity",
            )  # fmt: skip
            st.caption(
                f"Each of the {len(known.materials.formula)} points is a training material; alike in composition and "
                "structure is close together. Dark rings are the nearest in all directions, of which the map shows two."
            )
    clicked: int | None = st.session_state.get(chosen)
    with detail:
        if any(near[schema.IS_LABEL] for near in row[NEAREST]):
            st.caption("≈: a label of our own, computed under a potential.")
        if clicked is None:
            st.caption("Click a point of the map, or the box at the left of a line, to see that material here.")
        else:
            _show_material(model, known, clicked)


def _click_point(points: str, chosen: str) -> None:
    """Remember the material whose point was clicked: what was clicked last is shown."""
    if (clicked := clicked_material(st.session_state[points])) is not None:
        st.session_state[chosen] = clicked


def _click_line(table: str, chosen: str, nearest: Sequence[int]) -> None:
    """Remember the material whose line was clicked."""
    if lines := st.session_state[table]["selection"]["rows"]:
        st.session_state[chosen] = nearest[lines[0]]


def _show_material(model: str, known: CalibrationSet, number: int) -> None:
    """Show a training material: what is known of it, and what the model would say without its formula."""
    materials = known.materials
    material_id, formula = materials.material_id[number], materials.formula[number]
    shown, kappa = show_formula(formula), materials.kappa_w_per_m_k[number]
    structure_type = describe_structure_type(materials.prototype[number])
    st.markdown(f"#### {shown}, {escape_markdown(structure_type)}")
    of_label = ", a label of our own: computed under a potential" if materials.holds_label(number) else ""
    st.markdown(f"In the training set: **{show_number(kappa)} W/m/K** ({_link(material_id)}{of_label})")
    if known.is_left_out:
        st.markdown(
            f"The model without any row of {shown} predicts {show_number(known.members_w_per_m_k[0, number])} W/m/K."
        )
    structure = load_training_structures(model).get(material_id)
    if structure is None:
        st.caption("Its structure is not on this machine.")
        return
    show_crystal(structure, key=f"known-{number}", height=280)
    st.button(f"Predict this {shown}", on_click=click_crystal, args=(f"{formula}, {material_id}", structure))


def _link(material_id: str) -> str:
    """Return an id with its page in the Materials Project, where it is one of that."""
    name, shown = material_id.split(" ")[0], escape_markdown(material_id)
    return f"[{shown}]({_PAGE_OF_MATERIAL}{name})" if name.startswith("mp-") else shown
