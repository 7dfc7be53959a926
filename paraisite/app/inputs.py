"""Where the page's crystals come from: an example, files, a pasted text, the Materials Project, or a click."""

from typing import Final

import streamlit as st
from pymatgen.core.structure import Structure

from paraisite.app.familiar import list_textbook_crystals, show_formula
from paraisite.app.loaded import load_material
from paraisite.app.uploads import MAX_FILES, crystals_of_files, crystals_of_text
from paraisite.core.shown_text import escape_markdown
from paraisite.data.sources.materials_project import api_key
from paraisite.errors import MissingInputError, ParaisiteError
from paraisite.inference.crystals import Crystal

EXAMPLE: Final = "Example"
FILES: Final = "My files"
PASTE: Final = "Paste a CIF"
MATERIALS_PROJECT: Final = "Materials Project"
ALL_EXAMPLES: Final = "all of them, as a table"
FIRST_EXAMPLE: Final = "silicon"
"""What the page opens with: everybody knows its conductivity, and it is no training material."""

_CLICKED: Final = "clicked_crystal"


def read_crystals_of_page() -> list[Crystal]:
    """Show where crystals come from, and return them; none while there is nothing to predict."""
    if (clicked := clicked_crystal()) is not None:
        left, right = st.columns([3, 1], vertical_alignment="center")
        left.info(f"You look at {escape_markdown(clicked.name)}, which you clicked.")
        right.button("Back to my crystals", on_click=forget_click, width="stretch")
        return [clicked]
    kind = st.segmented_control(
        "Which crystal?", [EXAMPLE, FILES, PASTE, MATERIALS_PROJECT], default=EXAMPLE, required=True, key="source"
    )
    readers = {FILES: _read_files, PASTE: _read_paste, MATERIALS_PROJECT: _read_material}
    return readers.get(str(kind), _read_example)()


def clicked_crystal() -> Crystal | None:
    """Return the crystal that was clicked somewhere on the page."""
    clicked: Crystal | None = st.session_state.get(_CLICKED)
    return clicked


def click_crystal(name: str, structure: Structure) -> None:
    """Predict this crystal from now on."""
    st.session_state[_CLICKED] = Crystal(name, structure)


def forget_click() -> None:
    """Go back to what was chosen before the click."""
    st.session_state.pop(_CLICKED, None)


def _read_example() -> list[Crystal]:
    known = list_textbook_crystals()
    names = [ALL_EXAMPLES, *known]
    labels = {name: f"{show_formula(crystal.formula)}, {name}" for name, crystal in known.items()}
    example = st.selectbox(
        "Example, a crystal with a conductivity from the literature", names, index=names.index(FIRST_EXAMPLE),
        key="example", format_func=lambda name: labels.get(name, name),
    )  # fmt: skip
    chosen = list(known) if example == ALL_EXAMPLES else [str(example)]
    return [Crystal(name, known[name].structure) for name in chosen]


def _read_files() -> list[Crystal]:
    files = st.file_uploader(
        "Structure files: CIF, POSCAR, XDATCAR, extended XYZ or JSON, one or many",
        accept_multiple_files=True,
        key="files",
    )
    if not files:
        st.info("Drop one or more structure files above. They stay on this machine.")
        return []
    crystals, left_out = crystals_of_files([(file.name, file.getvalue()) for file in files[:MAX_FILES]], len(files))
    if left_out:
        st.warning(escape_markdown(left_out))
    return crystals


def _read_paste() -> list[Crystal]:
    text = st.text_area(
        "Text of a CIF or POSCAR", height=180, key="paste", placeholder="data_NaCl\n_cell_length_a 5.64\n…"
    )
    if not text.strip():
        st.info("Paste the whole text of a structure file above, then press Ctrl+Enter or click elsewhere.")
        return []
    crystals, left_out = crystals_of_text(text)
    if left_out:
        st.warning(escape_markdown(left_out))
    return crystals


def _read_material() -> list[Crystal]:
    try:
        api_key()
    except MissingInputError as error:
        st.info(
            escape_markdown(
                f"{str(error)[:1].upper()}{str(error)[1:]}, then start again. It goes to that server alone."
            )
        )
        return []
    material_id = st.text_input(
        "Ids of the Materials Project", key="material_id", placeholder="mp-149, or several: mp-149 mp-22862"
    )
    ids = list(dict.fromkeys(material_id.replace(",", " ").split()))[:MAX_FILES]
    if not ids:
        st.info("Type an id and press Enter: the structure is fetched, its prediction is computed here.")
    return [_fetch(each) for each in ids]


def _fetch(material_id: str) -> Crystal:
    try:
        return Crystal(material_id, Structure.from_dict(load_material(material_id)))
    except ParaisiteError as error:
        return Crystal(material_id, str(error))
