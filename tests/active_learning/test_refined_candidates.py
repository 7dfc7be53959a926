"""The best candidates are refined side by side; what was interrupted goes on."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from paraisite.active_learning import refined_candidates
from paraisite.active_learning.refined_candidates import PlannedCandidates
from paraisite.inference.refiner import Refiner
from paraisite.schema import COVERAGES, interval_columns
from tests.graphs.crystals import rocksalt
from tests.inference.refiners import made_up_refiner

CRYSTALS = [rocksalt(a) for a in (5.5, 5.6, 5.7)]


class HerePool:
    """Does in this process what others would do, until it is killed."""

    n_before_kill = 10

    def __init__(self, n_worker: int, load: Callable[[], Any], *, if_lost: str) -> None:
        self.calculator = load()

    def __enter__(self) -> "HerePool":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def imap_unordered(self, function: Callable[..., Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        for number, task in enumerate(tasks):
            if number == self.n_before_kill:
                raise KeyboardInterrupt
            yield task, function(self.calculator, task)


@pytest.fixture
def refiner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refiner:
    monkeypatch.setattr(refined_candidates, "WorkerPool", HerePool)
    return made_up_refiner(tmp_path, monkeypatch)


def plan(refiner: Refiner, *, max_minutes: float | None = None) -> PlannedCandidates:
    ends = {name: [5.0 if name.startswith("lower") else 20.0] * 3 for c in COVERAGES for name in interval_columns(c)}
    rows = pd.DataFrame({"material_id": list("abc"), "formula": "NaCl", "reason": None, **ends}, index=[7, 3, 5])
    return PlannedCandidates.plan(rows, CRYSTALS, refiner, max_minutes=max_minutes)


def test_a_killed_run_goes_on_with_what_is_missing(refiner: Refiner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HerePool, "n_before_kill", 2)
    with pytest.raises(KeyboardInterrupt):
        plan(refiner).compute(refiner, n_process=1, on_crystal=lambda *_: None)
    steps: list[tuple[int, int]] = []
    again = plan(refiner)
    computed = again.compute(refiner, n_process=1, on_crystal=lambda *step: steps.append(step))
    assert steps == [(0, 1), (1, 1)]
    refined = again.refine(refiner, computed)
    assert refined["material_id"].tolist() == list("abc")
    assert (refined["refined_kappa_w_per_m_k"] > 0).all()
    assert refined["refined_reason"].isna().all()


def test_those_that_would_take_too_long_are_rows_with_a_reason(refiner: Refiner) -> None:
    planned = plan(refiner, max_minutes=1.0)
    refined = planned.refine(refiner, planned.compute(refiner, n_process=1, on_crystal=lambda *_: None))
    assert refined["refined_reason"].str.contains("more than the 1 that are allowed").all()
    assert refined["lower_80_w_per_m_k"].tolist() == [5.0] * 3


def test_what_was_computed_is_not_lost_where_it_cannot_be_kept(refiner: Refiner, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    unkept = replace(refiner, store=replace(refiner.store, folder=tmp_path / "file"))
    planned = plan(unkept)
    computed = planned.compute(unkept, n_process=1, on_crystal=lambda *_: None)
    assert (planned.refine(unkept, computed)["refined_kappa_w_per_m_k"] > 0).all()
