"""One crystal on the page: turned by hand, in the cell that is chosen, with space group and density."""

import streamlit as st
from pymatgen.core.structure import Structure

from paraisite.app.cells import CELLS, build_cell, describe_crystal, describe_lattice
from paraisite.app.crystal_view import MAX_ATOMS, crystal_figure
from paraisite.app.style import CHART


def show_crystal(structure: Structure, *, key: str, height: int = 400) -> None:
    """Draw a crystal with a choice of cells.

    Args:
        structure: The crystal.
        key: What tells this panel from others on the page.
        height: Of the drawing, pixels.
    """
    facts = describe_crystal(structure)
    chosen = st.segmented_control(
        "Cell", CELLS, default=CELLS[0], required=True, key=f"cell-{key}", label_visibility="collapsed"
    )
    cell = build_cell(structure, str(chosen))
    if len(cell) > MAX_ATOMS:
        st.info(f"Cells of more than {MAX_ATOMS} atoms are not drawn; this one has {len(cell)}.")
    else:
        figure = crystal_figure(cell).update_layout(height=height)
        st.plotly_chart(
            figure, config=CHART | {"scrollZoom": False}, key=f"crystal-{key}", theme=None,
            alt=f"The crystal {structure.composition.reduced_formula} in three dimensions",
        )  # fmt: skip
    system = f", {facts.crystal_system}" if facts.crystal_system else ""
    st.markdown(
        f"**Space group** {facts.space_group}{system} · **density** {facts.density_g_per_cm3:.2f} g/cm³ · "
        f"**volume** {facts.volume_per_atom_angstrom3:.1f} Å³ per atom · **primitive cell** {facts.n_primitive} atoms"
    )
    st.caption(f"Drawn: {describe_lattice(cell)}. Drag to turn.")
