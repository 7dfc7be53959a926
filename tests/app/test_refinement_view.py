"""The page offers a refined value: cost, button, result, or why there is none."""

from pathlib import Path
from typing import Any

import pytest

from paraisite.app import refinement_view
from paraisite.errors import MissingInputError
from tests.inference.refiners import made_up_refiner


def script() -> None:
    from paraisite.app.refinement_view import show_refinement
    from paraisite.inference.crystals import Crystal
    from tests.graphs.crystals import rocksalt

    row = {"value": 10.0, "lower_80": 5.0, "upper_80": 20.0, "reason": None}
    show_refinement("tiny", Crystal("NaCl", rocksalt()), row)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    testing = pytest.importorskip("streamlit.testing.v1")
    refinement_view._load_refiner.clear()
    return testing.AppTest.from_function(script, default_timeout=900)


def test_a_click_refines_and_the_result_stays(page: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refiner = made_up_refiner(tmp_path, monkeypatch)
    monkeypatch.setattr(refinement_view, "find_refiner", lambda _model: refiner)
    page.run()
    assert not page.exception
    assert "4 force calls, about 3.0 minutes on one core" in page.markdown[0].value
    assert not page.metric
    page.button[0].click().run()
    assert not page.exception
    assert page.caption[0].value == "Under the potential 4 W/m/K, corrected 4 W/m/K."
    page.run()
    assert page.metric[0].value.endswith("W/m/K")
    assert not page.button, "it is kept"


def test_without_the_potential_the_page_says_what_to_install(page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_model: str) -> Any:
        raise MissingInputError("potential x needs: pip install y")

    monkeypatch.setattr(refinement_view, "find_refiner", absent)
    page.run()
    assert page.caption[0].value == "Not available: potential x needs: pip install y"
