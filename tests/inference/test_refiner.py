"""Refined rows beside predictions: what is computed, and what is refused before."""

import dataclasses
from pathlib import Path

import pytest
from ase.build import bulk

from paraisite.errors import MissingInputError
from paraisite.inference.refiner import Refiner
from tests.graphs.crystals import rocksalt
from tests.inference.refiners import made_up_refiner


@pytest.fixture
def refiner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Refiner:
    return made_up_refiner(tmp_path, monkeypatch)


def test_rows_keep_their_prediction_and_get_a_second_value(refiner: Refiner) -> None:
    steps: list[str] = []
    (row,) = refiner.refine([rocksalt()], on_step=lambda stage, **_: steps.append(stage))
    (predicted,) = refiner.predictor.predict([rocksalt()]).value
    assert row["value"] == predicted
    low, high = sorted((predicted, row["kappa_corrected_w_per_m_k"]))
    assert low < row["refined_kappa_w_per_m_k"] < high
    assert row["refined_cpu_minutes"] >= 0
    assert steps == ["second-order displacements"]


def test_crystals_are_taken_as_the_predictor_takes_them(refiner: Refiner) -> None:
    atoms = bulk("NaCl", "rocksalt", a=5.64)
    expected = refiner.refine([rocksalt(5.64)])
    for crystals in (rocksalt(5.64), atoms, [atoms], (each for each in [rocksalt(5.64)])):
        (row,) = refiner.refine(crystals)
        assert row["refined_kappa_w_per_m_k"] == expected[0]["refined_kappa_w_per_m_k"]
    assert len(repr(refiner)) < 200


def test_a_crystal_that_would_take_too_long_keeps_its_prediction(refiner: Refiner) -> None:
    (row,) = refiner.refine([rocksalt()], max_minutes=2.0)
    assert row["refined_reason"] == "about 3 minutes, more than the 2 that are allowed"
    assert row["value"] is not None
    assert row["refined_kappa_w_per_m_k"] is None
    refiner.refine([rocksalt()])
    (kept,) = refiner.refine([rocksalt()], max_minutes=2.0)
    assert kept["refined_kappa_w_per_m_k"] is not None, "what was computed before costs nothing"


def test_a_compound_that_the_potential_fails_for_keeps_its_prediction(refiner: Refiner) -> None:
    of_nequix = dataclasses.replace(refiner, store=dataclasses.replace(refiner.store, potential="nequix-mp-1-pft"))
    hydride, salt = of_nequix.refine([rocksalt(4.0, ("Li", "H")), rocksalt()])
    assert hydride["refined_reason"] == "nequix-mp-1-pft is known to fail for LiH: off by more than 40 % from DFT"
    assert hydride["refined_kappa_w_per_m_k"] is None
    assert hydride["value"] is not None
    assert salt["refined_reason"] is None


def test_what_has_no_prediction_has_no_refined_value(refiner: Refiner) -> None:
    (row,) = refiner.refine(["not a structure"])
    assert row["refined_reason"] == "no prediction: not a structure"
    assert row["reason"] == "not a structure"


def test_phonons_that_are_kept_need_no_potential(refiner: Refiner) -> None:
    (first,) = refiner.refine([rocksalt()])

    def fail() -> None:
        raise MissingInputError("no potential here")

    without = dataclasses.replace(refiner, load_calculator=fail)
    (row,) = without.refine([rocksalt()])
    assert row["refined_kappa_w_per_m_k"] == first["refined_kappa_w_per_m_k"]
    with pytest.raises(MissingInputError, match="no potential here"):
        without.refine([rocksalt(5.9)])
