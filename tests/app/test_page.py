"""The page without a browser, its tables, and how it is served."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from paraisite.app import serving
from paraisite.app.familiar import list_textbook_crystals, show_formula
from paraisite.app.inputs import ALL_EXAMPLES, FIRST_EXAMPLE, MATERIALS_PROJECT, PASTE
from paraisite.app.model_card import CITATION
from paraisite.app.numbers import show_number
from paraisite.app.value_tables import intervals_table, kappa_text, nearest_table, overview_table
from paraisite.errors import MissingInputError
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictions import Predictions
from paraisite.inference.rows import Row, build_named_rows
from tests.app.test_screening_rows import write_screening
from tests.inference.known_predictors import tiny_predictor

KNOWN = list_textbook_crystals()
NAMES = list(KNOWN)
SECOND = "GPSECOND"
SALT = KNOWN["sodium chloride"].structure


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    crystals = [Crystal("salt.cif", SALT), Crystal("broken.cif", "it is broken")]
    return build_named_rows(crystals, tiny_predictor().predict([crystal.found for crystal in crystals]))


def test_tables_say_what_the_row_says(rows: list[Row]):
    row = rows[0]
    assert kappa_text(row) == f"{show_number(row['value'])} W/m/K"
    assert intervals_table(row)["from"].tolist()[0] == show_number(row["lower_50"])
    assert nearest_table(row)["formula"].tolist() == [show_formula(near["formula"]) for near in row["nearest"]]


def test_what_is_not_predicted_keeps_its_line(rows: list[Row]):
    table = overview_table(rows)
    assert table["name"].tolist() == ["salt.cif", "broken.cif"]
    assert table["kappa (W/m/K)"].notna().tolist() == [True, False]
    assert table["in domain"].tolist()[1] == "–"


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give ``__main__`` back after a test: Streamlit puts the page there, and spawned processes would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    tiny_predictor().save(folder)
    return folder


def _predict_rows(crystals: list[Crystal]) -> list[Row]:
    return build_named_rows(crystals, tiny_predictor().predict([crystal.found for crystal in crystals]))


def _predict_doubled(crystals: list[Crystal]) -> Predictions:
    found = tiny_predictor().predict([crystal.found for crystal in crystals])
    return replace(found, value=2 * found.value)


def open_page(model: Path | str, **state: Any) -> Any:
    """Run the page once, with what a reader has chosen before."""
    testing = pytest.importorskip("streamlit.testing.v1")

    def script(model: str) -> None:
        from paraisite.app.page import show

        show(model)

    page = testing.AppTest.from_function(script, kwargs={"model": str(model)}, default_timeout=900)
    for key, value in state.items():
        page.session_state[key] = value
    return page.run()


def test_it_opens_with_an_example_predicted_and_explained(model: Path):
    page = open_page(model)
    assert not page.exception
    assert not page.error
    structure = KNOWN[FIRST_EXAMPLE].structure
    (row,) = build_named_rows([Crystal(FIRST_EXAMPLE, structure)], tiny_predictor().predict([structure]))
    assert page.metric[0].value == kappa_text(row)
    assert page.table[0].value["from"].tolist() == intervals_table(row)["from"].tolist()
    assert page.dataframe[0].value["formula"].tolist() == nearest_table(row)["formula"].tolist()
    assert any("**148 W/m/K** (measured, recommended value)" in text.value for text in page.markdown)
    assert any("**Space group** Fd-3m (227), cubic" in text.value for text in page.markdown)
    assert any("Where they start from, the model predicts" in text.value for text in page.markdown)


def test_all_examples_are_a_table_and_the_first_is_shown(model: Path):
    page = open_page(model, example=ALL_EXAMPLES)
    assert not page.exception
    assert page.dataframe[0].value["name"].tolist() == NAMES
    assert [header.value for header in page.header] == ["C (diamond)"]


def test_a_second_models_prediction_stands_beside_the_first(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paraisite.app.page.list_predictors", lambda: [str(model), SECOND])
    monkeypatch.setattr("paraisite.app.second_model.predict_crystals", lambda _, crystals: _predict_doubled(crystals))
    page = open_page(model, second_model=SECOND)
    assert not page.exception
    both = page.table[0].value
    (row,) = _predict_rows([Crystal(FIRST_EXAMPLE, KNOWN[FIRST_EXAMPLE].structure)])
    assert both["model"].tolist() == [str(model), SECOND]
    assert both["kappa (W/m/K)"].tolist() == [show_number(row["value"]), show_number(2 * row["value"])]
    page = open_page(model, second_model=SECOND, example=ALL_EXAMPLES)
    table = page.dataframe[0].value
    assert table[f"{SECOND} (W/m/K)"].to_numpy() == pytest.approx(2 * table["kappa (W/m/K)"].to_numpy(), nan_ok=True)


def test_a_second_model_that_cannot_be_used_costs_no_prediction(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paraisite.app.page.list_predictors", lambda: [str(model), "absent.safetensors"])
    page = open_page(model, second_model="absent.safetensors")
    assert not page.exception
    assert not page.error
    assert page.metric[0].value.endswith("W/m/K")
    assert sum("absent.safetensors cannot be used here" in warning.value for warning in page.warning) == 1


def test_a_second_model_that_cannot_be_used_is_told_once_beside_a_table(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("paraisite.app.page.list_predictors", lambda: [str(model), "absent.safetensors"])
    page = open_page(model, second_model="absent.safetensors", example=ALL_EXAMPLES)
    assert not page.exception
    assert [header.value for header in page.header] == ["C (diamond)"]
    assert sum("absent.safetensors cannot be used here" in warning.value for warning in page.warning) == 1


def test_a_lone_broken_text_has_its_reason(model: Path):
    page = open_page(model, source=PASTE, paste="data_nothing")
    assert not page.exception
    (message,) = (error.value for error in page.error)
    assert message.startswith("pasted text: no prediction: not a readable structure")


def test_a_material_is_fetched_by_its_id_and_the_key_is_nowhere(model: Path, monkeypatch: pytest.MonkeyPatch):
    key = "0123456789abcdef0123456789abcdef"
    monkeypatch.setenv("MP_API_KEY", key)
    monkeypatch.setattr("paraisite.app.loaded.fetch_material", lambda material_id: SALT)
    page = open_page(model, source=MATERIALS_PROJECT, material_id="mp-22862")
    assert not page.exception
    assert [header.value for header in page.header] == ["NaCl (mp-22862)"]
    assert key not in repr(page)


def test_card_and_citation_are_a_tab(model: Path):
    page = open_page(model, tab="Model and citation")
    assert not page.exception
    (code,) = page.code
    assert code.value == CITATION.rstrip()
    assert code.proto.wrap_lines  # on a phone its lines would be cut


def test_a_screening_is_filtered_on_the_page(model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    write_screening(tmp_path / "build" / "screen" / "mine")
    page = open_page(model, tab="Screening result", screening_with=["Na"])
    assert not page.exception
    assert page.dataframe[0].value["formula"].tolist() == ["Na₂S", "NaCl"], "the lowest conductivity first"
    assert any(text.value.startswith("**2 of 4 crystals** meet the filters") for text in page.markdown)


def test_a_model_that_is_nowhere_is_said():
    page = open_page("absent.safetensors")
    assert [error.value for error in page.error] == ["absent.safetensors not found: expected a model file"]


def test_a_model_whose_packages_are_absent_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch):
    def fail(_: str) -> None:
        raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

    monkeypatch.setattr("paraisite.app.page.load_explainer", fail)
    page = open_page(model)
    assert not page.exception
    (message,) = (error.value for error in page.error)
    assert "this needs tensorflow, which is not installed" in message


def test_a_key_of_pymatgens_settings_is_enough(model: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MP_API_KEY", "")
    settings: dict[str, str] = {}
    monkeypatch.setattr("paraisite.data.sources.materials_project.SETTINGS", settings)
    page = open_page(model, source=MATERIALS_PROJECT)
    assert [info.value for info in page.info if info.value.startswith("The Materials Project answers only with a key")]
    assert not page.text_input
    settings["PMG_MAPI_KEY"] = "0123456789abcdef0123456789abcdef"
    page = open_page(model, source=MATERIALS_PROJECT)
    assert [field.label for field in page.text_input] == ["Ids of the Materials Project"]


def test_without_streamlit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "streamlit" else find(name))
    with pytest.raises(MissingInputError, match=r'the page needs streamlit: `pip install "\.\[app\]"`'):
        serving.serve("FELABTG15", port=1, open_browser=False)


def test_the_page_is_this_machines_alone_and_tells_nobody():
    options = serving.streamlit_options(port=8765, open_browser=False)
    assert {
        "--server.address=localhost",
        "--server.port=8765",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    } <= set(options)
