"""The page itself, a script that Streamlit runs anew at every click; its argument is the model."""

import sys
from typing import Final

import streamlit as st

from paraisite import DEFAULT_MODEL
from paraisite.app.details import show_details
from paraisite.app.inputs import read_crystals_of_page
from paraisite.app.loaded import load_explainer
from paraisite.app.model_card import show_model
from paraisite.app.overview import choose_crystal
from paraisite.app.screening_tab import show_screening
from paraisite.app.second_model import choose_second_model, predict_second
from paraisite.artifacts.predictors_at_hand import list_predictors
from paraisite.core.extras import describe_missing_package
from paraisite.core.shown_text import escape_markdown
from paraisite.errors import ParaisiteError

_PREDICT, _SCREENING, _MODEL = "Predict", "Screening result", "Model and citation"
# Less empty space than Streamlit leaves, least of all on a phone.
_NARROW: Final = """<style>
[data-testid="stMainBlockContainer"] { padding-top: 2.6rem; padding-bottom: 2rem; max-width: 1360px; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 0.8rem; padding-right: 0.8rem; }
  h1 { font-size: 1.6rem !important; }
  h2 { font-size: 1.3rem !important; }
}
</style>"""


def show(model: str) -> None:
    """Draw the page.

    Args:
        model: What predicts at first, as ``predictors.find_predictor`` takes it.
    """
    st.set_page_config(page_title="ParAIsite: thermal conductivity of crystals", layout="wide")
    st.html(_NARROW)
    left, middle, right = st.columns([4, 1, 1], vertical_alignment="bottom")
    left.title("Thermal conductivity of a crystal")
    models = list(dict.fromkeys([model, *list_predictors()]))
    chosen = str(middle.selectbox("Model", models, key="model"))
    choose_second_model(right, models, first=chosen)
    predict, screening, card = st.tabs([_PREDICT, _SCREENING, _MODEL], key="tab", on_change="rerun")
    try:
        load_explainer(chosen)
        if predict.open:
            with predict:
                _show_predictions(chosen)
        if screening.open:
            with screening:
                show_screening(chosen)
        if card.open:
            with card:
                show_model(chosen)
    except ParaisiteError as error:
        st.error(escape_markdown(str(error)))
    except ModuleNotFoundError as error:
        sentence = describe_missing_package(error)
        if sentence is None:
            raise
        st.error(escape_markdown(f"{chosen}: {sentence}"))


def _show_predictions(model: str) -> None:
    st.write(
        f"Lattice thermal conductivity (kappa) at 300 K from the structure alone, by model {escape_markdown(model)}. "
        "Everything is computed on this machine."
    )
    crystals = read_crystals_of_page()
    if not crystals:
        return
    second = predict_second(crystals)
    place = 0 if len(crystals) == 1 else choose_crystal(model, crystals, second=second)
    if place is not None:
        show_details(model, crystals[place], second=None if second is None else second[place])


if __name__ == "__main__":
    show(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_MODEL)
