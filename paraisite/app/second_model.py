"""A second model beside the one that predicts: which, what it predicts, and both in one table."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from paraisite import schema
from paraisite.app.loaded import predict_crystals
from paraisite.app.value_tables import compare_table
from paraisite.core.extras import describe_missing_package
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import Row, build_named_rows

_NONE = "none"
_KEY = "second_model"


def choose_second_model(place: DeltaGenerator, models: Sequence[str], *, first: str) -> None:
    """Offer the models at hand but the first."""
    place.selectbox(
        "Second model", [_NONE, *(name for name in models if name != first)], key=_KEY,
        help="A second model, whose predictions stand beside those of the first.",
    )  # fmt: skip


def second_model() -> str | None:
    """Return the second model that is chosen."""
    chosen: str = st.session_state.get(_KEY, _NONE)
    return None if chosen == _NONE else chosen


def predict_second(crystals: list[Crystal]) -> list[Row] | None:
    """Return what the second model predicts; None where none is chosen, or where it cannot be used, which is said."""
    model = second_model()
    if model is None:
        return None
    try:
        return build_named_rows(crystals, predict_crystals(model, crystals))
    except ParaisiteError as error:
        st.warning(escape_markdown(f"{model} cannot be used here: {error}"))
    except ModuleNotFoundError as error:
        sentence = describe_missing_package(error)
        if sentence is None:
            raise
        st.warning(escape_markdown(f"{model} cannot be used here: {sentence}"))
    return None


def show_both(model: str, row: Row, second: Row) -> None:
    """Show the predictions of both models in one table."""
    name = str(second_model())
    if second[schema.REASON] is not None:
        st.info(escape_markdown(f"{name}: no prediction: {second[schema.REASON]}"))
        return
    st.table(compare_table({model: row, name: second}), hide_index=True)
