"""The page without a browser, its tables, and how it is served."""

import importlib.util
import sys
from pathlib import Path

import pytest

from paraisite.app import serving
from paraisite.app.uploads import EXAMPLES
from paraisite.app.value_tables import intervals_table, kappa_text, nearest_table, overview_table
from paraisite.errors import MissingInputError
from paraisite.inference.crystals import Crystal
from paraisite.inference.rows import Row, build_named_rows
from tests.inference.known_predictors import tiny_predictor

NAMES = list(EXAMPLES)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    crystals = [Crystal(NAMES[0], EXAMPLES[NAMES[0]]()), Crystal("broken.cif", "it is broken")]
    return build_named_rows(crystals, tiny_predictor().predict([crystal.found for crystal in crystals]))


def test_tables_say_what_the_row_says(rows: list[Row]):
    row = rows[0]
    assert kappa_text(row) == f"{row['value']:.4g} W/m/K"
    assert intervals_table(row)["from"].tolist()[0] == f"{row['lower_50']:.3g}"
    assert nearest_table(row)["formula"].tolist() == [near["formula"] for near in row["nearest"]]


def test_what_is_not_predicted_keeps_its_line(rows: list[Row]):
    table = overview_table(rows)
    assert table["file"].tolist() == [NAMES[0], "broken.cif"]
    assert table["kappa (W/m/K)"].notna().tolist() == [True, False]
    assert table["outside the domain"].tolist()[1] == "–"


@pytest.fixture(autouse=True)
def own_main(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give ``__main__`` back after a test: Streamlit puts the page there, and spawned processes would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def test_an_example_is_predicted_and_explained(tmp_path: Path):
    testing = pytest.importorskip("streamlit.testing.v1")
    tiny_predictor().save(tmp_path)

    def script(model: str) -> None:
        from paraisite.app.page import show

        show(model)

    page = testing.AppTest.from_function(script, kwargs={"model": str(tmp_path)}, default_timeout=900).run()
    assert not page.exception
    assert [info.value for info in page.info] == ["Upload a structure file, or choose an example."]
    page.selectbox[0].select(NAMES[0]).run()
    assert not page.exception
    (row,) = build_named_rows(
        [Crystal(NAMES[0], EXAMPLES[NAMES[0]]())], tiny_predictor().predict([EXAMPLES[NAMES[0]]()])
    )
    assert page.metric[0].value == kappa_text(row)
    assert len(page.table) == 2
    assert any("the rest is interaction" in text.value for text in page.markdown)


def test_a_model_that_is_nowhere_is_said(tmp_path: Path):
    testing = pytest.importorskip("streamlit.testing.v1")

    def script() -> None:
        from paraisite.app.page import show

        show("absent.safetensors")

    page = testing.AppTest.from_function(script, default_timeout=900).run()
    assert [error.value for error in page.error] == ["absent.safetensors not found: expected a model file"]


def test_without_streamlit_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "streamlit" else find(name))
    with pytest.raises(MissingInputError, match=r"the page needs streamlit: `pip install '\.\[app\]'`"):
        serving.serve("FELABTG15", port=1, open_browser=False)


def test_the_page_is_this_machines_alone_and_tells_nobody():
    options = serving.streamlit_options(port=8765, open_browser=False)
    assert {
        "--server.address=localhost",
        "--server.port=8765",
        "--server.headless=true",
        "--browser.gatherUsageStats=false",
    } <= set(options)
