"""Refining on the page, with a refiner that answers at once."""

import dataclasses
from typing import Any

import pytest
from pymatgen.core.structure import Structure

from paraisite.app.refine_panel import tabulate_refined
from paraisite.inference.crystals import Crystal
from paraisite.inference.refiner import RefinementPlan
from paraisite.inference.rows import Row
from paraisite.labels.phonon_cost import PhononCost
from paraisite.labels.phonon_progress import SECOND_ORDER, SOLUTION, THIRD_ORDER
from tests.graphs.crystals import rocksalt

ROW: Row = {
    "value": 5.0, "lower_80": 3.0, "upper_80": 8.0, "lower_90": 2.0, "upper_90": 10.0, "reason": None,
    "kappa_potential_w_per_m_k": 4.0, "kappa_corrected_w_per_m_k": 6.0, "refined_kappa_w_per_m_k": 5.5,
    "refined_lower_80_w_per_m_k": 4.5, "refined_upper_80_w_per_m_k": 7.0, "refined_lower_90_w_per_m_k": 4.0,
    "refined_upper_90_w_per_m_k": 7.5, "refined_reason": None,
}  # fmt: skip


@dataclasses.dataclass
class QuickRefiner:
    """Answers with ``ROW`` after a few steps."""

    refusal: str | None = None
    calculator: None = None

    def plan(self, _row: Row, _structure: Structure) -> RefinementPlan:
        return RefinementPlan(PhononCost(2, 64, 40, 64, 3.5), self.refusal)

    def refine_row(self, _row: Row, _structure: Structure, _plan: RefinementPlan, *, on_step: Any) -> Row:
        for stage, n_done, n_total in ((SECOND_ORDER, 2, 2), (THIRD_ORDER, 19, 38), (SOLUTION, 0, None)):
            on_step(stage, n_done=n_done, n_total=n_total)
        return ROW


def open_panel(monkeypatch: pytest.MonkeyPatch, refiner: Any) -> Any:
    testing = pytest.importorskip("streamlit.testing.v1")
    monkeypatch.setattr("paraisite.app.refine_panel._load_refiner", lambda model: refiner)

    def script(crystal, row):  # noqa: ANN001, ANN202  # its text runs without this module's names
        from paraisite.app.refine_panel import show_refinement

        show_refinement("GPACCURATE", crystal, row)

    page = testing.AppTest.from_function(script, args=(Crystal("salt", rocksalt(5.64)), ROW), default_timeout=900)
    page.session_state["refine"] = True
    return page.run()


def test_the_cost_is_said_before_anything_is_computed(monkeypatch: pytest.MonkeyPatch):
    page = open_panel(monkeypatch, QuickRefiner())
    assert not page.exception
    assert any("about 3.5 minutes on one core, for 42 force calls" in text.value for text in page.markdown)
    assert not page.metric
    page.button[0].click().run()
    assert not page.exception
    assert page.metric[0].value == "5.5 W/m/K"
    assert page.table[0].value["kappa (W/m/K)"].tolist() == ["5", "4", "6", "5.5"]


def test_a_crystal_that_is_too_large_has_its_reason_and_no_button(monkeypatch: pytest.MonkeyPatch):
    page = open_panel(monkeypatch, QuickRefiner("the cell is too large"))
    assert [info.value for info in page.info] == ["This crystal is not refined: the cell is too large."]
    assert not page.button


def test_intervals_of_both_stand_side_by_side():
    table = tabulate_refined(ROW).set_index("")
    assert table.loc["prediction", "80 % interval"] == "3 to 8"
    assert table.loc["refined: both together", "90 % interval"] == "4 to 7.5"
